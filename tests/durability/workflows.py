"""Tickets are routed from being opened to being closed, while whoever routes them is killed.

At each boundary of a step, by `kill -9`, and where there is a server, Temporal's or the database's,
that one, too. Nobody helps time along: the clocks turn and the silences end while processes die.
"""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from temporalio.client import WorkflowExecutionStatus

from services.mesh.caller import acting_as
from services.mesh.clock import utc_now
from services.mesh.database import Database
from services.mesh.database_address import DatabaseAddress
from services.mesh.errors import StorageUnavailable
from services.ticket.domain import Ticket, TicketContent, TicketStatus, fold
from services.ticket.engines.temporal.workflow import workflow_id
from services.ticket.routing.policy import Escalation
from services.ticket.routing.steps import EFFECTS
from services.ticket.sla.clocks import SlaState
from services.ticket.tables.tickets import OutboxRow, TicketRow
from services.ticket.use_cases import ticketing
from tests.durability.kill_points import IN_PROCESS, ON_TEMPORAL, Place, struck
from tests.durability.workflow_process import (
    FAILURES,
    KILLS,
    Orders,
    TimelyDesk,
    TimelyTemporalDesk,
)
from tests.support.databases import PostgresqlProcess, PostgresqlServer, postgresql_process
from tests.ticket.conftest import MIGRATIONS
from tests.ticket.routing.routing_desk import ALEX, BIRGIT, RoutingDesk, agent
from tests.ticket.routing.temporal_server import free_port, start_temporal, wait_for

# What routing does to each ticket as its log tells it: the second who is assigned comes after the
# escalation, which is the update.
ONCE = Counter(ACKNOWLEDGED=1, ASSIGNED=2, UPDATED=1, CLOSED=1)
_UNTIL_LATE = timedelta(seconds=4)
# One after the other, so that some still wait for their time when all else was done to them.
_BETWEEN_LATE = timedelta(seconds=0.8)
_SILENCE = timedelta(seconds=6)
FEW = 60
_VERY_FEW = 20
_CHANCE = 0.3
_LOOK_SECONDS = 0.3
# Of Temporal an attempt of a worker that is gone takes ten seconds, and as often again.
_PATIENCE_SECONDS = 150.0


@dataclass(frozen=True)
class Outcome:
    engine: str
    count: int
    closed: int
    once: int
    kills: Counter[Place]
    server_kills: int
    failures: int
    seconds: float
    faults: list[str]


async def run(
    folder: Path,
    count: int,
    *,
    on_temporal: bool,
    on_postgresql: bool = False,
    places: Collection[Place] | None = None,
    is_ledger_kept: bool = True,
    say: Callable[[str], None] = lambda _: None,
) -> Outcome:
    """Each of the places is struck once for each fifty tickets, servers as often, and twice."""
    begun = time.monotonic()
    if places is None:
        places = ON_TEMPORAL if on_temporal else IN_PROCESS
    times = max(count // 50, 1)
    async with (
        _database(folder, on_postgresql=on_postgresql) as (address, postgresql),
        _temporal(folder, address, on_temporal=on_temporal) as server,
    ):
        database = Database(address)
        await database.migrate(MIGRATIONS)
        desk = TimelyDesk(database)
        await _prepare(desk, count)
        orders = Orders(
            str(folder),
            address,
            desk.tenant_id,
            tuple(places),
            times,
            1.0 if count < _VERY_FEW else _CHANCE,
            server.address,
            is_forgetful=not is_ledger_kept,
        )
        with _dying(orders):
            tickets = [
                await _opened(desk, _UNTIL_LATE + number * _BETWEEN_LATE) for number in range(count)
            ]
            servers = [each for each in (server if on_temporal else None, postgresql) if each]
            server_kills = max(times, 2) if servers else 0
            work = _Work(desk, database, servers, count, server_kills, folder / KILLS, say)
            await work.until_closed()
            faults = await server.unfinished(desk, tickets) if on_temporal else []
        kills = struck(folder / KILLS)
        faults += [f"never struck: {point}, {step}" for point, step in set(places) - kills.keys()]
        faults += await _faults(desk, database, tickets)
        effects = await desk.effects(tickets)
        done = [await desk.get(ticket) for ticket in tickets]
        await database.close()
    engine = "Temporal" if on_temporal else "in process"
    return Outcome(
        f"{engine}, PostgreSQL" if on_postgresql else engine,
        count,
        sum(ticket.status is TicketStatus.CLOSED for ticket in done),
        effects.count(ONCE),
        kills,
        work.servers_killed,
        _lines(folder / FAILURES),
        time.monotonic() - begun,
        faults,
    )


async def _prepare(desk: RoutingDesk, count: int) -> None:
    await desk.queue("second")
    await desk.promises_an_hour()
    await desk.has(
        agent(ALEX, most_open=count),
        agent(BIRGIT, "second", most_open=count),
        acknowledges=True,
        escalation=Escalation(SlaState.BREACHED, queue="second"),
        close_after=_SILENCE,
    )


async def _opened(desk: RoutingDesk, until_late: timedelta) -> Ticket:
    """Nearly an hour ago, so that it is late soon."""

    def earlier() -> datetime:
        return utc_now() - timedelta(hours=1) + until_late

    with acting_as(desk.anna):
        content = TicketContent("No Wi-Fi", "Gone.")
        return await ticketing.open_ticket(desk.store, earlier, content)


@dataclass
class _Server:
    """The one of Temporal; without an address there is none."""

    folder: Path
    database: DatabaseAddress
    address: str = ""
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = start_temporal(self.folder, self.address)
        wait_for(self.address)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    async def unfinished(self, desk: RoutingDesk, tickets: list[Ticket]) -> list[str]:
        """Which workflows do not end, although their tickets have."""
        there = TimelyTemporalDesk(Database(self.database), self.address, self.folder / "keys")
        client = await there.temporal.client()
        end = time.monotonic() + _PATIENCE_SECONDS
        left = [workflow_id(desk.tenant_id, ticket.ticket_id) for ticket in tickets]
        while left and time.monotonic() < end:
            states = [await client.get_workflow_handle(name).describe() for name in left]
            completed = WorkflowExecutionStatus.COMPLETED
            left = [state.id for state in states if state.status is not completed]
            await asyncio.sleep(_LOOK_SECONDS if left else 0)
        return [f"not completed on Temporal: {name}" for name in left]


@asynccontextmanager
async def _database(
    folder: Path, *, on_postgresql: bool
) -> AsyncIterator[tuple[DatabaseAddress, PostgresqlProcess | None]]:
    if not on_postgresql:
        yield DatabaseAddress(f"sqlite:///{folder / 'ticket.db'}"), None
        return
    with postgresql_process() as process:
        yield PostgresqlServer(process.administrator).create(), process


@asynccontextmanager
async def _temporal(
    folder: Path, database: DatabaseAddress, *, on_temporal: bool
) -> AsyncIterator[_Server]:
    if not on_temporal:
        yield _Server(folder, database)
        return
    server = _Server(folder, database, f"127.0.0.1:{free_port()}")
    try:
        await asyncio.to_thread(server.start)
        yield server
    finally:
        server.kill()


@contextmanager
def _dying(orders: Orders) -> Iterator[None]:
    command = [sys.executable, "-m", "tests.durability.workflow_process", orders.written()]
    with (Path(orders.folder) / "log").open("wb") as log:
        # A group of its own: whoever begets the processes that are killed, and the one that lives.
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@dataclass
class _Work:
    """The agents resolve what came to them in the end; somebody kills the servers."""

    desk: RoutingDesk
    database: Database
    servers: Sequence[_Server | PostgresqlProcess]
    count: int
    server_kills: int
    kills: Path
    say: Callable[[str], None]
    servers_killed: int = 0

    async def until_closed(self) -> None:
        """Or until nothing happens any more."""
        before, changed = None, time.monotonic()
        while time.monotonic() - changed < _PATIENCE_SECONDS:
            try:
                seen = await self._look()
            except StorageUnavailable:
                await asyncio.sleep(_LOOK_SECONDS)
                continue
            if seen != before:
                before, changed = seen, time.monotonic()
                told = ", ".join(f"{status.lower()} {n}" for status, n in sorted(seen[0].items()))
                self.say(f"{told}; {seen[1]} kills")
            if seen[0] == {TicketStatus.CLOSED: self.count} and await self._is_quiet():
                return
            await self._maybe_kill_servers(seen[0])
            await asyncio.sleep(_LOOK_SECONDS)

    async def _look(self) -> tuple[Counter[str], int]:
        statement = select(TicketRow.ticket_id, TicketRow.status, TicketRow.assignee_id).where(
            TicketRow.tenant_id == self.desk.tenant_id
        )
        async with self.database.tenant_reading(self.desk.tenant_id) as session:
            rows = (await session.execute(statement)).all()
        for row in rows:
            if row.assignee_id == BIRGIT and row.status == TicketStatus.OPEN:
                with acting_as(self.desk.boss):
                    await ticketing.resolve_ticket(self.desk.store, utc_now, row.ticket_id, "")
        return Counter(row.status for row in rows), struck(self.kills).total()

    async def _is_quiet(self) -> bool:
        going_on = await self.desk.books.list_going_on(self.desk.tenant_id)
        return not going_on and not await self.desk.outbox.list_waiting(limit=1, offset=0)

    async def _maybe_kill_servers(self, statuses: Counter[str]) -> None:
        """Spread over the time in which tickets are escalated, resolved and closed."""
        rounds = self.servers_killed // max(len(self.servers), 1)
        if rounds == self.server_kills:
            return
        far = statuses[TicketStatus.RESOLVED] + 2 * statuses[TicketStatus.CLOSED]
        if far * (self.server_kills + 1) >= 2 * self.count * rounds + 1:
            for server in self.servers:
                await asyncio.to_thread(server.kill)
                self.servers_killed += 1
                await asyncio.to_thread(server.start)


async def _faults(desk: RoutingDesk, database: Database, tickets: list[Ticket]) -> list[str]:
    outbox = await _outbox(desk, database)
    faults = []
    for ticket, effects in zip(tickets, await desk.effects(tickets), strict=True):
        name, log = f"ticket {ticket.number}", await desk.log(ticket)
        found = await desk.get(ticket)
        if found.status is not TicketStatus.CLOSED:
            faults.append(f"{name} is {found.status}")
        if effects != ONCE:
            faults.append(f"{name} had {_words(effects)}")
        if outbox.get(ticket.ticket_id) != Counter(event.kind for event in log):
            faults.append(f"{name}: the outbox tells something else than the log")
        steps = Counter(step for step in await desk.steps(ticket) if step in EFFECTS)
        if steps != Counter(EFFECTS):
            faults.append(f"{name} has in the ledger {_words(steps)}")
        if fold(log) != found:
            faults.append(f"{name} is not what its log says")
    return faults


async def _outbox(desk: RoutingDesk, database: Database) -> dict[str, Counter[str]]:
    """Of each ticket how often the outbox has told what."""
    statement = select(OutboxRow.kind, OutboxRow.payload).where(
        OutboxRow.tenant_id == desk.tenant_id, OutboxRow.delivered_time.is_not(None)
    )
    told: dict[str, Counter[str]] = {}
    async with database.tenant_reading(desk.tenant_id) as session:
        for row in await session.execute(statement):
            told.setdefault(str(row.payload.get("ticket_id", "")), Counter())[row.kind] += 1
    return told


def _words(counted: Mapping[str, int]) -> str:
    return ", ".join(f"{word} {times}" for word, times in sorted(counted.items()))


def _lines(file: Path) -> int:
    return len(file.read_text().splitlines()) if file.exists() else 0
