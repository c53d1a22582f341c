"""Headers that claim to be somebody else, at the gateway and at each service's own port."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from google.protobuf.json_format import Parse
from google.protobuf.message import Message

from helpdesk.auth.v1 import token_service_pb2
from helpdesk.chat.v1 import chat_pb2
from helpdesk.search.v1 import search_service_pb2
from helpdesk.ticket.v1 import ticket_pb2, ticket_service_pb2
from tests.security.doors import Answer, GrpcDoor, refusal_of
from tests.security.http import http_request
from tests.security.identity_headers import Metadata, Victim, spellings
from tests.security.kinds import DOCUMENT
from tests.security.mutation import Change, changed_tree
from tests.security.requests import a_request
from tests.security.rpcs import Rpc, rpc
from tests.security.section import Control, Figure, Outcome, Scale, Section
from tests.security.stage import SERVICES, House, Stage, running_stage

FIGURE = Figure("spoofed identity headers, gateway and direct port", "0 believed", 60)

_AT_ONCE = 16

BELIEVING_A_HEADER = Change(
    "services/mesh/interceptors/token.py",
    "            claims = await authority.verify(text)\n",
    "            claims = await authority.verify(text)\n"
    "            call = call_or_none()\n"
    '            spoken = call.one("x-tenant-id") if call else None\n'
    "            claims = replace(claims, tenant_id=spoken or claims.tenant_id)\n",
)


@dataclass(frozen=True)
class Ours:
    """Who the token names, and what there is to see for them."""

    tenant_id: str
    user_id: str
    document_id: str


Shows = Callable[[Any, Ours], bool]
Send = Callable[[str, Rpc, Message, Metadata], Awaitable[Answer | None]]


class Attempt(Enum):
    IMPOSSIBLE = "the protocol cannot say this"
    REFUSED = "refused"
    ANSWERED = "answered"


@dataclass(frozen=True)
class Gate:
    name: str
    area: str
    """The service that is asked behind it."""
    send: Send


def _identity(reply: token_service_pb2.Identity, ours: Ours) -> bool:
    return (reply.tenant.tenant_id, reply.user.user_id) == (ours.tenant_id, ours.user_id)


def _ticket(reply: ticket_pb2.Ticket, ours: Ours) -> bool:
    return reply.requester_id == ours.user_id


def _conversation(reply: chat_pb2.ChatSession, ours: Ours) -> bool:
    return reply.user_id == ours.user_id


def _documents(reply: search_service_pb2.ListDocumentsResponse, ours: Ours) -> bool:
    return [document.document_id for document in reply.documents] == [ours.document_id]


# Of each service, an RPC whose answer shows for whom it acted.
_SHOWN_BY: dict[str, tuple[Rpc, Shows]] = {
    "auth": (rpc("GetIdentity"), _identity),
    "ticket": (rpc("CreateTicket"), _ticket),
    "chat": (rpc("CreateSession"), _conversation),
    "search": (rpc("ListDocuments"), _documents),
}


async def run(scale: Scale, seed: int) -> Outcome:
    async with running_stage() as stage:
        outcome = await attack(stage)
    with changed_tree(BELIEVING_A_HEADER) as tree:
        async with running_stage(tree=tree) as stage:
            found = await attack(stage)
    control = Control("the rule that only the token speaks", caught=bool(found.failures))
    return Outcome(outcome.count, outcome.failures, control, outcome.details)


async def attack(stage: Stage) -> Outcome:
    ours, theirs = [await stage.build_house({"agent": "agent"}) for _ in range(2)]
    document_id, _ = [
        await DOCUMENT.make(stage, house, house["agent"], "existing") for house in (ours, theirs)
    ]
    us = Ours(ours.tenant_id, ours["agent"].user_id, document_id)
    tried = spellings(await _victim(stage, theirs))
    free = asyncio.Semaphore(_AT_ONCE)

    async def attempt(door: Gate, spelling: Metadata) -> tuple[Attempt, str]:
        asked, shows = _SHOWN_BY[door.area]
        async with free:
            token = await stage.token(ours["agent"])
            answer = await door.send(token, asked, a_request(asked, {}), spelling)
        if answer is None:
            return Attempt.IMPOSSIBLE, ""
        if answer.reply is None:
            # A refusal of what the caller may do speaks of somebody else, too. Envoy's reset of a
            # stream whose header has an underscore, or of two tokens, does not.
            is_fair = answer.reason in ("", "GATEWAY", "TOKEN_INVALID", "TOKEN_MISSING")
            return Attempt.REFUSED, "" if is_fair else f"{door.name}: {answer} for {spelling}"
        is_ours = shows(answer.reply, us)
        return Attempt.ANSWERED, "" if is_ours else f"{door.name}, {asked.name}: {spelling}"

    tries = [attempt(door, spelling) for spelling in tried for door in _gates(stage)]
    attempts = await asyncio.gather(*tries)
    count = Counter(kind for kind, _ in attempts)
    failures = [failure for _, failure in attempts if failure]
    planted = await stage.must(
        theirs["admin"], "ListTickets", ticket_service_pb2.ListTicketsRequest()
    )
    assert isinstance(planted, ticket_service_pb2.ListTicketsResponse)
    failures += [f"a ticket of ours stands in their house: {one}" for one in planted.tickets]
    detail = (
        f"{len(tried)} spellings at {len(_gates(stage))} doors: {count[Attempt.ANSWERED]:,} calls "
        f"answered to whom the token names, {count[Attempt.REFUSED]:,} refused"
    )
    return Outcome(len(tried), failures, Control("", caught=True), [detail])


async def _victim(stage: Stage, house: House) -> Victim:
    agent = house["agent"]
    return Victim(house.tenant_id, agent.user_id, agent.email, await stage.token(agent))


def _gates(stage: Stage) -> list[Gate]:
    gates = []
    for area in SERVICES:
        direct = GrpcDoor(stage.service_channels[area], area)
        gates.append(Gate("REST at the gateway", area, _over_rest(stage)))
        gates.append(Gate("gRPC at the gateway", area, _over_grpc(stage.grpc_door)))
        gates.append(Gate(f"{area}'s own port", area, _over_grpc(direct)))
    return gates


def _over_rest(stage: Stage) -> Send:
    async def send(token: str, asked: Rpc, request: Message, spelling: Metadata) -> Answer | None:
        if any(isinstance(value, bytes) for _, value in spelling):
            return None
        headers = [("authorization", f"Bearer {token}"), *((k, str(v)) for k, v in spelling)]
        answer = await stage.rest.send(http_request(asked.bindings[0], request), headers)
        if answer.status != 200:
            return refusal_of(answer)
        reply = Parse(answer.body, asked.reply_type(), ignore_unknown_fields=True)
        return Answer("OK", "", answer.body.decode(), 0, reply)

    return send


def _over_grpc(door: GrpcDoor) -> Send:
    async def send(token: str, asked: Rpc, request: Message, spelling: Metadata) -> Answer | None:
        # gRPC writes names in small letters only.
        if any(name != name.lower() for name, _ in spelling):
            return None
        metadata = (("authorization", f"Bearer {token}"), *spelling)
        return await door.call_with(metadata, asked, request)

    return send


SECTION = Section("headers", FIGURE, run)
