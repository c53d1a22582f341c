"""Which bodies are refused, and how."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import grpc.aio
import httpx2
import pytest
from google.protobuf.json_format import MessageToJson

from helpdesk.search.v1 import document_import_service_pb2, search_service_pb2
from helpdesk.ticket.v1 import ticket_pb2, ticket_service_pb2
from tests.gateway.access_tokens import bearer
from tests.gateway.calls import send
from tests.gateway.conftest import MAX_BODY_BYTES
from tests.gateway.mesh import Mesh
from tests.gateway.refusals import GATEWAY, grpc_reason_of, reason_of

JSON = {"content-type": "application/json"}
IMPORT = "/helpdesk.search.v1.DocumentImportService/ImportDocument"
LARGEST_FILE = 8 * 1024 * 1024
# In JSON, with room for the names and what else is said.
LARGEST_FILE_BODY = LARGEST_FILE * 4 // 3 + 64 * 1024
SEARCH = "/helpdesk.search.v1.SearchService/SearchPassages"

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
        b'"priority":"TICKET_PRIORITY_HIGH", "status": 2, "body": null, '
        b'"createTime": "2026-01-02T03:04:05Z", "number": "7" }\n'
    )
    answer = await rest.post("/v1/tickets", content=body, headers=JSON)

    assert answer.status_code == 200, answer.text
    ticket = ticket_pb2.Ticket(
        subject='a"bä\nä',
        tags=["x", "y"],
        priority=ticket_pb2.TICKET_PRIORITY_HIGH,
        status=ticket_pb2.TICKET_STATUS_OPEN,
        number=7,
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
        await send(channel, SEARCH, bearer(mesh.token()), request.SerializeToString())

    assert refusal.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert grpc_reason_of(refusal.value) == GATEWAY
    assert mesh.calls() == []


def file_of(size: int) -> document_import_service_pb2.ImportDocumentRequest:
    return document_import_service_pb2.ImportDocumentRequest(source_uri="a.pdf", data=bytes(size))


async def test_a_file_may_be_as_large_as_its_field_says(
    mesh: Mesh, rest: httpx2.AsyncClient, channel: grpc.aio.Channel
) -> None:
    request = file_of(LARGEST_FILE)
    answer = await rest.post(
        "/v1/documents:import", content=MessageToJson(request), headers=JSON, timeout=30
    )
    assert answer.status_code == 200, answer.text
    await send(channel, IMPORT, bearer(mesh.token()), request.SerializeToString())
    assert [call.request for call in mesh.calls()] == [request, request]


async def test_a_file_that_is_larger_is_refused_at_the_edge(
    mesh: Mesh, rest: httpx2.AsyncClient, channel: grpc.aio.Channel
) -> None:
    body = b'{"sourceUri": "a.pdf", "data": "' + b"A" * LARGEST_FILE_BODY + b'"}'
    answer = await rest.post("/v1/documents:import", content=body, headers=JSON, timeout=30)
    assert (answer.status_code, reason_of(answer)) == (413, GATEWAY)
    request = file_of(100 * 1024 * 1024)
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await send(channel, IMPORT, bearer(mesh.token()), request.SerializeToString())
    assert refusal.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert mesh.calls() == []


async def test_a_large_body_may_come_before_the_signing_keys(tmp_path: Path) -> None:
    """It has to wait for them, in full."""
    mesh = Mesh(tmp_path)
    mesh.may_publish_keys.clear()
    body = json.dumps({"content": "line\n" * 400_000}).encode()
    assert 2_000_000 < len(body) < 3 * 1024 * 1024

    async def in_pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 65_536):
            yield body[start : start + 65_536]
        mesh.may_publish_keys.set()

    try:
        await mesh.start_upstreams()
        await mesh.start_edge()
        await mesh.edge.wait_until("/readyz", 200)
        async with mesh.client() as client:
            answer = await client.post("/v1/documents", content=in_pieces(), headers=JSON)
    finally:
        await mesh.stop()

    assert answer.status_code == 200
