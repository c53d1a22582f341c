"""A process that is killed behind any of its commits leaves each thing done once, or to be done."""

import asyncio
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path

from services.mesh.database import Database
from services.ticket.domain import TicketStatus
from services.ticket.routing.policy import Escalation
from services.ticket.sla.clocks import SlaState
from tests.ticket.conftest import MIGRATIONS
from tests.ticket.routing.routing_desk import ALEX, BIRGIT, RoutingDesk, agent

TICKETS = 3


async def test_killed_routers_do_each_thing_once(tmp_path: Path) -> None:
    file = tmp_path / "ticket.db"
    database = Database(f"sqlite:///{file}")
    await database.migrate(MIGRATIONS)
    desk = RoutingDesk(database)
    await desk.queue("second")
    await desk.promises_an_hour()
    await desk.has(
        agent(ALEX),
        agent(BIRGIT, "second"),
        acknowledges=True,
        escalation=Escalation(SlaState.BREACHED, queue="second"),
        close_after=timedelta(hours=2),
    )
    tickets = [await desk.opened() for _ in range(TICKETS)]
    kills = await run_to_the_end(file, 0) + await run_to_the_end(file, 61)
    for ticket in tickets:
        await desk.resolved(ticket)
    kills += await run_to_the_end(file, 600)
    done = [await desk.get(ticket) for ticket in tickets]
    assert [ticket.status for ticket in done] == [TicketStatus.CLOSED] * TICKETS
    once = Counter(ACKNOWLEDGED=1, ASSIGNED=2, UPDATED=1, CLOSED=1)
    assert await desk.effects(tickets) == [once] * TICKETS
    assert kills >= 10, kills
    await database.close()


async def run_to_the_end(file: Path, minutes: float) -> int:
    """Returns how many processes were killed on the way."""
    module = "tests.ticket.routing.routing_process"
    command = [sys.executable, "-m", module, str(file), str(minutes)]
    done = await asyncio.to_thread(
        subprocess.run, command, check=True, capture_output=True, timeout=300
    )
    return int(done.stdout)
