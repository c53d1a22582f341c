import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from grpc import StatusCode

from helpdesk.auth.v1 import (
    policy_service_pb2,
    policy_service_pb2_grpc,
    token_service_pb2,
    token_service_pb2_grpc,
)
from services.mesh.contract import MethodPolicy
from services.mesh.deadline import remaining_seconds, seconds_for_peer, start_deadline
from services.mesh.errors import DeadlineExceeded
from services.mesh.interceptors.chain import Context, Method
from services.mesh.interceptors.deadline import deadline
from tests.mesh.scripted import Scripted
from tests.support.mesh_server import RunningServer

KEYS = token_service_pb2.GetSigningKeysRequest()


async def seen_by_handler(
    server: RunningServer, scripted: Scripted, seconds: float | None
) -> float:
    seen: list[float | None] = []

    async def look(_: object, __: object) -> token_service_pb2.JsonWebKeySet:
        seen.append(remaining_seconds())
        return token_service_pb2.JsonWebKeySet()

    scripted.answers["GetSigningKeys"] = look
    stub: Any = token_service_pb2_grpc.TokenServiceStub(server.channel())
    await stub.GetSigningKeys(KEYS, timeout=seconds)
    assert seen[0] is not None
    return seen[0]


async def test_a_call_without_a_deadline_gets_the_contracts(
    server: RunningServer, scripted: Scripted
) -> None:
    assert 1.5 < await seen_by_handler(server, scripted, None) <= 2.0


async def test_a_shorter_deadline_is_kept(server: RunningServer, scripted: Scripted) -> None:
    assert 0.5 < await seen_by_handler(server, scripted, 1.0) <= 1.0


async def test_a_longer_deadline_is_cut(server: RunningServer, scripted: Scripted) -> None:
    assert 9.0 < await seen_by_handler(server, scripted, 3600.0) <= 10.0


class NoDeadlineAsked:
    def time_remaining(self) -> None:
        return None


def method(seconds: float) -> Method:
    policy = MethodPolicy(
        permission="",
        public=True,
        callers=frozenset({"gateway"}),
        audited=False,
        default_timeout_seconds=seconds,
        max_timeout_seconds=seconds,
        idempotent=False,
    )
    return Method("/a.B/C", policy, streams=False)


async def test_a_handler_that_takes_too_long_is_stopped() -> None:
    stopped = asyncio.Event()

    async def hang(_: object, __: Context) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    handler = deadline(method(0.01), hang)
    with pytest.raises(DeadlineExceeded) as caught:
        await handler(None, NoDeadlineAsked())  # type: ignore[arg-type]
    assert caught.value.reason == "DEADLINE_EXCEEDED"
    assert stopped.is_set()


async def test_a_timeout_of_the_handlers_own_is_not_ours() -> None:
    async def fail(_: object, __: Context) -> None:
        raise TimeoutError("of something else")

    handler = deadline(method(5.0), fail)
    with pytest.raises(TimeoutError, match="of something else"):
        await handler(None, NoDeadlineAsked())  # type: ignore[arg-type]


async def test_a_caller_that_leaves_stops_the_stream_and_its_cleanup_runs(
    server: RunningServer, scripted: Scripted
) -> None:
    cleaned = asyncio.Event()

    async def stream(_: object, __: object) -> AsyncIterator[policy_service_pb2.PolicyEvent]:
        try:
            yield policy_service_pb2.PolicyEvent(seq=1)
            await asyncio.Event().wait()
        finally:
            cleaned.set()

    scripted.stream = stream
    stub: Any = policy_service_pb2_grpc.PolicyServiceStub(server.channel("chat"))
    call = stub.WatchPolicy(policy_service_pb2.WatchPolicyRequest())
    await call.read()
    call.cancel()
    async with asyncio.timeout(5):
        await cleaned.wait()


async def test_a_caller_hears_deadline_exceeded(server: RunningServer, scripted: Scripted) -> None:
    async def hang(_: object, __: object) -> None:
        await asyncio.Event().wait()

    scripted.answers["GetSigningKeys"] = hang
    stub: Any = token_service_pb2_grpc.TokenServiceStub(server.channel())
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.GetSigningKeys(KEYS, timeout=0.05)
    assert caught.value.code() is StatusCode.DEADLINE_EXCEEDED


async def test_a_call_to_a_peer_gets_what_is_left_less_the_way_back() -> None:
    async def inside() -> None:
        start_deadline(1.0)
        assert 0.9 < seconds_for_peer(60.0) <= 0.98
        assert seconds_for_peer(0.5) == 0.5
        start_deadline(0.01)
        with pytest.raises(DeadlineExceeded):
            seconds_for_peer(60.0)

    await asyncio.create_task(inside())
    assert seconds_for_peer(60.0) == 60.0
