"""Reports on histories by chance, held against the slow reference, on both databases."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.mesh.caller import TenantId, acting_as
from services.mesh.database import Database
from services.ticket.domain import Change, Ticket, TicketEvent
from services.ticket.filter.parser import parse_filter
from services.ticket.filter.query import EVERYTHING
from services.ticket.ports.tickets import EventQuery, TicketQuery
from services.ticket.reports.period import BucketSize
from services.ticket.reports.times import TimeRow
from services.ticket.reports.volume import VolumeRow
from services.ticket.store import SqlReportStore, SqlSlaPolicies, SqlTicketStore
from services.ticket.use_cases.reporting import Grouping, ReportScope, report_times, report_volume
from tests.ticket.builders import ALEX, a_customer, an_agent
from tests.ticket.fakes import holds
from tests.ticket.reports.histories import histories
from tests.ticket.reports.reference import Reference

# The clock changes on the last Sunday of October, in Beirut and Santiago at midnight.
ZONES = ("UTC", "Europe/Berlin", "America/Santiago", "Asia/Kathmandu", "Asia/Beirut")
START = datetime(2028, 8, 20, tzinfo=UTC)
DAYS = 80
FILTERS = ("", "", "queue = network", "assignee_id = me", 'printer OR assignee_id = ""', "-wi-fi")
CASES = 25


@dataclass(frozen=True)
class Logs:
    database: Database
    tenant_id: TenantId
    tickets: Sequence[tuple[Ticket, Sequence[TicketEvent]]]

    async def volume(self, scope: ReportScope) -> Sequence[VolumeRow]:
        with acting_as(an_agent(tenant_id=self.tenant_id)):
            return await report_volume(SqlReportStore(self.database), scope)

    async def times(self, scope: ReportScope) -> Sequence[TimeRow]:
        policies = SqlSlaPolicies(self.database)
        with acting_as(an_agent(tenant_id=self.tenant_id)):
            return await report_times(SqlReportStore(self.database), policies, scope)

    def reference(self, scope: ReportScope) -> Reference:
        where = parse_filter(scope.filter, ALEX)
        return Reference(
            [(ticket, log) for ticket, log in self.tickets if holds(where, ticket)],
            lambda ticket: group_of(scope.group_by, ticket),
            date.fromisoformat(scope.from_day),
            date.fromisoformat(scope.until_day),
            ZoneInfo(scope.time_zone),
            scope.bucket,
        )


@pytest.fixture
async def logs(sql_store: SqlTicketStore, database: Database, tenant_id: TenantId) -> Logs:
    dice = random.Random(20281029)  # noqa: S311  the same ones each time
    await keep(sql_store, tenant_id, histories(dice, 60, START, DAYS))
    await keep(sql_store, TenantId(f"other-{tenant_id}"), histories(dice, 20, START, DAYS))
    return await read_logs(sql_store, database, tenant_id)


async def test_every_report_is_what_the_reference_says(logs: Logs) -> None:
    dice = random.Random(7)  # noqa: S311
    for _ in range(CASES):
        scope = random_scope(dice)
        reference = logs.reference(scope)
        assert await logs.volume(scope) == reference.volume(), scope
        assert await logs.times(scope) == reference.times(), scope


async def test_the_reports_of_the_cases_are_not_empty(logs: Logs) -> None:
    scope = whole(Grouping.QUEUE)
    rows = await logs.volume(scope)
    assert len(rows) == 3
    for row in rows:
        assert min(row.created, row.resolved, row.reopened, row.backlog) > 0
    assert all(row.first_response.tickets for row in await logs.times(scope))


async def test_what_came_in_is_what_was_solved_and_what_is_left(
    sql_store: SqlTicketStore, database: Database, tenant_id: TenantId
) -> None:
    dice = random.Random(3)  # noqa: S311
    changes = [
        change
        for change in histories(dice, 40, START, DAYS)
        if change.ticket.merged_into_id is None and change.ticket != change.before
    ]
    await keep(sql_store, tenant_id, changes)
    logs = await read_logs(sql_store, database, tenant_id)
    (row,) = await logs.volume(whole())
    assert row.backlog == row.created - row.resolved + row.reopened


async def test_another_tenants_tickets_are_not_counted(
    sql_store: SqlTicketStore, database: Database, tenant_id: TenantId
) -> None:
    dice = random.Random(5)  # noqa: S311
    await keep(sql_store, tenant_id, histories(dice, 10, START, DAYS))
    theirs = await read_logs(sql_store, database, tenant_id)
    ours = Logs(database, TenantId(f"other-{tenant_id}"), ())
    for grouping in Grouping:
        assert await ours.volume(whole(grouping)) == []
        assert await ours.times(whole(grouping)) == []
        assert await theirs.volume(whole(grouping)) != []
        assert await theirs.times(whole(grouping)) != []


async def test_a_customer_with_the_permission_counts_only_their_own(
    logs: Logs, tenant_id: TenantId
) -> None:
    with acting_as(a_customer(tenant_id=tenant_id)):
        (row,) = await report_volume(SqlReportStore(logs.database), whole())
    own = [ticket for ticket, _ in logs.tickets if ticket.requester_id == "anna"]
    assert 0 < row.created == len(own) < len(logs.tickets)


async def keep(store: SqlTicketStore, tenant_id: TenantId, changes: Sequence[Change]) -> None:
    async with store.transaction(tenant_id) as tickets:
        for change in changes:
            await tickets.keep(change)


async def read_logs(store: SqlTicketStore, database: Database, tenant_id: TenantId) -> Logs:
    async with store.reading(tenant_id) as tickets:
        found = await tickets.list_tickets(TicketQuery(limit=10_000, where=EVERYTHING))
        events = await tickets.list_events(EventQuery(limit=100_000, with_internal=True))
    of = {
        ticket.ticket_id: [e for e in events if e.ticket_id == ticket.ticket_id] for ticket in found
    }
    return Logs(database, tenant_id, [(ticket, of[ticket.ticket_id]) for ticket in found])


def group_of(grouping: Grouping, ticket: Ticket) -> str:
    if grouping is Grouping.QUEUE:
        return ticket.queue
    return ticket.assignee_id or "" if grouping is Grouping.ASSIGNEE else ""


def random_scope(dice: random.Random) -> ReportScope:
    first = START.date() + timedelta(days=dice.randrange(-20, 3 * DAYS))
    last = first + timedelta(days=dice.choice((1, 2, 9, 40, 200)))
    return ReportScope(
        first.isoformat(),
        last.isoformat(),
        dice.choice(ZONES),
        dice.choice([*BucketSize]),
        dice.choice(FILTERS),
        dice.choice([*Grouping]),
    )


def whole(grouping: Grouping = Grouping.TOGETHER) -> ReportScope:
    return ReportScope("2028-01-01", "2030-01-01", group_by=grouping)
