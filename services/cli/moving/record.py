"""One ticket as one line of a file: what the contract says of it, and who the people in it are."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

from helpdesk.ticket.v1 import ticket_pb2

MARK = "ticket"


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
    people: Mapping[str, Person] = field(default_factory=dict)


def named_in(
    ticket: ticket_pb2.Ticket,
    comments: Iterable[ticket_pb2.Comment],
    events: Iterable[ticket_pb2.TicketEvent],
) -> set[str]:
    """The ids of all people in it."""
    ids = {ticket.requester_id, ticket.assignee_id, *ticket.follower_ids}
    ids.update(comment.author_id for comment in comments)
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
        "people": {
            user_id: {"email": person.email, "name": person.name}
            for user_id, person in sorted(record.people.items())
        },
    }
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")) + "\n"


def _json(message: Message) -> object:
    return MessageToDict(message)
