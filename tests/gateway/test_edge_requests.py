"""What is refused before any service sees it."""

import grpc
import grpc.aio
import httpx2
import pytest

from helpdesk.ticket.v1 import ticket_pb2, ticket_service_pb2
from tests.gateway.access_tokens import bearer
from tests.gateway.calls import send
from tests.gateway.mesh import Mesh
from tests.gateway.refusals import GATEWAY, grpc_reason_of, reason_of

GET_TICKET = "/helpdesk.ticket.v1.TicketService/GetTicket"


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("GET", "/v1/tickets/1:typo"),
        ("POST", "/v1/tickets/1:typo"),
        ("PUT", "/v1/tickets/1"),
        ("GET", "/v1/nothing"),
        ("GET", "/v2/tickets/1"),
        ("GET", GET_TICKET),
        ("POST", GET_TICKET),
        ("DELETE", "/v1/tickets/1"),
    ],
)
async def test_an_unknown_route_or_verb_is_not_found(
    mesh: Mesh, rest: httpx2.AsyncClient, verb: str, path: str
) -> None:
    answer = await rest.request(verb, path)

    assert answer.status_code == 404
    assert reason_of(answer) == GATEWAY
    assert mesh.calls() == []


async def test_control_without_the_setting_an_unknown_verb_becomes_part_of_an_id(
    undefended: Mesh,
) -> None:
    async with undefended.client() as client:
        await client.get("/v1/tickets/1:typo")

    request = undefended["ticket"].last.request
    assert request == ticket_service_pb2.GetTicketRequest(ticket_id="1:typo")


CLASHES = [
    ("GET", "/v1/tickets/1?ticket_id=2", None),
    ("GET", "/v1/tickets/1?ticketId=2", None),
    ("GET", "/v1/tickets/1?%74icket%49d=2", None),
    ("POST", "/v1/tickets/1:assign", {"ticket_id": "2"}),
    ("POST", "/v1/tickets/1:assign", {"ticketId": "2"}),
    ("POST", "/v1/tickets/1:assign?ticketId=2", {}),
    ("PATCH", "/v1/tickets/1", {"ticket_id": "2"}),
    ("PATCH", "/v1/tickets/1", {"ticketId": "2"}),
    ("PATCH", "/v1/tickets/1?ticket.ticket_id=2", {}),
    ("PATCH", "/v1/tickets/1?ticket.ticketId=2", {}),
    ("PATCH", "/v1/tickets/1?ticket.subject=2", {}),
    ("POST", "/v1/messages?text=2", {"text": "1"}),
]


@pytest.mark.parametrize(("verb", "path", "body"), CLASHES)
async def test_nothing_may_contradict_the_path_or_the_body(
    mesh: Mesh, rest: httpx2.AsyncClient, verb: str, path: str, body: dict[str, str] | None
) -> None:
    answer = await rest.request(verb, path, json=body)

    assert answer.status_code == 400
    assert reason_of(answer) == "INVALID_REQUEST"
    assert mesh.calls() == []


async def test_control_without_the_check_the_query_overrides_the_path(undefended: Mesh) -> None:
    async with undefended.client() as client:
        await client.get("/v1/tickets/1?ticket_id=2")

    request = undefended["ticket"].last.request
    assert request == ticket_service_pb2.GetTicketRequest(ticket_id="2")


async def test_a_body_may_repeat_what_the_path_says(mesh: Mesh, rest: httpx2.AsyncClient) -> None:
    body = {"ticketId": "1", "subject": "Printer"}
    answer = await rest.patch("/v1/tickets/1?updateMask=subject", json=body)

    assert answer.status_code == 200
    request = ticket_service_pb2.UpdateTicketRequest()
    request.ticket.MergeFrom(ticket_pb2.Ticket(ticket_id="1", subject="Printer"))
    request.update_mask.paths.append("subject")
    assert mesh["ticket"].last.request == request


async def test_an_unknown_query_parameter_is_named(mesh: Mesh, rest: httpx2.AsyncClient) -> None:
    answer = await rest.get("/v1/tickets?pagesize=3")

    assert answer.status_code == 400
    assert reason_of(answer) == GATEWAY
    assert "pagesize" in answer.json()["message"]
    assert mesh.calls() == []


@pytest.mark.parametrize(
    "path", ["/v1/tickets/a%2Fb", "/v1/tickets/a%5Cb", "/v1/tickets/%2e%2e%2f1"]
)
async def test_an_escaped_slash_is_refused(mesh: Mesh, rest: httpx2.AsyncClient, path: str) -> None:
    answer = await rest.get(path)

    assert answer.status_code == 400
    assert reason_of(answer) == GATEWAY
    assert mesh.calls() == []


async def test_control_without_the_setting_an_escaped_slash_arrives(undefended: Mesh) -> None:
    async with undefended.client() as client:
        await client.get("/v1/tickets/a%2Fb")

    assert undefended.calls()


UNLISTED = [
    "/helpdesk.auth.v1.PolicyService/WatchPolicy",
    "/grpc.health.v1.Health/Check",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/helpdesk.ticket.v1.TicketService/Nonsense",
    "/helpdesk.ticket.v1.TicketService/GetTicket/",
    "/helpdesk.ticket.v1.ticketservice/GetTicket",
]


@pytest.mark.parametrize("path", UNLISTED)
async def test_a_method_that_is_not_for_the_gateway_does_not_exist(
    mesh: Mesh, channel: grpc.aio.Channel, path: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await send(channel, path, bearer(mesh.token()))

    assert refusal.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert grpc_reason_of(refusal.value) == "METHOD_UNKNOWN"
    assert mesh.calls() == []


async def test_control_with_a_real_cluster_behind_the_last_route_they_do_exist(
    undefended: Mesh,
) -> None:
    async with undefended.channel() as channel:
        await send(channel, "/grpc.health.v1.Health/Check", bearer(undefended.token()))
