"""What holds on Temporal alone: sealed payloads, walls, lost servers, timers, other engines."""

import asyncio
import json
import subprocess
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from temporalio.client import Client, WorkflowFailureError

from services.mesh.clock import utc_now
from services.mesh.database import Database
from services.mesh.ids import new_id
from services.ticket.domain import TicketStatus
from services.ticket.engines.temporal.sealing import PayloadNotSealed, sealing_converter
from services.ticket.engines.temporal.workflow import Order, RouteTicket, workflow_id
from tests.ticket.conftest import MIGRATIONS
from tests.ticket.routing.routing_desk import ALEX, RoutingDesk, agent
from tests.ticket.routing.temporal_desk import TemporalDesk
from tests.ticket.routing.temporal_server import (
    free_port,
    needs_temporal,
    start_temporal,
    wait_for,
)

pytestmark = needs_temporal


@pytest.fixture
async def file_database(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'ticket.db'}")
    await database.migrate(MIGRATIONS)
    yield database
    await database.close()


@pytest.fixture
def temporal_desk(file_database: Database, temporal_address: str, tmp_path: Path) -> TemporalDesk:
    return TemporalDesk(file_database, temporal_address, tmp_path / "keys")


async def test_a_history_names_nobody(temporal_desk: TemporalDesk) -> None:
    async with temporal_desk.working() as desk:
        await desk.has(agent(ALEX), acknowledges=True)
        ticket = await desk.opened_and_routed()
        client = await desk.temporal.client()
        name = workflow_id(desk.tenant_id, ticket.ticket_id)
        history = (await client.get_workflow_handle(name).fetch_history()).to_json()
    assert json.loads(history)["events"]
    for word in (desk.tenant_id, ticket.ticket_id, ALEX, "ASSIGN", "Wi-Fi", "general"):
        assert word not in history


async def test_what_was_sealed_is_opened_and_nothing_else(tmp_path: Path) -> None:
    ours, others = sealing_converter(tmp_path / "ours"), sealing_converter(tmp_path / "others")
    order = Order("acme", "1", "CLOSE")
    [sealed] = await ours.encode([order])
    assert await ours.decode([sealed], [Order]) == [order]
    [plain] = ours.payload_converter.to_payloads([order])
    altered = type(sealed)(metadata=sealed.metadata, data=sealed.data[:-1] + b"\0")
    for foreign in (plain, altered, *await others.encode([order])):
        with pytest.raises(PayloadNotSealed):
            await ours.decode([foreign])


async def test_who_starts_a_workflow_from_outside_reaches_no_ticket(
    temporal_desk: TemporalDesk, temporal_address: str
) -> None:
    async with temporal_desk.working() as desk:
        ticket = await desk.opened()
        stranger = await Client.connect(temporal_address)
        order = Order(desk.tenant_id, ticket.ticket_id, "CLASSIFY")
        started = await stranger.start_workflow(
            "RouteTicket",
            order,
            id=workflow_id(desk.tenant_id, ticket.ticket_id),
            task_queue=desk.task_queue,
        )
        # Even with what was sealed for a ticket, under another name.
        ours = await desk.temporal.client()
        with pytest.raises(WorkflowFailureError):
            await ours.execute_workflow(
                RouteTicket.run, order, id=f"another-{new_id()}", task_queue=desk.task_queue
            )
        assert (await desk.explained(ticket)).steps == []
        await started.terminate()


async def test_a_server_that_is_killed_loses_nothing(
    file_database: Database, tmp_path: Path
) -> None:
    address = f"127.0.0.1:{free_port()}"
    server = await up(tmp_path, address)
    try:
        desk = TemporalDesk(file_database, address, tmp_path / "keys")
        async with desk.working():
            await desk.has(agent(ALEX, most_open=1), acknowledges=True)
            first, second = await desk.opened_and_routed(), await desk.opened_and_routed()
            server.kill()
            server.wait()
            await desk.resolved(first)
            third = await desk.opened()
            dispatching = asyncio.create_task(desk.dispatcher.dispatch())
            server = await up(tmp_path, address)
            await dispatching
            await desk.settle()
            # One waited and one is new: whichever asks first gets the place.
            given = await desk.given_first(second, third)
            assert [ticket.assignee_id for ticket in given] == [ALEX, None]
            counted = sum(await desk.effects([first, second, third]), Counter())
            assert counted == {"ASSIGNED": 2, "ACKNOWLEDGED": 3}
    finally:
        server.terminate()
        server.wait()


async def up(folder: Path, address: str) -> subprocess.Popen[bytes]:
    server = await asyncio.to_thread(start_temporal, folder, address)
    await asyncio.to_thread(wait_for, address)
    return server


async def test_a_workflow_that_temporal_has_lost_goes_on(temporal_desk: TemporalDesk) -> None:
    async with temporal_desk.working() as desk:
        ticket = await desk.opened_and_routed()
        client = await desk.temporal.client()
        name = workflow_id(desk.tenant_id, ticket.ticket_id)
        await client.get_workflow_handle(name).terminate()
        await desk.has(agent(ALEX))
        await desk.settle()
        assert (await desk.get(ticket)).assignee_id == ALEX


async def test_timers_come_by_themselves(
    file_database: Database, temporal_address: str, tmp_path: Path
) -> None:
    class Punctual(TemporalDesk):
        def now(self) -> datetime:
            return utc_now()

    async with Punctual(file_database, temporal_address, tmp_path / "keys").working() as desk:
        await desk.has(agent(ALEX), close_after=timedelta(seconds=2))
        ticket = await desk.opened_and_routed()
        await desk.resolved(ticket)
        await desk.settle()
        while (await desk.get(ticket)).status is not TicketStatus.CLOSED:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        assert (await desk.effects([ticket]))[0]["CLOSED"] == 1


async def test_tickets_change_from_one_engine_to_the_other_and_back(
    file_database: Database, temporal_desk: TemporalDesk
) -> None:
    here = RoutingDesk(file_database, temporal_desk.tenant_id)
    await here.has(agent(ALEX, most_open=1), acknowledges=True)
    tickets = [await here.opened_and_routed() for _ in range(3)]
    async with temporal_desk.working() as there:
        assert await there.engine.take_over() == 3
        await there.resolved(tickets[0])
        await there.settle()
        # Both that wait are woken at once; whichever asks first gets the place.
        second, third = await there.given_first(*tickets[1:])
        assert (second.assignee_id, third.assignee_id) == (ALEX, None)
    assert await here.engine.take_over() == 3
    await here.resolved(second)
    await here.settle()
    assert (await here.get(third)).assignee_id == ALEX
    once = Counter(ASSIGNED=1, ACKNOWLEDGED=1)
    assert await here.effects(tickets) == [once] * 3


async def test_a_ticket_is_started_once(temporal_desk: TemporalDesk) -> None:
    async with temporal_desk.working() as desk:
        ticket = await desk.opened_and_routed()
        for _ in range(3):
            await desk.engine.start(desk.tenant_id, [ticket.ticket_id])
        await desk.settle()
        client = await desk.temporal.client()
        name = workflow_id(desk.tenant_id, ticket.ticket_id)
        runs = [run async for run in client.list_workflows(f"WorkflowId = '{name}'")]
        assert len(runs) <= 1
        assert await desk.steps(ticket) == ["CLASSIFY", "NO_POLICY"]
