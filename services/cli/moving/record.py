"""One ticket as one line of a file: what the contract says of it, and who the people in it are."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from google.protobuf.json_format import MessageToDict, ParseDict, ParseError
from google.protobuf.message import Message

from helpdesk.ticket.v1 import attachment_pb2, ticket_pb2

MARK = "ticket"

AnyMessage = TypeVar("AnyMessage", bound=Message)


class Unusable(Exception):
    """Why a ticket of a file cannot be brought in."""


@dataclass(frozen=True)
class Person:
    email: str
    name: str = ""


@dataclass(frozen=True)
class TicketRecord:
    """`people` are those that the ids in it name, as far as they are known."""

    ticket: ticket_pb2.Ticket
    comments: list[ticket_pb2.Comment] = field(default_factory=list)
    events: list[ticket_pb2.TicketEvent] = field(default_factory=list)
    attachments: list[attachment_pb2.Attachment] = field(default_factory=list)
    people: Mapping[str, Person] = field(default_factory=dict)


def named_in(
    ticket: ticket_pb2.Ticket,
    comments: Iterable[ticket_pb2.Comment],
    events: Iterable[ticket_pb2.TicketEvent],
    attachments: Iterable[attachment_pb2.Attachment],
) -> set[str]:
    """The ids of all people in it."""
    ids = {ticket.requester_id, ticket.assignee_id, *ticket.follower_ids}
    ids.update(comment.author_id for comment in comments)
    ids.update(attachment.author_id for attachment in attachments)
    for event in events:
        ids.update((event.actor_id, event.assignee_id, event.changes.assignee_id))
        ids.update((event.changes.requester_id, *event.changes.follower_ids))
    return ids - {""}


def line_of(record: TicketRecord) -> str:
    said = {
        "helpdesk": MARK,
        "ticket": _json(record.ticket),
        "comments": [*map(_json, record.comments)],
        "events": [*map(_json, record.events)],
        "attachments": [*map(_json, record.attachments)],
        "people": {
            user_id: {"email": person.email, "name": person.name}
            for user_id, person in sorted(record.people.items())
        },
    }
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")) + "\n"


def _json(message: Message) -> object:
    return MessageToDict(message)


def record_from(said: Mapping[str, object]) -> TicketRecord:
    """Undoes `line_of`. Raises Unusable."""
    if said.get("helpdesk") != MARK:
        raise Unusable("it is no ticket of an export")
    people = said.get("people", {})
    if not isinstance(people, Mapping):
        raise Unusable("people: is no object")
    ticket = message_of(ticket_pb2.Ticket, "ticket", said.get("ticket"))
    if not ticket.ticket_id:
        raise Unusable("ticket.ticketId: is missing")
    for name in ("create_time", "update_time"):
        if not ticket.HasField(name):
            raise Unusable(f"ticket.{name}: is missing")
    return TicketRecord(
        ticket,
        _messages(ticket_pb2.Comment, "comments", said),
        _messages(ticket_pb2.TicketEvent, "events", said),
        _messages(attachment_pb2.Attachment, "attachments", said),
        {str(user_id): _person(f"people.{user_id}", each) for user_id, each in people.items()},
    )


def _person(name: str, said: object) -> Person:
    if not isinstance(said, Mapping) or not isinstance(said.get("email"), str):
        raise Unusable(f"{name}: has no email")
    return Person(said["email"], str(said.get("name", "")))


def _messages(kind: type[AnyMessage], name: str, said: Mapping[str, object]) -> list[AnyMessage]:
    parts = said.get(name, [])
    if not isinstance(parts, list):
        raise Unusable(f"{name}: is no list")
    return [message_of(kind, f"{name}[{place}]", part) for place, part in enumerate(parts)]


def message_of(kind: type[AnyMessage], name: str, said: object) -> AnyMessage:
    if not isinstance(said, dict):
        raise Unusable(f"{name}: is missing" if said is None else f"{name}: is no object")
    message = kind()
    try:
        ParseDict(said, message)
    except ParseError as error:
        raise Unusable(f"{name}: {error}") from None
    return message
