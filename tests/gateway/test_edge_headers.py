"""What clients cannot say about themselves, and what every answer says."""

import asyncio

import grpc.aio
import httpx2
import pytest

from tests.gateway.access_tokens import bearer
from tests.gateway.calls import send
from tests.gateway.mesh import Mesh
from tests.gateway.refusals import GATEWAY, reason_of

GET_TICKET = "/helpdesk.ticket.v1.TicketService/GetTicket"
SPOOFED = {
    "x-tenant": "t",
    "x-tenant-id": "t",
    "X-Tenant-Slug": "t",
    "x-user": "u",
    "x-user-id": "u",
    "x-user-roles-bin": "dQ",
    "x-forwarded-client-cert": "URI=spiffe://helpdesk.internal/svc/chat",
    "x-helpdesk-caller": "chat",
    "x-envoy-original-path": "/v1/tickets/2",
    "x-envoy-upstream-rq-timeout-ms": "1",
    "x-envoy-retry-on": "5xx",
    "grpc-previous-rpc-attempts": "many",
    "grpc-retry-pushback-ms": "many",
    "grpc-trace-bin": "%",
}


async def test_spoofed_headers_do_not_arrive(
    mesh: Mesh, rest: httpx2.AsyncClient, channel: grpc.aio.Channel
) -> None:
    await rest.get("/v1/tickets/1", headers=SPOOFED)
    over_rest = mesh["ticket"].last.metadata
    lower = {name.lower(): value for name, value in SPOOFED.items() if "-bin" not in name}
    await send(channel, GET_TICKET, {**bearer(mesh.token()), **lower})
    over_grpc = mesh["ticket"].last.metadata

    assert over_rest["x-envoy-original-path"] == "/v1/tickets/1"
    for arrived in (over_rest, over_grpc):
        kept = {name for name in lower if arrived.get(name) == lower[name]}
        assert kept == set()


async def test_control_without_the_removal_they_arrive(undefended: Mesh) -> None:
    async with undefended.client() as client:
        await client.get("/v1/tickets/1", headers={"x-tenant-id": "t", "x-user-id": "u"})

    metadata = undefended["ticket"].last.metadata
    assert (metadata["x-tenant-id"], metadata["x-user-id"]) == ("t", "u")


async def test_a_header_with_an_underscore_is_refused(mesh: Mesh, rest: httpx2.AsyncClient) -> None:
    answer = await rest.get("/v1/tickets/1", headers={"x_tenant_id": "t"})

    assert answer.status_code == 400
    assert reason_of(answer) == GATEWAY
    assert mesh.calls() == []


@pytest.mark.parametrize(
    ("header", "value"), [("grpc-timeout", "soon"), ("grpc-timeout", "5"), ("grpc-encoding", "zip")]
)
async def test_a_header_that_would_break_the_connection_to_a_service_is_refused(
    mesh: Mesh, rest: httpx2.AsyncClient, header: str, value: str
) -> None:
    answer = await rest.get("/v1/tickets/1", headers={header: value})

    assert answer.status_code == 400
    assert reason_of(answer) == GATEWAY
    assert header in answer.json()["message"]
    assert mesh.calls() == []


async def test_control_such_a_header_breaks_the_calls_of_others(undefended: Mesh) -> None:
    async with undefended.client() as client:
        for _ in range(20):  # until each of the gateway's connections has seen one
            await client.get("/v1/tickets/1", headers={"grpc-timeout": "soon"})
        statuses = {
            (await client.get("/v1/tickets/1", headers={"grpc-timeout": "2S"})).status_code
            for _ in range(20)
        }

    assert 500 in statuses


async def test_headers_that_are_too_large_are_refused(mesh: Mesh, rest: httpx2.AsyncClient) -> None:
    answer = await rest.get("/v1/tickets/1", headers={"x-long": "y" * 16_000})

    assert answer.status_code == 431
    assert reason_of(answer) == GATEWAY
    assert mesh.calls() == []


async def test_every_answer_carries_the_id_that_the_service_got(
    mesh: Mesh, rest: httpx2.AsyncClient, channel: grpc.aio.Channel
) -> None:
    good = await rest.get("/v1/tickets/1", headers={"x-request-id": "mine"})
    arrived = mesh["ticket"].last.metadata["x-request-id"]
    refused = await rest.get("/v1/nothing")
    rpc: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(GET_TICKET)
    call = rpc(b"", metadata=tuple(bearer(mesh.token()).items()))
    await call

    assert good.headers["x-request-id"] == arrived != "mine"
    assert refused.headers["x-request-id"] not in ("", arrived)
    initial = dict(await call.initial_metadata())
    assert initial["x-request-id"] == mesh["ticket"].last.metadata["x-request-id"]


async def test_a_good_rest_answer_is_free_of_grpc(rest: httpx2.AsyncClient) -> None:
    answer = await rest.get("/v1/tickets/1")

    assert answer.status_code == 200
    assert not [name for name in answer.headers if name.startswith(("grpc-", "x-envoy-"))]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.json()["tags"] == []  # empty values are spelled out


SMUGGLED = {
    "two lengths": b"POST /v1/sessions HTTP/1.1\r\nhost: a\r\n%s\r\ncontent-length: 0\r\n"
    b"content-length: 5\r\n\r\nhello",
    "length and chunks": b"POST /v1/sessions HTTP/1.1\r\nhost: a\r\n%s\r\ncontent-length: 5\r\n"
    b"transfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "no HTTP": b"HELLO\r\n%s\r\n\r\n",
    "a null byte in the path": b"GET /v1/tickets/1%%00 HTTP/1.1\r\nhost: a\r\n%s\r\n\r\n",
}


@pytest.mark.parametrize("request_bytes", SMUGGLED.values(), ids=SMUGGLED.keys())
async def test_what_could_be_read_in_two_ways_is_refused(mesh: Mesh, request_bytes: bytes) -> None:
    token = f"authorization: Bearer {mesh.token()}".encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", mesh.edge.http_port)
    writer.write(request_bytes % token)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()

    assert answer.startswith(b"HTTP/1.1 400")
    assert b'"reason":"GATEWAY"' in answer
    assert mesh.calls() == []
