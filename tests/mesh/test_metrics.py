"""What a server tells on its metrics port, as a scraper reads it."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import grpc
import httpx2 as httpx
import pytest
from grpc import StatusCode

from helpdesk.auth.v1 import (
    policy_service_pb2,
    policy_service_pb2_grpc,
    token_service_pb2,
    token_service_pb2_grpc,
)
from services.mesh.metrics.calls import BOUNDS, CallMetrics
from services.mesh.metrics.families import Family, Kind, Sample, gauge, text_of
from services.mesh.settings import MeshSettings
from tests.mesh.scripted import SERVICES, Scripted
from tests.support.mesh_server import RunningServer, refused, running_server
from tests.support.scraping import samples, scraped

GET_IDENTITY = "helpdesk.auth.v1.TokenService/GetIdentity"
WATCH = "helpdesk.auth.v1.PolicyService/WatchPolicy"


async def _weather() -> Iterable[Family]:
    return [gauge("helpdesk_weather_degrees", "How warm it is.", 21.5)]


async def _broken() -> Iterable[Family]:
    raise LookupError


@pytest.fixture
def settings(mesh_settings: MeshSettings) -> MeshSettings:
    return mesh_settings.model_copy(update={"auth_metrics_port": 0})


@pytest.fixture
async def server(scripted: Scripted, settings: MeshSettings) -> AsyncIterator[RunningServer]:
    async with running_server(
        "auth", scripted.register, SERVICES, settings, collectors=[_broken, _weather]
    ) as server:
        yield server


async def told_when(
    server: RunningServer, holds: Callable[[dict[str, float]], bool]
) -> dict[str, float]:
    """A refused call is counted a moment after its caller knows."""
    async with asyncio.timeout(20):
        # Nothing tells when but the page itself.
        while not holds(told := await scraped(server.mesh_server.metrics_port)):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    return told


def requests(method: str, code: str) -> str:
    return f'helpdesk_grpc_requests_total{{method="{method}",code="{code}"}}'


async def test_calls_are_counted_by_method_and_code(server: RunningServer) -> None:
    stub = token_service_pb2_grpc.TokenServiceStub(server.channel())
    ann = server.user(tenant_id="acme", permissions=["auth.identity.get"])
    request = token_service_pb2.GetIdentityRequest()
    for _ in range(3):
        await stub.GetIdentity(request, metadata=ann.metadata)
    with refused(StatusCode.UNAUTHENTICATED, "TOKEN_MISSING"):
        await stub.GetIdentity(request)
    refusal = requests(GET_IDENTITY, "UNAUTHENTICATED")
    told = await told_when(server, lambda told: refusal in told)
    assert (told[requests(GET_IDENTITY, "OK")], told[refusal]) == (3, 1)
    labels = f'method="{GET_IDENTITY}"'
    buckets = [
        told[f'helpdesk_grpc_request_seconds_bucket{{{labels},le="{bound}"}}']
        for bound in [*BOUNDS, "+Inf"]
    ]
    assert buckets == sorted(buckets)
    assert buckets[-1] == told[f"helpdesk_grpc_request_seconds_count{{{labels}}}"] == 4
    assert told[f"helpdesk_grpc_request_seconds_sum{{{labels}}}"] > 0


async def test_nothing_of_a_request_becomes_a_label(server: RunningServer) -> None:
    stub = token_service_pb2_grpc.TokenServiceStub(server.channel())
    ann = server.user(tenant_id="acme", user_id="ann", permissions=["auth.identity.get"])
    await stub.GetIdentity(token_service_pb2.GetIdentityRequest(), metadata=ann.metadata)
    unheard: Any = server.channel().unary_unary("/helpdesk.auth.v1.Unheard/Of")
    with pytest.raises(grpc.aio.AioRpcError):
        await unheard(b"")
    told = await told_when(server, lambda told: requests(GET_IDENTITY, "OK") in told)
    page = "\n".join(told)
    assert not any(word in page for word in ("acme", "ann", ann.token, "Unheard"))
    assert {*re.findall(r'([a-z]+)="', page)} == {"method", "code", "le"}


async def test_a_stream_is_counted_and_not_timed(server: RunningServer, scripted: Scripted) -> None:
    stub = policy_service_pb2_grpc.PolicyServiceStub(server.channel("ticket"))
    async for _ in stub.WatchPolicy(policy_service_pb2.WatchPolicyRequest()):
        pass
    told = await told_when(server, lambda told: any(WATCH in name for name in told))
    assert [name for name in told if WATCH in name] == [requests(WATCH, "OK")]


async def test_a_call_that_its_caller_gives_up_is_cancelled(
    server: RunningServer, scripted: Scripted
) -> None:
    begun = asyncio.Event()

    async def hang(_: object, __: object) -> None:
        begun.set()
        await asyncio.Event().wait()

    scripted.answers["GetIdentity"] = hang
    stub = token_service_pb2_grpc.TokenServiceStub(server.channel())
    ann = server.user(permissions=["auth.identity.get"])
    call = stub.GetIdentity(token_service_pb2.GetIdentityRequest(), metadata=ann.metadata)
    await begun.wait()
    call.cancel()
    await told_when(server, lambda told: requests(GET_IDENTITY, "CANCELLED") in told)


async def test_what_cannot_be_told_is_left_out_and_the_rest_is_told(server: RunningServer) -> None:
    told = await scraped(server.mesh_server.metrics_port)
    assert told["helpdesk_weather_degrees"] == 21.5


@pytest.mark.parametrize(
    ("verb", "path", "code"),
    [("GET", "/", 404), ("GET", "/metrics/", 404), ("POST", "/metrics", 405), ("HEAD", "/x", 404)],
)
async def test_nothing_else_is_answered(
    server: RunningServer, verb: str, path: str, code: int
) -> None:
    async with httpx.AsyncClient(timeout=20) as client:
        url = f"http://127.0.0.1:{server.mesh_server.metrics_port}{path}"
        assert (await client.request(verb, url)).status_code == code


async def test_a_head_without_an_end_is_refused(server: RunningServer) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.mesh_server.metrics_port)
    writer.write(b"GET /metrics HTTP/1.1\r\nX: " + b"x" * 17_000)
    assert (await reader.readline()).startswith(b"HTTP/1.1 431 ")
    writer.close()


async def test_nobody_is_told_unless_it_is_set(
    scripted: Scripted, mesh_settings: MeshSettings, settings: MeshSettings
) -> None:
    async with running_server("auth", scripted.register, SERVICES, mesh_settings) as quiet:
        assert quiet.mesh_server.metrics_port is None
        many = len(quiet.mesh_server.interceptors)
    async with running_server("auth", scripted.register, SERVICES, settings) as told:
        assert len(told.mesh_server.interceptors) == many + 1
        port = told.mesh_server.metrics_port
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await scraped(port)
    # It ends with its server, whoever still holds a connection.
    with suppress(ConnectionResetError):
        assert await reader.read() == b""
    writer.close()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


def test_labels_are_written_so_that_they_end_where_they_end() -> None:
    sample = Sample(0.25, (("method", 'a"b\\c\nd'),))
    family = Family("helpdesk_odd", Kind.GAUGE, "Odd.", [sample, replace(sample, labels=())])
    assert text_of([family]) == (
        "# HELP helpdesk_odd Odd.\n"
        "# TYPE helpdesk_odd gauge\n"
        'helpdesk_odd{method="a\\"b\\\\c\\nd"} 0.25\n'
        "helpdesk_odd 0.25\n"
    )


async def test_a_duration_is_in_each_bucket_that_it_does_not_exceed() -> None:
    metrics = CallMetrics()
    for seconds in (BOUNDS[0], BOUNDS[1] + 0.001, BOUNDS[-1] * 2):
        metrics.note("A/B", "OK", seconds)
    told = samples(text_of(await metrics.collect()))
    bucket = 'helpdesk_grpc_request_seconds_bucket{{method="A/B",le="{}"}}'
    counts = [told[bucket.format(bound)] for bound in (*BOUNDS[:3], BOUNDS[-1], "+Inf")]
    assert counts == [1, 1, 2, 2, 3]
