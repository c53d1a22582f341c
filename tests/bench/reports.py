"""How long reports take for one large tenant among others, and what the database reads for them.

    python -m tests.bench.reports --tickets 100000 --others 400000 --postgresql

Tickets are opened, assigned, answered and resolved over two years; the others are of other tenants.
"""

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import insert

from services.mesh.caller import Caller, TenantId, UserId, acting_as
from services.mesh.database import Database
from services.mesh.database_address import AnyAddress
from services.mesh.ids import new_id
from services.ticket import server
from services.ticket.domain import (
    Act,
    Comment,
    Ticket,
    TicketContent,
    TicketEvent,
    Verb,
    assigned,
    commented,
    moved,
    opened,
)
from services.ticket.reports.period import BucketSize
from services.ticket.store import SqlReportStore, SqlSlaPolicies
from services.ticket.store.rows import event_columns, ticket_columns
from services.ticket.tables.tickets import EventRow, TicketRow
from services.ticket.use_cases.reporting import Grouping, ReportScope, report_times, report_volume
from services.ticket.use_cases.ticketing import HANDLE_PERMISSION
from tests.bench.searching import SEED, Latency
from tests.support.databases import running_postgresql
from tests.support.full_desk import sqlite_in

ASKED, OTHERS = TenantId("asked"), 8
START = datetime(2028, 1, 1, tzinfo=UTC)
DAYS = 730
ROUNDS = 20
LIVES = 1_000
BATCH = 5_000
QUEUES = ("general", "network", "printers", "accounts")
AGENTS = tuple(UserId(f"agent-{number}") for number in range(20))
_YEARS = ("2028-01-01", "2030-01-01", "Europe/Berlin")
_MONTH = ("2029-11-01", "2029-12-01", "Europe/Berlin")
SCOPES = {
    "the last month by day": ReportScope(*_MONTH, BucketSize.DAY),
    "the last month by queue": ReportScope(*_MONTH, BucketSize.DAY, "", Grouping.QUEUE),
    "one queue, the last month": ReportScope(*_MONTH, BucketSize.DAY, "queue = network"),
    "two years by month": ReportScope(*_YEARS, BucketSize.MONTH),
    "two years by assignee": ReportScope(*_YEARS, BucketSize.MONTH, "", Grouping.ASSIGNEE),
}


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=5_000)
    parser.add_argument("--others", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--postgresql", action="store_true")
    arguments = parser.parse_args()
    if arguments.postgresql:
        with running_postgresql() as running:
            await measure(running.create(), arguments)
        return
    with tempfile.TemporaryDirectory(prefix="helpdesk-reports-") as folder:
        await measure(sqlite_in(folder), arguments)


async def measure(address: AnyAddress, arguments: argparse.Namespace) -> None:
    database = Database(address)
    await database.migrate(server.MIGRATIONS)
    try:
        begun = time.perf_counter()
        events = await fill(database, ASKED, arguments.tickets)
        for number in range(OTHERS):
            each = TenantId(f"other-{number}")
            events += await fill(database, each, arguments.others // OTHERS)
        tickets = arguments.tickets + arguments.others
        seconds = time.perf_counter() - begun
        print(f"{tickets:,} tickets, {events:,} entries of logs, written in {seconds:.0f} s")
        print(f"asked about: {arguments.tickets:,} tickets")
        for named, scope in SCOPES.items():
            await ask(database, named, scope, arguments.rounds)
    finally:
        await database.close()


async def ask(database: Database, named: str, scope: ReportScope, rounds: int) -> None:
    store, policies = SqlReportStore(database), SqlSlaPolicies(database)
    lead = Caller("gateway", ASKED, UserId("lead"), permissions=frozenset({HANDLE_PERMISSION}))
    volumes: list[float] = []
    times: list[float] = []
    with acting_as(lead):
        for _ in range(rounds):
            begun = time.perf_counter()
            await report_volume(store, scope)
            between = time.perf_counter()
            await report_times(store, policies, scope)
            volumes.append(between - begun)
            times.append(time.perf_counter() - between)
    print(Latency(f"volume, {named}", volumes, sum(volumes)))
    print(Latency(f"times, {named}", times, sum(times)))


async def fill(database: Database, tenant_id: TenantId, count: int) -> int:
    """Writes rows, and neither words nor outbox, which reports do not read."""
    dice = random.Random(SEED)  # noqa: S311
    lives = [life(dice) for _ in range(min(count, LIVES))]
    seq = 0
    for first in range(1, count + 1, BATCH):
        tickets, logs = [], []
        for number in range(first, min(first + BATCH, count + 1)):
            ticket, events = dice.choice(lives)
            own = {"tenant_id": tenant_id, "ticket_id": new_id()}
            later = timedelta(seconds=dice.randrange(DAYS * 24 * 3600))
            time = ticket.create_time + later
            row = {**ticket_columns(ticket), **own, "number": number, "create_time": time}
            tickets.append(row)
            for event in events:
                seq += 1
                columns = event_columns(replace(event, changes={}))
                logs.append(
                    {**columns, **own, "seq": seq, "create_time": event.create_time + later}
                )
        async with database.system_transaction() as session:
            await session.execute(insert(TicketRow), tickets)
            await session.execute(insert(EventRow), logs)
    return seq


def life(dice: random.Random) -> tuple[Ticket, list[TicketEvent]]:
    content = TicketContent("Printer", "It is offline.", queue=dice.choice(QUEUES))
    change = opened(new_id(), 1, content, Act(UserId("anna"), START), None)
    events = [*change.events]
    for act in _acts(dice, START):
        match len(events):
            case 1:
                change = assigned(change.ticket, act.actor_id, act)
            case 2:
                ticket_id = change.ticket.ticket_id
                comment = Comment(
                    new_id(),
                    ticket_id,
                    act.actor_id,
                    "Hm.",
                    is_internal=False,
                    create_time=act.time,
                )
                change = commented(change.ticket, comment, by_customer=False)
            case 4:
                change = moved(change.ticket, Verb.REOPEN, act)
            case _:
                change = moved(change.ticket, Verb.RESOLVE, act)
        events += change.events
    return change.ticket, events


def _acts(dice: random.Random, time: datetime) -> Iterator[Act]:
    agent = dice.choice(AGENTS)
    for _ in range(dice.choice((1, 2, 3, 3, 3, 3, 3, 5))):
        time += timedelta(minutes=dice.randrange(1, 3 * 24 * 60))
        yield Act(agent, time)


if __name__ == "__main__":
    asyncio.run(main())
