"""Days in moments: timers of Temporal on its test server, which skips the time between them."""

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from services.mesh.caller import acting_as
from services.mesh.database import Database
from services.ticket.domain import TicketPriority, TicketStatus
from services.ticket.routing.policy import Escalation
from services.ticket.sla.clocks import SlaState
from services.ticket.sla.policy import SlaPolicy, Targets
from services.ticket.use_cases import promising
from tests.ticket.conftest import MIGRATIONS
from tests.ticket.routing.routing_desk import ALEX, BIRGIT, agent
from tests.ticket.routing.temporal_desk import TemporalDesk

PROGRAM = shutil.which("temporal-test-server")
THREE_DAYS = SlaPolicy({TicketPriority.NORMAL: Targets(resolution=3 * 24 * 60)})

pytestmark = pytest.mark.skipif(
    PROGRAM is None, reason="temporal-test-server, which skips time, is not on the PATH"
)


@dataclass(frozen=True)
class Skipping:
    """Only the server's time and the clock of whoever performs go on; nobody wakes a ticket."""

    environment: WorkflowEnvironment
    desk: TemporalDesk

    async def skip(self, time: timedelta) -> None:
        self.desk.time += time
        await self.environment.sleep(time)
        await self.desk.settle()


@pytest.fixture
async def skipping(tmp_path: Path) -> AsyncIterator[Skipping]:
    database = Database(f"sqlite:///{tmp_path / 'ticket.db'}")
    await database.migrate(MIGRATIONS)
    starting = WorkflowEnvironment.start_time_skipping(test_server_existing_path=PROGRAM)
    async with await starting as environment:
        address = environment.client.service_client.config.target_host
        desk = TemporalDesk(database, address, tmp_path / "keys")
        desk.time = await environment.get_current_time()
        await desk.queue("second")
        with acting_as(desk.boss):
            await promising.set_policy(desk.promises, desk.now, THREE_DAYS)
        await desk.has(
            agent(ALEX),
            agent(BIRGIT, "second"),
            escalation=Escalation(SlaState.BREACHED, queue="second"),
            close_after=timedelta(days=7),
        )
        async with desk.working():
            yield Skipping(environment, desk)
    await database.close()


async def test_a_ticket_is_escalated_on_the_third_day_and_not_before(skipping: Skipping) -> None:
    desk = skipping.desk
    ticket = await desk.opened_and_routed()
    await skipping.skip(timedelta(days=2, hours=23))
    assert (await desk.get(ticket)).assignee_id == ALEX
    await skipping.skip(timedelta(hours=1, minutes=1))
    late = await desk.get(ticket)
    assert (late.queue, late.assignee_id) == ("second", BIRGIT)


async def test_a_solved_ticket_is_closed_on_the_seventh_day_and_not_before(
    skipping: Skipping,
) -> None:
    desk = skipping.desk
    ticket = await desk.opened_and_routed()
    await desk.resolved(ticket)
    await desk.settle()
    await skipping.skip(timedelta(days=6, hours=23))
    assert (await desk.get(ticket)).status is TicketStatus.RESOLVED
    await skipping.skip(timedelta(hours=1, minutes=1))
    assert (await desk.get(ticket)).status is TicketStatus.CLOSED


async def test_control_without_skipped_time_nothing_happens(skipping: Skipping) -> None:
    desk = skipping.desk
    ticket = await desk.opened_and_routed()
    # Time is not skipped while a workflow has something to do.
    await skipping.skip(timedelta(hours=1))
    desk.time += timedelta(days=4)
    await desk.settle()
    assert (await desk.get(ticket)).assignee_id == ALEX
