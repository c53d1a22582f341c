"""What holds for a stream while it runs; `test_server.py` has what holds at its start."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from grpc import StatusCode

from helpdesk.auth.v1 import policy_service_pb2, policy_service_pb2_grpc
from helpdesk.ticket.v1 import ticket_service_pb2, ticket_service_pb2_grpc
from services.mesh.settings import MeshSettings
from tests.mesh.scripted import Scripted
from tests.support.mesh_server import RunningServer, refused, running_server

TICKETS = "helpdesk.ticket.v1.TicketService"
WATCH = policy_service_pb2.WatchPolicyRequest()


class Ticking(ticket_service_pb2_grpc.TicketServiceServicer):
    """Sends one message each time the test says so."""

    def __init__(self) -> None:
        self.ticks: asyncio.Queue[None] = asyncio.Queue()

    async def WatchTickets(  # noqa: N802
        self, request: object, context: object
    ) -> AsyncIterator[ticket_service_pb2.WatchTicketsResponse]:
        while True:
            await self.ticks.get()
            yield ticket_service_pb2.WatchTicketsResponse()


@pytest.fixture
def ticking() -> Ticking:
    return Ticking()  # type: ignore[abstract]  # the other methods are not called


@pytest.fixture
async def tickets(ticking: Ticking, mesh_settings: MeshSettings) -> AsyncIterator[RunningServer]:
    def register(server: Any) -> None:  # noqa: ANN401
        ticket_service_pb2_grpc.add_TicketServiceServicer_to_server(ticking, server)

    async with running_server("ticket", register, [TICKETS], mesh_settings) as server:
        yield server


async def test_a_stream_ends_when_its_permission_does(
    tickets: RunningServer, ticking: Ticking
) -> None:
    ann = tickets.user(permissions=["ticket.tickets.watch"])
    stub: Any = ticket_service_pb2_grpc.TicketServiceStub(tickets.channel())
    call = stub.WatchTickets(
        ticket_service_pb2.WatchTicketsRequest(), metadata=ann.metadata, timeout=30
    )
    ticking.ticks.put_nowait(None)
    await call.read()
    tickets.authority.users[ann.token] = replace(ann, permissions=frozenset())
    ticking.ticks.put_nowait(None)
    with refused(StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
        await call.read()


async def test_a_stream_ends_when_its_session_does(
    tickets: RunningServer, ticking: Ticking
) -> None:
    ann = tickets.user(permissions=["ticket.tickets.watch"])
    stub: Any = ticket_service_pb2_grpc.TicketServiceStub(tickets.channel())
    call = stub.WatchTickets(
        ticket_service_pb2.WatchTicketsRequest(), metadata=ann.metadata, timeout=30
    )
    ticking.ticks.put_nowait(None)
    await call.read()
    tickets.authority.ended_sessions.add(ann.session_id)
    ticking.ticks.put_nowait(None)
    with refused(StatusCode.UNAUTHENTICATED, "TOKEN_INVALID"):
        await call.read()


async def test_a_stream_needs_the_permission_in_its_scope(
    tickets: RunningServer, ticking: Ticking
) -> None:
    ann = tickets.user(permissions=["ticket.tickets.watch"], scope=["ticket.tickets.get"])
    stub: Any = ticket_service_pb2_grpc.TicketServiceStub(tickets.channel())
    call = stub.WatchTickets(
        ticket_service_pb2.WatchTicketsRequest(), metadata=ann.metadata, timeout=30
    )
    ticking.ticks.put_nowait(None)
    with refused(StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
        await call.read()


async def test_a_stream_within_its_scope_goes_on(tickets: RunningServer, ticking: Ticking) -> None:
    ann = tickets.user(permissions=["ticket.tickets.watch"], scope=["ticket.tickets.watch"])
    stub: Any = ticket_service_pb2_grpc.TicketServiceStub(tickets.channel())
    call = stub.WatchTickets(
        ticket_service_pb2.WatchTicketsRequest(), metadata=ann.metadata, timeout=30
    )
    for _ in range(2):
        ticking.ticks.put_nowait(None)
        assert await call.read() is not None
    call.cancel()


async def test_a_stopping_server_sends_its_watchers_away_at_once(
    server: RunningServer, scripted: Scripted
) -> None:
    async def stream(_: object, __: object) -> AsyncIterator[policy_service_pb2.PolicyEvent]:
        yield policy_service_pb2.PolicyEvent(seq=1)
        await asyncio.Event().wait()

    scripted.stream = stream
    stub: Any = policy_service_pb2_grpc.PolicyServiceStub(server.channel("chat"))
    call = stub.WatchPolicy(WATCH)
    await call.read()
    async with asyncio.timeout(10):
        stopping = asyncio.create_task(server.mesh_server.stop(60.0))
        with refused(StatusCode.UNAVAILABLE, "PEER_UNAVAILABLE"):
            await call.read()
        await stopping


async def test_a_watcher_that_leaves_is_no_refusal(
    server: RunningServer, scripted: Scripted
) -> None:
    left = asyncio.Event()

    async def stream(_: object, __: object) -> AsyncIterator[policy_service_pb2.PolicyEvent]:
        yield policy_service_pb2.PolicyEvent(seq=1)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            left.set()
            raise

    scripted.stream = stream
    stub: Any = policy_service_pb2_grpc.PolicyServiceStub(server.channel("chat"))
    call = stub.WatchPolicy(WATCH)
    await call.read()
    call.cancel()
    async with asyncio.timeout(5):
        await left.wait()
