"""Tickets out of Zammad: what its API tells with `expand=true`, articles with each ticket."""

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

SOURCE = "zammad"

STATES: Mapping[str, ticket_pb2.TicketStatus.ValueType] = MappingProxyType(
    {
        "new": ticket_pb2.TICKET_STATUS_NEW,
        "open": ticket_pb2.TICKET_STATUS_OPEN,
        "pending reminder": ticket_pb2.TICKET_STATUS_PENDING,
        "pending close": ticket_pb2.TICKET_STATUS_PENDING,
        "closed": ticket_pb2.TICKET_STATUS_CLOSED,
        "merged": ticket_pb2.TICKET_STATUS_CLOSED,
    }
)
PRIORITIES: Mapping[str, ticket_pb2.TicketPriority.ValueType] = MappingProxyType(
    {
        "": ticket_pb2.TICKET_PRIORITY_UNSPECIFIED,
        "1 low": ticket_pb2.TICKET_PRIORITY_LOW,
        "2 normal": ticket_pb2.TICKET_PRIORITY_NORMAL,
        "3 high": ticket_pb2.TICKET_PRIORITY_HIGH,
    }
)
_NOBODY = frozenset({"", "-"})
_KNOWN = frozenset(
    {"id", "number", "title", "group", "state", "priority", "customer", "owner", "tags", "note"}
    | {"created_at", "updated_at", "articles", "organization", "type", "preferences"}
)
# What Zammad counts and remembers for itself.
_OF_ITS_OWN = ("_at", "_id", "_ids", "_count", "_by", "_diff_in_min", "_in_min", "_time", "_times")


def zammad_entries(file: Path) -> Iterator[Entry]:
    tickets, users, _ = tickets_of(file)
    people = {}
    for user in users:
        email = text_of(user, "email") or text_of(user, "login")
        name = f"{text_of(user, 'firstname')} {text_of(user, 'lastname')}".strip()
        people[email] = Person(email, name)
    for place, said in tickets:
        if isinstance(said, Unusable):
            yield Entry(place, reason=str(said))
        elif not isinstance(said, dict):
            yield Entry(place, reason="it is no JSON object")
        else:
            yield _entry(place, said, people)


def _entry(place: str, said: Object, listed: Mapping[str, Person]) -> Entry:
    foreign_id = str(said.get("id", ""))[:64]
    try:
        needed(said, "id")
        tags, notes = tags_of(said)
        customer = needed(said, "customer")
        owner = text_of(said, "owner")
        ticket = ticket_pb2.Ticket(
            subject=one_line(needed(said, "title")),
            status=one_of(STATES, said, "state"),
            priority=one_of(PRIORITIES, said, "priority"),
            requester_id=customer,
            assignee_id="" if owner in _NOBODY else owner,
            tags=tags,
            queue=name_of(text_of(said, "group")),
            create_time=time_of(said, "created_at"),
            update_time=time_of(said, "updated_at"),
        )
        articles = objects_in(said, "articles")
        comments = [_comment(f"articles[{n}]", each, customer) for n, each in enumerate(articles)]
    except Unusable as reason:
        return Entry(place, foreign_id, reason=str(reason))
    # The first article is the request itself, whoever took it down.
    if comments and not comments[0].internal:
        ticket.body = comments[0].body
        comments = comments[1:]
    named = {ticket.requester_id, ticket.assignee_id, *(each.author_id for each in comments)}
    people = {email: listed.get(email, Person(email)) for email in named - {""}}
    notes += _notes(said, articles)
    record = TicketRecord(ticket, comments, people=people)
    return Entry(place, foreign_id, record, notes=(*notes,), fields=_custom_fields(said))


def _comment(name: str, said: Object, customer: str) -> ticket_pb2.Comment:
    body = text_of(said, "body")
    if "html" in text_of(said, "content_type"):
        body = text_of_html(body)
    try:
        return ticket_pb2.Comment(
            # What came in by itself, as a mail does, is the customer's.
            author_id=text_of(said, "created_by") or customer,
            body=body if body.strip() else "(an empty article)",
            internal=said.get("internal") is True,
            create_time=time_of(said, "created_at"),
        )
    except Unusable as reason:
        raise Unusable(f"{name}.{reason}") from None


def _custom_fields(said: Object) -> dict[str, object]:
    """Its attributes stand beside all others."""
    return {
        name: value
        for name, value in sorted(said.items())
        if value not in (None, "", [], {}, False)
        and name not in _KNOWN
        and not name.endswith(_OF_ITS_OWN)
    }


def _notes(said: Object, articles: list[Object]) -> list[str]:
    notes = []
    if any(each.get("attachments") for each in articles):
        notes.append("attachments")
    if text_of(said, "state").casefold() == "merged":
        notes.append("that it was merged into another ticket")
    return notes
