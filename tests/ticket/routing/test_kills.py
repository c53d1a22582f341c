"""A process that is killed behind any of its commits leaves each thing done once, or to be done."""

import asyncio
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from services.mesh.database import Database
from services.mesh.ids import new_id
from services.ticket.domain import Ticket, TicketStatus
from services.ticket.routing.policy import Escalation
from services.ticket.sla.clocks import SlaState
from tests.ticket.conftest import MIGRATIONS
from tests.ticket.routing.routing_desk import ALEX, BIRGIT, RoutingDesk, agent
from tests.ticket.routing.temporal_server import needs_temporal

TICKETS = 3


@pytest.fixture
async def tickets(desk: RoutingDesk) -> list[Ticket]:
    await desk.queue("second")
    await desk.promises_an_hour()
    await desk.has(
        agent(ALEX),
        agent(BIRGIT, "second"),
        acknowledges=True,
        escalation=Escalation(SlaState.BREACHED, queue="second"),
        close_after=timedelta(hours=2),
    )
    return [await desk.opened() for _ in range(TICKETS)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ticket.db"


@pytest.fixture
async def desk(file: Path) -> AsyncIterator[RoutingDesk]:
    database = Database(f"sqlite:///{file}")
    await database.migrate(MIGRATIONS)
    yield RoutingDesk(database)
    await database.close()


async def test_killed_routers_do_each_thing_once(
    desk: RoutingDesk, tickets: list[Ticket], file: Path
) -> None:
    kills = await run_to_the_end(file, 0) + await run_to_the_end(file, 61)
    for ticket in tickets:
        await desk.resolved(ticket)
    kills += await run_to_the_end(file, 600)
    done = [await desk.get(ticket) for ticket in tickets]
    assert [ticket.status for ticket in done] == [TicketStatus.CLOSED] * TICKETS
    once = Counter(ACKNOWLEDGED=1, ASSIGNED=2, UPDATED=1, CLOSED=1)
    assert await desk.effects(tickets) == [once] * TICKETS
    assert kills >= 10, kills


@needs_temporal
async def test_killed_workers_of_temporal_do_each_thing_once(
    desk: RoutingDesk, tickets: list[Ticket], file: Path, temporal_address: str
) -> None:
    keys = str(file.parent / "keys")
    kills = await run_to_the_end(file, 0, temporal_address, keys, new_id(), desk.tenant_id)
    assert await desk.effects(tickets) == [Counter(ACKNOWLEDGED=1, ASSIGNED=1)] * TICKETS
    assert kills >= 3, kills


async def run_to_the_end(file: Path, minutes: float, *where: str) -> int:
    """Returns how many processes were killed on the way."""
    module = "tests.ticket.routing.routing_process"
    command = [sys.executable, "-m", module, str(file), str(minutes), *where]
    done = await asyncio.to_thread(
        subprocess.run, command, check=True, capture_output=True, timeout=300
    )
    return int(done.stdout.split()[-1])
