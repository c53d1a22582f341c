"""What a client gets for a mistake: the same kind and reason over REST and over gRPC."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import grpc
import httpx2 as httpx
import pytest
from google.protobuf.json_format import MessageToDict
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from helpdesk.chat.v1 import chat_service_pb2, chat_service_pb2_grpc
from helpdesk.ticket.v1 import ticket_pb2, ticket_service_pb2, ticket_service_pb2_grpc
from tests.support.installation import Installation

MISSING = "01900000-0000-7000-8000-000000000000"


@dataclass(frozen=True)
class Refusal:
    """What a client can see of a refusal."""

    code: int
    reason: str
    domain: str
    fields: frozenset[str]
    message: str


def over_rest(answer: httpx.Response) -> Refusal:
    assert answer.headers["content-type"].startswith("application/json"), answer.text
    assert answer.headers["x-request-id"]
    body = answer.json()
    infos = [d for d in body["details"] if d["@type"].endswith("google.rpc.ErrorInfo")]
    assert len(infos) == 1, body
    fields = [
        violation["field"]
        for detail in body["details"]
        if detail["@type"].endswith("google.rpc.BadRequest")
        for violation in detail["fieldViolations"]
    ]
    return Refusal(
        body["code"], infos[0]["reason"], infos[0]["domain"], frozenset(fields), body["message"]
    )


def over_grpc(error: grpc.RpcError) -> Refusal:
    assert isinstance(error, grpc.Call)
    status = rpc_status.from_call(error)
    assert status is not None, error
    info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    for detail in status.details:
        detail.Unpack(info) or detail.Unpack(bad)
    fields = frozenset(violation.field for violation in bad.field_violations)
    return Refusal(status.code, info.reason, info.domain, fields, status.message)


class Grpc:
    """Blocking stubs through the gateway's plain port."""

    def __init__(self, mesh: Installation, tenant: str, role: str = "customer") -> None:
        target = mesh.url.removeprefix("http://")
        self._channel = grpc.insecure_channel(target)
        self.tickets = ticket_service_pb2_grpc.TicketServiceStub(self._channel)
        self.chat = chat_service_pb2_grpc.ChatServiceStub(self._channel)
        self.metadata = (("authorization", f"Bearer {mesh.token(tenant, role)}"),) if tenant else ()

    def refused(self, method: Any, request: Any) -> Refusal:  # noqa: ANN401  any stub, any message
        with pytest.raises(grpc.RpcError) as caught:
            method(request, metadata=self.metadata, timeout=10)
        return over_grpc(caught.value)


@pytest.fixture(scope="module")
def customer(mesh: Installation) -> Grpc:
    return Grpc(mesh, "acme")


@pytest.fixture(scope="module")
def rest(mesh: Installation) -> Iterator[httpx.Client]:
    with mesh.rest("acme") as client:
        yield client


@pytest.mark.parametrize("text", ["", "x" * 10_000], ids=["empty", "10,000 characters"])
def test_a_question_of_the_wrong_length(customer: Grpc, rest: httpx.Client, text: str) -> None:
    by_grpc = customer.refused(
        customer.chat.SendMessage, chat_service_pb2.SendMessageRequest(text=text)
    )
    by_rest = over_rest(rest.post("/v1/messages", json={"text": text}))

    assert by_grpc == by_rest
    assert (by_rest.code, by_rest.reason) == (3, "INVALID_REQUEST")
    assert by_rest.fields == {"text"}


def test_a_question_of_white_space_only(customer: Grpc, rest: httpx.Client) -> None:
    by_grpc = customer.refused(
        customer.chat.SendMessage, chat_service_pb2.SendMessageRequest(text="  \n ")
    )
    by_rest = over_rest(rest.post("/v1/messages", json={"text": "  \n "}))

    assert by_grpc == by_rest
    assert by_rest.reason == "QUESTION_EMPTY"


def test_a_foreign_ticket_looks_like_a_missing_one(mesh: Installation) -> None:
    with mesh.rest("globex", "admin") as them:
        foreign = them.post("/v1/tickets", json={"subject": "Theirs"}).json()["ticketId"]
    ours = Grpc(mesh, "acme", "admin")

    with mesh.rest("acme", "admin") as client:
        answers = {
            ticket_id: over_rest(client.get(f"/v1/tickets/{ticket_id}"))
            for ticket_id in (foreign, MISSING)
        }
    by_grpc = ours.refused(
        ours.tickets.GetTicket, ticket_service_pb2.GetTicketRequest(ticket_id=foreign)
    )

    assert by_grpc == answers[foreign]
    assert answers[foreign].reason == answers[MISSING].reason == "TICKET_NOT_FOUND"
    assert answers[foreign].code == answers[MISSING].code == 5
    assert answers[foreign].message.replace(foreign, "") == answers[MISSING].message.replace(
        MISSING, ""
    )


def test_a_stale_etag(mesh: Installation) -> None:
    agent = Grpc(mesh, "acme", "agent")
    with mesh.rest("acme", "agent") as client:
        ticket = client.post("/v1/tickets", json={"subject": "Stale"}).json()
        path = f"/v1/tickets/{ticket['ticketId']}"
        client.patch(path, json={"subject": "Newer"}).raise_for_status()

        by_rest = client.patch(path, json={"subject": "Older", "etag": ticket["etag"]})
        stored = client.get(path).json()
    update = ticket_service_pb2.UpdateTicketRequest(
        ticket=ticket_pb2.Ticket(ticket_id=ticket["ticketId"], subject="Older", etag=ticket["etag"])
    )
    by_grpc = agent.refused(agent.tickets.UpdateTicket, update)

    assert by_rest.status_code == 409
    assert over_rest(by_rest) == by_grpc
    assert by_grpc.reason == "TICKET_CHANGED"
    assert stored["subject"] == "Newer"


def test_a_request_id_used_again(customer: Grpc, rest: httpx.Client) -> None:
    request_id = str(uuid.uuid4())
    first = rest.post(f"/v1/tickets?requestId={request_id}", json={"subject": "Once"}).json()
    again = rest.post(f"/v1/tickets?requestId={request_id}", json={"subject": "Once"}).json()
    other = rest.post(f"/v1/tickets?requestId={request_id}", json={"subject": "Other"})
    by_grpc = customer.refused(
        customer.tickets.CreateTicket,
        ticket_service_pb2.CreateTicketRequest(
            ticket=ticket_pb2.Ticket(subject="Other"), request_id=request_id
        ),
    )

    assert first == again
    assert over_rest(other) == by_grpc
    assert by_grpc.reason == "REQUEST_ID_REUSED"


def test_a_missing_token(mesh: Installation) -> None:
    nobody = Grpc(mesh, "")
    with mesh.rest() as client:
        answer = client.get("/v1/tickets")
    by_grpc = nobody.refused(nobody.tickets.ListTickets, ticket_service_pb2.ListTicketsRequest())

    assert answer.status_code == 401
    assert over_rest(answer).code == by_grpc.code == 16


@pytest.mark.parametrize("spoil", ["forge", "truncate", "empty"])
def test_a_token_that_is_no_token(mesh: Installation, spoil: str) -> None:
    good = mesh.token("acme")
    bad = {
        "forge": good[:-8] + ("A" * 8 if not good.endswith("A" * 8) else "B" * 8),
        "truncate": good.rsplit(".", 1)[0],
        "empty": "x",
    }[spoil]
    with httpx.Client(base_url=mesh.url, headers={"authorization": f"Bearer {bad}"}) as client:
        answer = client.get("/v1/tickets")

    assert answer.status_code == 401
    assert over_rest(answer).code == 16


def test_a_permission_that_the_role_lacks(customer: Grpc, rest: httpx.Client) -> None:
    answer = rest.post(f"/v1/tickets/{MISSING}:assign", json={})
    by_grpc = customer.refused(
        customer.tickets.AssignTicket, ticket_service_pb2.AssignTicketRequest(ticket_id=MISSING)
    )

    assert answer.status_code == 403
    assert over_rest(answer) == by_grpc
    assert by_grpc.reason == "PERMISSION_MISSING"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v1/tickets", '{"subject": "x", "colour": "red"}', 400),
        ("/v1/tickets?colour=red", '{"subject": "x"}', 400),
        ("/v1/tickets", '{"subject": ', 400),
        ("/v1/tickets", '{"subject": {"a": 1}}', 400),
        ("/v1/tickets", '{"subject": "' + "x" * 4_000_000 + '"}', 413),
        ("/v1/tickts", '{"subject": "x"}', 404),
        (f"/v1/tickets/{MISSING}:explode", "{}", 404),
    ],
    ids=[
        "unknown field",
        "unknown query parameter",
        "malformed JSON",
        "wrong type",
        "oversized body",
        "unknown route",
        "unknown verb",
    ],
)
def test_a_request_that_is_no_call(rest: httpx.Client, path: str, body: str, status: int) -> None:
    answer = rest.post(path, content=body, headers={"content-type": "application/json"})

    assert answer.status_code == status, answer.text
    assert over_rest(answer).message


def test_an_unknown_method_over_grpc(mesh: Installation) -> None:
    channel = grpc.insecure_channel(mesh.url.removeprefix("http://"))
    call: Any = channel.unary_unary("/helpdesk.ticket.v1.TicketService/Explode")
    token = mesh.token("acme")

    with pytest.raises(grpc.RpcError) as caught:
        call(b"", metadata=(("authorization", f"Bearer {token}"),), timeout=10)

    assert isinstance(caught.value, grpc.Call)
    assert caught.value.code() in (grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.NOT_FOUND)


def test_an_answer_over_grpc_and_rest_is_the_same_resource(
    customer: Grpc, rest: httpx.Client
) -> None:
    made = rest.post("/v1/tickets", json={"subject": "Same"}).json()
    request = ticket_service_pb2.GetTicketRequest(ticket_id=made["ticketId"])

    by_grpc = customer.tickets.GetTicket(request, metadata=customer.metadata, timeout=10)

    assert json.loads(json.dumps(MessageToDict(by_grpc))).items() <= made.items()
