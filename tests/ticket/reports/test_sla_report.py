"""Attainment on histories by chance, held against the slow reference, on both databases."""

import random
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import pytest

from services.mesh.caller import TenantId, acting_as
from services.mesh.database import Database
from services.ticket.domain import Change, Ticket, TicketEvent, TicketPriority, TicketStatus
from services.ticket.ports.sla import KeptSlaPolicy
from services.ticket.reports.attainment import Attainment, SlaRow
from services.ticket.sla.attainment import Promise, promises
from services.ticket.sla.history import Happening, HistoryEntry, history_of
from services.ticket.sla.open_time import OpenTime
from services.ticket.sla.opening_hours import BusinessCalendar, Span
from services.ticket.sla.policy import SlaClock, SlaPolicy, Targets
from services.ticket.store import SqlReportStore, SqlSlaPolicies, SqlTicketStore
from services.ticket.use_cases.reporting import Grouping, ReportScope, report_sla
from tests.ticket.builders import NOON, an_agent
from tests.ticket.reports.histories import histories
from tests.ticket.reports.promised import slow_promises
from tests.ticket.reports.test_reports import (
    DAYS,
    START,
    Logs,
    keep,
    random_scope,
    read_logs,
    whole,
)

NOW = START + timedelta(days=400)
CASES = 12
WORKDAYS = BusinessCalendar("Europe/Berlin", (*((Span(540, 720), Span(780, 1020)),) * 5, (), ()))
POLICY = SlaPolicy(
    {
        TicketPriority.URGENT: Targets(1_000, 2_400, 5_000),
        TicketPriority.HIGH: Targets(4_000, 9_600, 12_000),
        TicketPriority.NORMAL: Targets(first_response=2_000, resolution=4_000),
    },
    WORKDAYS,
)
ALWAYS_OPEN = SlaPolicy({TicketPriority.NORMAL: Targets(60, 60, 600)})
CUSTOMER, AGENT, CHANGED = Happening.CUSTOMER_WROTE, Happening.AGENT_WROTE, Happening.CHANGED
OPEN, PENDING, RESOLVED = TicketStatus.OPEN, TicketStatus.PENDING, TicketStatus.RESOLVED
FIRST, NEXT, RESOLUTION = SlaClock


async def report(logs: Logs, scope: ReportScope) -> list[SlaRow]:
    with acting_as(an_agent(tenant_id=logs.tenant_id)):
        rows = await report_sla(
            SqlReportStore(logs.database),
            SqlSlaPolicies(logs.database),
            lambda: NOW,
            scope,
        )
    return [*rows]


@pytest.fixture
async def logs(sql_store: SqlTicketStore, database: Database, tenant_id: TenantId) -> Logs:
    kept = KeptSlaPolicy("policy", POLICY, START)
    await SqlSlaPolicies(database).keep(tenant_id, kept)
    dice = random.Random(20281029)  # noqa: S311  the same ones each time
    await keep(sql_store, tenant_id, histories(dice, 60, START, DAYS))
    return await read_logs(sql_store, database, tenant_id)


def slowly(ticket: Ticket, log: Sequence[TicketEvent]) -> list[Promise]:
    open_time = OpenTime(WORKDAYS)
    return [*slow_promises(POLICY, open_time, history_of(ticket, log), NOW)]


async def test_attainment_is_what_the_reference_says(logs: Logs) -> None:
    dice = random.Random(11)  # noqa: S311
    found = 0
    for _ in range(CASES):
        scope = random_scope(dice)
        rows = await report(logs, scope)
        assert rows == logs.reference(scope).sla(slowly), scope
        found += len(rows)
    assert found > CASES / 2


def test_any_history_is_walked_as_the_clocks_go() -> None:
    dice = random.Random(12)  # noqa: S311
    outcomes: set[tuple[SlaClock, bool]] = set()
    for _ in range(20):
        targets = {
            priority: Targets(*(dice.choice([None, 60, 3_000, 20_000]) for _ in SlaClock))
            for priority in TicketPriority
        }
        policy = SlaPolicy(targets, dice.choice([WORKDAYS, ALWAYS_OPEN.calendar]))
        open_time = OpenTime(policy.calendar)
        logs: dict[str, list[Change]] = {}
        for change in histories(dice, 20, START, dice.choice([2, DAYS])):
            logs.setdefault(change.ticket.ticket_id, []).append(change)
        for changes in logs.values():
            events = [event for change in changes for event in change.events]
            history = history_of(changes[-1].ticket, events)
            found = [*promises(policy, open_time, history, NOW)]
            slow = [*slow_promises(policy, open_time, history, NOW)]
            assert Counter(found) == Counter(slow)
            outcomes |= {(promise.clock, promise.is_kept) for promise in found}
    assert len(outcomes) == 2 * len(SlaClock)


async def test_each_promise_is_kept_and_missed_somewhere(logs: Logs) -> None:
    (row,) = await report(logs, whole())
    for part in (row.first_response, row.next_response, row.resolution):
        assert min(part.kept, part.missed) > 0
        assert part.promised == part.kept + part.missed
    assert len(await report(logs, whole(Grouping.QUEUE))) == 3


async def test_another_tenants_promises_are_not_counted_and_without_a_policy_there_are_none(
    logs: Logs, sql_store: SqlTicketStore
) -> None:
    other = TenantId(f"other-{logs.tenant_id}")
    ours = Logs(logs.database, other, ())
    await SqlSlaPolicies(logs.database).keep(other, KeptSlaPolicy("other", POLICY, START))
    assert await report(ours, whole()) == []
    bare = TenantId(f"bare-{logs.tenant_id}")
    dice = random.Random(3)  # noqa: S311
    await keep(sql_store, bare, histories(dice, 5, START, DAYS))
    assert await report(Logs(logs.database, bare, ()), whole()) == []


def entry(minutes: int, happening: Happening, status: TicketStatus = OPEN) -> HistoryEntry:
    time = NOON + timedelta(minutes=minutes)
    return HistoryEntry(time, happening, status, TicketPriority.NORMAL)


def told(*history: HistoryEntry, now: int = 10_000) -> list[tuple[SlaClock, int, bool]]:
    moment = NOON + timedelta(minutes=now)
    open_time = OpenTime(ALWAYS_OPEN.calendar)
    found = [*promises(ALWAYS_OPEN, open_time, history, moment)]
    assert {*found} == {*slow_promises(ALWAYS_OPEN, open_time, history, moment)}
    return sorted(
        (one.clock, int((one.time - NOON).total_seconds()) // 60, one.is_kept) for one in found
    )


@pytest.mark.parametrize(
    ("history", "now", "expected"),
    [
        ([entry(0, CUSTOMER)], 59, []),
        ([entry(0, CUSTOMER)], 60, [(FIRST, 60, False)]),
        ([entry(0, CUSTOMER), entry(60, AGENT)], 61, [(FIRST, 60, True)]),
        ([entry(0, CUSTOMER), entry(61, AGENT)], 61, [(FIRST, 60, False)]),
        (
            [entry(0, CUSTOMER), entry(10, AGENT), entry(20, CUSTOMER), entry(90, AGENT)],
            91,
            [(FIRST, 10, True), (NEXT, 80, False)],
        ),
        # It stands still while the ticket waits for the customer.
        (
            [
                entry(0, CUSTOMER),
                entry(30, CHANGED, PENDING),
                entry(500, CHANGED),
                entry(520, AGENT),
            ],
            530,
            [(FIRST, 520, True)],
        ),
        # What is closed or merged before it is due was neither.
        ([entry(0, CUSTOMER), entry(59, CHANGED, TicketStatus.CLOSED)], 9_000, []),
        ([entry(0, CUSTOMER), entry(59, Happening.MERGED, TicketStatus.CLOSED)], 9_000, []),
        (
            [entry(0, CUSTOMER), entry(99, CHANGED, TicketStatus.CLOSED)],
            9_000,
            [(FIRST, 60, False)],
        ),
        # It is promised once that it is solved.
        (
            [
                entry(0, CUSTOMER),
                entry(1, AGENT),
                entry(5, CHANGED, RESOLVED),
                entry(9, CHANGED),
                entry(5_000, CHANGED, RESOLVED),
            ],
            9_000,
            [(FIRST, 1, True), (RESOLUTION, 5, True)],
        ),
        (
            [entry(0, CUSTOMER), entry(1, AGENT), entry(700, CHANGED, RESOLVED)],
            9_000,
            [(FIRST, 1, True), (RESOLUTION, 600, False)],
        ),
    ],
)
def test_a_promise_is_kept_or_missed_as_it_is_said(
    history: list[HistoryEntry], now: int, expected: list[tuple[SlaClock, int, bool]]
) -> None:
    assert told(*history, now=now) == expected


def test_a_share_of_nothing_is_nothing() -> None:
    assert (Attainment().promised, Attainment().percent) == (0, 0.0)
    assert Attainment(2, 1).percent == 66.67
