"""How long a call may take."""

import asyncio
import time
from collections.abc import AsyncIterator

import grpc
import grpc.aio
import httpx2
import pytest
from google.protobuf.message import Message

from helpdesk.ticket.v1 import ticket_service_pb2
from services.gateway.__main__ import DESCRIPTOR_SET
from services.gateway.contract import Method, read_contract
from tests.gateway.access_tokens import bearer
from tests.gateway.calls import call, send
from tests.gateway.mesh import Mesh
from tests.gateway.refusals import reason_of
from tests.gateway.upstream import Context

GET_TICKET = "/helpdesk.ticket.v1.TicketService/GetTicket"
WATCH_TICKETS = "/helpdesk.ticket.v1.TicketService/WatchTickets"
TRIES = 3
METHODS = {method.path: method for method in read_contract(DESCRIPTOR_SET).exposed}


async def never(request: Message, context: Context) -> Message:
    await asyncio.Event().wait()
    raise AssertionError


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
async def test_every_rpc_has_the_contracts_deadline(
    mesh: Mesh, channel: grpc.aio.Channel, method: Method
) -> None:
    # A machine that is busy may hold a call up, and never lengthens its time.
    seconds_left = [await seconds_left_of(mesh, channel, method) for _ in range(TRIES)]

    assert max(seconds_left) == pytest.approx(method.default_timeout.total_seconds(), abs=1)


async def seconds_left_of(mesh: Mesh, channel: grpc.aio.Channel, method: Method) -> float:
    await call(channel, method, bearer(mesh.token()))
    seconds = mesh[method.area].last.seconds_left
    assert seconds is not None
    return seconds


async def test_a_rest_call_has_the_contracts_deadline(mesh: Mesh, rest: httpx2.AsyncClient) -> None:
    await rest.get("/v1/tickets/1")

    seconds = METHODS[GET_TICKET].default_timeout.total_seconds()
    assert mesh["ticket"].last.seconds_left == pytest.approx(seconds, abs=0.5)


async def test_control_without_the_header_there_is_none(undefended: Mesh) -> None:
    async with undefended.client() as client:
        await client.get("/v1/tickets/1")

    assert undefended["ticket"].last.seconds_left is None


@pytest.mark.parametrize(("asked", "given"), [("1S", 1), ("300S", 10), ("99999999H", 10)])
async def test_a_caller_may_ask_for_other_time_up_to_the_most(
    mesh: Mesh, rest: httpx2.AsyncClient, channel: grpc.aio.Channel, asked: str, given: int
) -> None:
    assert METHODS[GET_TICKET].max_timeout.total_seconds() == 10

    await rest.get("/v1/tickets/1", headers={"grpc-timeout": asked})
    over_rest = mesh["ticket"].last.seconds_left
    rpc: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(GET_TICKET)
    seconds = min(int(asked[:-1]), 1_000_000)
    await rpc(b"", metadata=tuple(bearer(mesh.token()).items()), timeout=seconds)
    over_grpc = mesh["ticket"].last.seconds_left

    assert over_rest == pytest.approx(given, abs=0.5)
    assert over_grpc == pytest.approx(given, abs=0.5)


async def test_control_without_the_cap_a_caller_gets_any_time(undefended: Mesh) -> None:
    async with undefended.client() as client:
        await client.get("/v1/tickets/1", headers={"grpc-timeout": "300S"})

    assert undefended["ticket"].last.seconds_left == pytest.approx(300, abs=1)


async def test_a_call_that_takes_too_long_is_ended(
    mesh: Mesh, rest: httpx2.AsyncClient, channel: grpc.aio.Channel
) -> None:
    mesh["ticket"].answers[GET_TICKET] = never
    started = time.monotonic()

    answer = await rest.get("/v1/tickets/1", headers={"grpc-timeout": "300m"})
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await send(channel, GET_TICKET, bearer(mesh.token()))

    assert answer.status_code == 504
    assert answer.json()["code"] == grpc.StatusCode.DEADLINE_EXCEEDED.value[0]
    assert refusal.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert time.monotonic() - started < 5


async def test_no_time_at_all_is_answered_in_the_one_shape(rest: httpx2.AsyncClient) -> None:
    answer = await rest.get("/v1/tickets/1", headers={"grpc-timeout": "0S"})

    assert answer.status_code == 504
    assert reason_of(answer) == "DEADLINE_EXCEEDED"


async def test_a_stream_outlives_the_time_of_a_call(mesh: Mesh, rest: httpx2.AsyncClient) -> None:
    """The stream's own deadline is the service's to keep; the gateway does not cut it off."""
    beats = 3

    async def watch(request: Message, context: Context) -> AsyncIterator[Message]:
        for seq in range(beats):
            await asyncio.sleep(0.3)
            yield ticket_service_pb2.WatchTicketsResponse(
                seq=seq, heartbeat=ticket_service_pb2.WatchHeartbeat()
            )

    mesh["ticket"].streams[WATCH_TICKETS] = watch
    async with rest.stream("GET", "/v1/tickets:watch") as answer:
        lines = [line async for line in answer.aiter_lines() if line]

    assert len(lines) == beats


async def test_a_client_that_leaves_ends_the_call(mesh: Mesh, rest: httpx2.AsyncClient) -> None:
    arrived, cancelled = asyncio.Event(), asyncio.Event()

    async def wait(request: Message, context: Context) -> Message:
        arrived.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        raise AssertionError

    mesh["ticket"].answers[GET_TICKET] = wait
    call = asyncio.create_task(rest.get("/v1/tickets/1"))
    await arrived.wait()
    call.cancel()
    async with asyncio.timeout(1.5):
        await cancelled.wait()
