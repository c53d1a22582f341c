"""What is refused before any service sees it."""

import json

import grpc
import grpc.aio
import httpx2
import pytest

from helpdesk.search.v1 import search_service_pb2
from helpdesk.ticket.v1 import ticket_pb2, ticket_service_pb2
from tests.gateway.access_tokens import bearer
from tests.gateway.conftest import MAX_BODY_BYTES
from tests.gateway.mesh import Mesh
from tests.gateway.refusals import GATEWAY, grpc_reason_of, reason_of

JSON = {"content-type": "application/json"}
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


BAD_BODIES = {
    "unknown field": (b'{"subject": "a", "colour": 1}', "colour"),
    "unknown field of the response": (b'{"nope": null}', "nope"),
    "number for text": (b'{"subject": 5}', "subject"),
    "object for text": (b'{"subject": {"a": 1}}', "subject"),
    "text for a list": (b'{"tags": "a"}', "tags"),
    "list of objects": (b'{"tags": [{}]}', "tags[0]"),
    "a field twice": (b'{"subject": "a", "subject": "b"}', "subject"),
    "a field in both spellings": (b'{"chat_session_id": "", "chatSessionId": ""}', "chatSessionId"),
    "not JSON": (b"subject=a", ""),
    "cut off": (b'{"subject": "a"', ""),
    "single quotes": (b"{'subject': 'a'}", ""),
    "a bare key": (b'{subject: "a"}', ""),
    "a comma too many": (b'{"subject": "a",}', ""),
    "something behind": (b'{"subject": "a"} {}', ""),
    "a control character": (b'{"subject": "a\nb"}', ""),
    "a bad escape": (b'{"subject": "\\x"}', ""),
    "a list": (b"[]", ""),
    "null": (b"null", ""),
    "a bad number": (b'{"number": 01}', ""),
    "too deep": (b'{"tags": ' + b"[" * 100 + b"]" * 100 + b"}", "tags[0]"),
}


@pytest.mark.parametrize(("body", "field"), BAD_BODIES.values(), ids=BAD_BODIES.keys())
async def test_a_bad_body_is_refused_and_the_field_named(
    mesh: Mesh, rest: httpx2.AsyncClient, body: bytes, field: str
) -> None:
    answer = await rest.post("/v1/tickets", content=body, headers=JSON)

    assert answer.status_code == 400
    assert reason_of(answer) == "INVALID_REQUEST"
    (violation,) = answer.json()["details"][1]["fieldViolations"]
    assert violation["field"] == field
    assert violation["description"]
    assert mesh.calls() == []


async def test_control_without_the_check_an_unknown_field_is_dropped(undefended: Mesh) -> None:
    async with undefended.client() as client:
        answer = await client.post("/v1/tickets", json={"subject": "a", "colour": 1})

    assert answer.status_code == 200
    expected = ticket_service_pb2.CreateTicketRequest(ticket=ticket_pb2.Ticket(subject="a"))
    assert undefended["ticket"].last.request == expected


@pytest.mark.parametrize(
    "body",
    [
        b'{"priority": "TICKET_PRIORITY_NONSENSE"}',
        b'{"createTime": "yesterday"}',
        b'{"number": "many"}',
        b'{"subject": "\xff"}',
        b'{"subject": "\\ud800"}',
    ],
)
async def test_a_value_that_the_field_cannot_hold_is_refused(
    mesh: Mesh, rest: httpx2.AsyncClient, body: bytes
) -> None:
    answer = await rest.post("/v1/tickets", content=body, headers=JSON)

    assert answer.status_code == 400
    assert reason_of(answer) == GATEWAY
    assert mesh.calls() == []


async def test_every_kind_of_good_value_arrives(mesh: Mesh, rest: httpx2.AsyncClient) -> None:
    body = (
        b' { "subject" : "a\\"b\\u00e4\\n\xc3\xa4" , "tags":["x", "y"],'
        b'"priority":"TICKET_PRIORITY_HIGH", "status": 2, "body": null, "createTime": "2026-01-02T03:04:05Z", "number": "7" }\n'
    )
    answer = await rest.post("/v1/tickets", content=body, headers=JSON)

    assert answer.status_code == 200, answer.text
    ticket = ticket_pb2.Ticket(
        subject='a"bä\nä', tags=["x", "y"], priority="TICKET_PRIORITY_HIGH", status=2, number=7
    )
    ticket.create_time.FromJsonString("2026-01-02T03:04:05Z")
    assert mesh["ticket"].last.request == ticket_service_pb2.CreateTicketRequest(ticket=ticket)


async def test_nested_messages_are_checked_too(rest: httpx2.AsyncClient) -> None:
    body = {"grant": {}, "password": {"tenantSlug": "acme", "emial": "a@b.example"}}
    unknown_grant = await rest.post("/v1/tokens", json=body)
    unknown_inside = await rest.post("/v1/tokens", json={"password": body["password"]})

    assert unknown_grant.json()["details"][1]["fieldViolations"][0]["field"] == "grant"
    assert unknown_inside.json()["details"][1]["fieldViolations"][0]["field"] == "password.emial"


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""]
)
async def test_only_json_is_taken(mesh: Mesh, rest: httpx2.AsyncClient, content_type: str) -> None:
    headers = {"content-type": content_type}
    answer = await rest.post("/v1/tickets", content=b'{"subject": "a"}', headers=headers)

    assert answer.status_code == 415
    assert reason_of(answer) == GATEWAY
    assert mesh.calls() == []


async def test_json_may_name_its_charset(rest: httpx2.AsyncClient) -> None:
    headers = {"content-type": "application/json; charset=utf-8"}
    answer = await rest.post("/v1/tickets", content=b'{"subject": "a"}', headers=headers)

    assert answer.status_code == 200


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


def document_of(size: int) -> bytes:
    frame = json.dumps({"content": ""}).encode()
    return frame.replace(b'""', b'"' + b"x" * (size - len(frame)) + b'"')


async def test_the_body_cap_is_exact(mesh: Mesh, rest: httpx2.AsyncClient) -> None:
    at_cap = document_of(MAX_BODY_BYTES)
    over_cap = document_of(MAX_BODY_BYTES + 1)
    assert (len(at_cap), len(over_cap)) == (MAX_BODY_BYTES, MAX_BODY_BYTES + 1)

    accepted = await rest.post("/v1/documents", content=at_cap, headers=JSON)
    assert accepted.status_code == 200
    assert len(mesh.calls()) == 1

    refused = await rest.post("/v1/documents", content=over_cap, headers=JSON)
    assert refused.status_code == 413
    assert reason_of(refused) == GATEWAY
    assert len(mesh.calls()) == 1


async def test_the_body_cap_holds_for_grpc(mesh: Mesh, channel: grpc.aio.Channel) -> None:
    request = search_service_pb2.SearchPassagesRequest(query="x" * MAX_BODY_BYTES)

    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await channel.unary_unary("/helpdesk.search.v1.SearchService/SearchPassages")(
            request.SerializeToString(), metadata=tuple(bearer(mesh.token()).items())
        )

    assert refusal.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert grpc_reason_of(refusal.value) == GATEWAY
    assert mesh.calls() == []


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
        await channel.unary_unary(path)(b"", metadata=tuple(bearer(mesh.token()).items()))

    assert refusal.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert grpc_reason_of(refusal.value) == "METHOD_UNKNOWN"
    assert mesh.calls() == []


async def test_control_with_a_real_cluster_behind_the_last_route_they_do_exist(
    undefended: Mesh,
) -> None:
    metadata = tuple(bearer(undefended.token()).items())
    async with undefended.channel() as channel:
        await channel.unary_unary("/grpc.health.v1.Health/Check")(b"", metadata=metadata)
