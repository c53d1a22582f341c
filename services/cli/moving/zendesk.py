"""Tickets out of Zendesk's JSON exports."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from helpdesk.ticket.v1 import ticket_pb2
from services.cli.moving.foreign import (
    Object,
    name_of,
    needed,
    objects_in,
    one_line,
    one_of,
    tags_of,
    text_of,
    text_of_html,
    tickets_of,
    time_of,
)
from services.cli.moving.record import Person, TicketRecord, Unusable
from services.cli.moving.sources import Entry

SOURCE = "zendesk"

STATUSES: Mapping[str, ticket_pb2.TicketStatus.ValueType] = MappingProxyType(
    {
        "new": ticket_pb2.TICKET_STATUS_NEW,
        "open": ticket_pb2.TICKET_STATUS_OPEN,
        "pending": ticket_pb2.TICKET_STATUS_PENDING,
        "hold": ticket_pb2.TICKET_STATUS_PENDING,
        "solved": ticket_pb2.TICKET_STATUS_RESOLVED,
        "closed": ticket_pb2.TICKET_STATUS_CLOSED,
    }
)
PRIORITIES: Mapping[str, ticket_pb2.TicketPriority.ValueType] = MappingProxyType(
    {
        "": ticket_pb2.TICKET_PRIORITY_UNSPECIFIED,
        "low": ticket_pb2.TICKET_PRIORITY_LOW,
        "normal": ticket_pb2.TICKET_PRIORITY_NORMAL,
        "high": ticket_pb2.TICKET_PRIORITY_HIGH,
        "urgent": ticket_pb2.TICKET_PRIORITY_URGENT,
    }
)
TYPES: Mapping[str, ticket_pb2.TicketType.ValueType] = MappingProxyType(
    {
        "": ticket_pb2.TICKET_TYPE_UNSPECIFIED,
        "question": ticket_pb2.TICKET_TYPE_QUESTION,
        "incident": ticket_pb2.TICKET_TYPE_INCIDENT,
        "problem": ticket_pb2.TICKET_TYPE_PROBLEM,
        "task": ticket_pb2.TICKET_TYPE_TASK,
    }
)


def zendesk_entries(file: Path) -> Iterator[Entry]:
    tickets, users, fields = tickets_of(file)
    titles = {text_of(each, "id"): text_of(each, "title") for each in fields}
    listed = {text_of(user, "id"): _person(user) for user in users}
    for place, said in tickets:
        if isinstance(said, Unusable):
            yield Entry(place, reason=str(said))
        elif not isinstance(said, dict):
            yield Entry(place, reason="it is no JSON object")
        else:
            yield _entry(place, said, listed, titles)


def _entry(
    place: str, said: Object, listed: Mapping[str, Person], titles: Mapping[str, str]
) -> Entry:
    foreign_id = str(said.get("id", ""))[:64]
    try:
        needed(said, "id")
        tags, notes = tags_of(said)
        people = dict(listed)
        ticket = ticket_pb2.Ticket(
            number=_number(foreign_id),
            subject=one_line(text_of(said, "subject") or text_of(said, "description")),
            status=one_of(STATUSES, said, "status"),
            priority=one_of(PRIORITIES, said, "priority"),
            ticket_type=one_of(TYPES, said, "type"),
            requester_id=_named(said, "requester", people),
            assignee_id=_named(said, "assignee", people),
            tags=tags,
            queue=_queue(said),
            create_time=time_of(said, "created_at"),
            update_time=time_of(said, "updated_at"),
        )
        comments = [
            _comment(f"comments[{number}]", each, people)
            for number, each in enumerate(objects_in(said, "comments"))
        ]
        ticket.follower_ids.extend(map(str, _list(said, "follower_ids")))
    except Unusable as reason:
        return Entry(place, foreign_id, reason=str(reason))
    # The first comment is the request itself.
    first = comments[0] if comments else None
    description = text_of(said, "description")
    if first is not None and not first.internal and first.author_id == ticket.requester_id:
        ticket.body = first.body
        comments = comments[1:]
    else:
        ticket.body = description
    notes += _notes(said)
    record = TicketRecord(ticket, comments, people=people)
    return Entry(place, foreign_id, record, notes=(*notes,), fields=_custom_fields(said, titles))


def _comment(name: str, said: Object, people: dict[str, Person]) -> ticket_pb2.Comment:
    body = text_of(said, "plain_body") or text_of(said, "body")
    if not body.strip():
        body = text_of_html(text_of(said, "html_body"))
    if not body.strip():
        body = "(an empty comment)"
    try:
        return ticket_pb2.Comment(
            author_id=_named(said, "author", people),
            body=body,
            internal=said.get("public") is False,
            create_time=time_of(said, "created_at"),
        )
    except Unusable as reason:
        raise Unusable(f"{name}.{reason}") from None


def _named(said: Object, name: str, people: dict[str, Person]) -> str:
    """By an object in its place, else by an id that the file's users say more of."""
    whole = said.get(name)
    if isinstance(whole, dict):
        user_id = needed(whole, "id")
        people[user_id] = _person(whole)
        return user_id
    return text_of(said, f"{name}_id")


def _person(said: Object) -> Person:
    return Person(text_of(said, "email"), text_of(said, "name"))


def _queue(said: Object) -> str:
    group = said.get("group")
    return name_of(text_of(group, "name")) if isinstance(group, dict) else ""


def _list(said: Object, name: str) -> list[object]:
    value = said.get(name) or []
    if not isinstance(value, list):
        raise Unusable(f"{name}: is no list")
    return value


def _number(foreign_id: str) -> int:
    return int(foreign_id) if foreign_id.isdecimal() and len(foreign_id) < 9 else 0  # noqa: PLR2004


def _custom_fields(said: Object, titles: Mapping[str, str]) -> dict[str, object]:
    """By the titles of the file's `ticket_fields`, else by their ids."""
    fields = said.get("custom_fields") or said.get("fields") or []
    found: dict[str, object] = {}
    for field in fields if isinstance(fields, list) else []:
        if isinstance(field, dict) and field.get("value") not in (None, "", []):
            field_id = str(field.get("id"))
            found[titles.get(field_id) or field_id] = field["value"]
    return found


def _notes(said: Object) -> list[str]:
    notes = []
    if any(each.get("attachments") for each in objects_in(said, "comments")):
        notes.append("attachments")
    if said.get("satisfaction_rating"):
        notes.append("the satisfaction rating")
    return notes
