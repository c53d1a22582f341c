"""The other tongues: server-sent events, gRPC-Web, gRPC over TLS."""

import asyncio
import json
import ssl
import struct
from collections.abc import AsyncIterator

import grpc
import grpc.aio
import httpx2
import pytest
from google.protobuf.message import Message
from google.rpc import code_pb2, status_pb2

from helpdesk.chat.v1 import chat_pb2
from helpdesk.ticket.v1 import ticket_pb2, ticket_service_pb2
from tests.gateway.access_tokens import bearer
from tests.gateway.calls import receive, send
from tests.gateway.mesh import Mesh
from tests.gateway.upstream import Context

GET_TICKET = "/helpdesk.ticket.v1.TicketService/GetTicket"
STREAM_MESSAGE = "/helpdesk.chat.v1.ChatService/StreamMessage"
LIST_TICKETS = "/helpdesk.ticket.v1.TicketService/ListTickets"


async def test_a_stream_comes_as_server_sent_events_while_it_is_made(
    mesh: Mesh, rest: httpx2.AsyncClient
) -> None:
    first_was_read = asyncio.Event()

    async def answer(request: Message, context: Context) -> AsyncIterator[Message]:
        yield chat_pb2.StreamMessageResponse(seq=1, delta=chat_pb2.AnswerDelta(text="Hel"))
        await first_was_read.wait()
        yield chat_pb2.StreamMessageResponse(seq=2, delta=chat_pb2.AnswerDelta(text="lo"))
        yield chat_pb2.StreamMessageResponse(seq=3, done=chat_pb2.AnswerDone())

    mesh["chat"].streams[STREAM_MESSAGE] = answer
    lines = []
    async with rest.stream("POST", "/v1/messages:stream", json={"text": "Hi?"}) as response:
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/event-stream"
        async for line in response.aiter_lines():
            lines.append(line)
            first_was_read.set()

    assert lines[1::2] == ["", "", ""]
    events = [json.loads(line.removeprefix("data: ")) for line in lines[0::2]]
    assert [event["seq"] for event in events] == ["1", "2", "3"]
    assert events[1]["delta"] == {"text": "lo"}
    assert "done" in events[2]


async def test_a_failure_in_mid_stream_arrives_in_the_stream(
    mesh: Mesh, rest: httpx2.AsyncClient
) -> None:
    async def answer(request: Message, context: Context) -> AsyncIterator[Message]:
        yield chat_pb2.StreamMessageResponse(seq=1, started=chat_pb2.AnswerStarted())
        error = status_pb2.Status(code=code_pb2.UNAVAILABLE, message="The search is down.")
        yield chat_pb2.StreamMessageResponse(seq=2, error=error)
        await context.abort(grpc.StatusCode.UNAVAILABLE, "The search is down.")

    mesh["chat"].streams[STREAM_MESSAGE] = answer
    response = await rest.post("/v1/messages:stream", json={"text": "Hi?"})

    assert response.status_code == 200  # it was sent before anything went wrong
    last = json.loads(response.text.strip().splitlines()[-1].removeprefix("data: "))
    assert last["error"]["code"] == code_pb2.UNAVAILABLE


async def test_a_grpc_caller_sees_the_failure_in_the_status_too(
    mesh: Mesh, channel: grpc.aio.Channel
) -> None:
    async def answer(request: Message, context: Context) -> AsyncIterator[Message]:
        yield chat_pb2.StreamMessageResponse(seq=1, started=chat_pb2.AnswerStarted())
        await context.abort(grpc.StatusCode.UNAVAILABLE, "The search is down.")

    mesh["chat"].streams[STREAM_MESSAGE] = answer
    received: list[bytes] = []

    async def read() -> None:
        async for message in receive(channel, STREAM_MESSAGE, bearer(mesh.token())):
            received.append(message)  # noqa: PERF401 - those before the failure count

    with pytest.raises(grpc.aio.AioRpcError) as failure:
        await read()

    assert len(received) == 1
    assert failure.value.code() is grpc.StatusCode.UNAVAILABLE


async def a_ticket(request: Message, context: Context) -> Message:
    return ticket_pb2.Ticket(ticket_id="1", subject="Printer")


def grpc_web(message: Message) -> bytes:
    payload = message.SerializeToString()
    return struct.pack(">BI", 0, len(payload)) + payload


def frames(body: bytes) -> list[tuple[int, bytes]]:
    found = []
    while body:
        kind, size = struct.unpack(">BI", body[:5])
        found.append((kind, body[5 : 5 + size]))
        body = body[5 + size :]
    return found


async def test_grpc_web_works_over_http_1(mesh: Mesh, rest: httpx2.AsyncClient) -> None:
    mesh["ticket"].answers[GET_TICKET] = a_ticket
    answer = await rest.post(
        GET_TICKET,
        content=grpc_web(ticket_service_pb2.GetTicketRequest(ticket_id="1")),
        headers={"content-type": "application/grpc-web+proto", "x-grpc-web": "1"},
    )

    assert answer.http_version == "HTTP/1.1"
    assert answer.status_code == 200
    (_, payload), (kind, trailers) = frames(answer.content)
    assert ticket_pb2.Ticket.FromString(payload).subject == "Printer"
    assert kind == 0x80
    assert b"grpc-status:0" in trailers


async def test_grpc_web_is_refused_in_its_own_tongue(stranger: httpx2.AsyncClient) -> None:
    answer = await stranger.post(
        GET_TICKET,
        content=grpc_web(ticket_service_pb2.GetTicketRequest(ticket_id="1")),
        headers={"content-type": "application/grpc-web+proto", "x-grpc-web": "1"},
    )

    assert answer.status_code == 200
    assert answer.headers["grpc-status"] == str(code_pb2.UNAUTHENTICATED)
    assert answer.headers["grpc-message"] == "The call needs an access token."


async def test_grpc_works_over_the_tls_port(mesh: Mesh) -> None:
    mesh["ticket"].answers[GET_TICKET] = a_ticket
    credentials = grpc.ssl_channel_credentials(mesh.authority.certificate)
    target = f"localhost:{mesh.edge.https_port}"
    async with grpc.aio.secure_channel(target, credentials) as channel:
        reply = await send(channel, GET_TICKET, bearer(mesh.token()))

    assert ticket_pb2.Ticket.FromString(reply).subject == "Printer"


async def test_rest_works_over_the_tls_port(mesh: Mesh) -> None:
    trust = ssl.create_default_context(cadata=mesh.authority.certificate.decode())
    url = f"https://localhost:{mesh.edge.https_port}/v1/tickets/1"
    async with httpx2.AsyncClient(verify=trust, http2=True) as client:
        answer = await client.get(url, headers=bearer(mesh.token()))

    assert answer.http_version == "HTTP/2"
    assert answer.status_code == 200


async def test_a_large_answer_comes_through(mesh: Mesh, rest: httpx2.AsyncClient) -> None:
    async def many(request: Message, context: Context) -> Message:
        tickets = [ticket_pb2.Ticket(body="x" * 30_000) for _ in range(100)]
        return ticket_service_pb2.ListTicketsResponse(tickets=tickets)

    mesh["ticket"].answers[LIST_TICKETS] = many
    answer = await rest.get("/v1/tickets")

    assert len(answer.json()["tickets"]) == 100
