"""A ticket that comes from elsewhere: its log as it was told, and a last entry that says so.

What was told may leave values out, and nobody can tell whether it is true. So the last entry keeps
all that the ticket is, and the ticket is still what its log says.
"""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, replace
from types import MappingProxyType

from services.mesh.caller import UserId
from services.ticket.domain.fields import FieldDefinition, checked, split_by_audience, with_fields
from services.ticket.domain.log import (
    FIELDS,
    INTERNAL_FIELDS,
    WHOLE,
    Change,
    TicketEvent,
    TicketEventKind,
    event_of,
)
from services.ticket.domain.rules import touched
from services.ticket.domain.ticket import Act, Comment, Ticket, TicketStatus

# Behind it there are as many again for the tickets that are opened here.
LARGEST_KEPT_NUMBER = 99_999_999

_NOBODY = UserId("")
_NEEDED = frozenset(
    field.name
    for field in fields(Ticket)
    if field.default is MISSING and field.default_factory is MISSING
)
_STEPS = MappingProxyType(
    {
        TicketStatus.PENDING: TicketEventKind.PENDED,
        TicketStatus.RESOLVED: TicketEventKind.RESOLVED,
        TicketStatus.CLOSED: TicketEventKind.CLOSED,
    }
)


@dataclass(frozen=True)
class Origin:
    """Where a ticket comes from: the same origin is the same ticket."""

    source: str
    foreign_id: str


@dataclass(frozen=True)
class History:
    """A ticket with all that happened to it before it came."""

    ticket: Ticket
    comments: tuple[Comment, ...]
    events: tuple[TicketEvent, ...]


def imported(history: History, act: Act, origin: Origin) -> History:
    """Makes up the events where none were told, from what the ticket and its comments say."""
    ticket, comments = history.ticket, history.comments
    told = _retold(history.events, ticket) if history.events else _made_up(ticket, comments, origin)
    ticket = replace(ticket, revision=sum(not event.is_internal for event in told) + 1)
    cause = f"imported from {origin.source}: {origin.foreign_id}"
    coming = event_of(None, ticket, TicketEventKind.IMPORTED, act, cause=cause)
    return History(ticket, comments, (*told, replace(coming, is_internal=True)))


def has_fields(history: History) -> bool:
    return bool(history.ticket.fields) or any(
        name.startswith(f"{FIELDS}.") for event in history.events for name in event.changes or ()
    )


def with_own_fields(history: History, definitions: Sequence[FieldDefinition]) -> History:
    """Looks at the ticket's own fields, which all were told as if customers saw them.

    A field that is retired keeps what it had. What the log tells of a field that there is not, or
    tells customers of one that is not theirs, is left out of it.
    """
    values = checked(definitions, history.ticket.fields, retired_too=True)
    public, internal = split_by_audience(definitions, values)
    ticket = replace(
        history.ticket, fields=with_fields({}, public), internal_fields=with_fields({}, internal)
    )
    names = {
        f"{FIELDS}.{field.key}": f"{FIELDS if field.is_for_customers else INTERNAL_FIELDS}"
        f".{field.key}"
        for field in definitions
    }
    events = tuple(_with_names(event, names) for event in history.events)
    return History(ticket, history.comments, events)


def _with_names(event: TicketEvent, names: Mapping[str, str]) -> TicketEvent:
    def named(name: str) -> str | None:
        if not name.startswith(f"{FIELDS}."):
            return name
        own = names.get(name)
        is_told = own is not None and (event.is_internal or own == name)
        return own if is_told else None

    changes = event.changes
    if changes is not None:
        changes = {own: changes[name] for name in changes if (own := named(name)) is not None}
    told = tuple(own for name in event.changed_fields if (own := named(name)) is not None)
    return replace(event, changes=changes, changed_fields=told)


def _retold(events: Sequence[TicketEvent], ticket: Ticket) -> list[TicketEvent]:
    """Writes down again what every change moves, which is not told."""
    told: list[TicketEvent] = []
    revision = 0
    for event in events:
        revision += not event.is_internal
        changes = event.changes
        moved = {"update_time": event.create_time, "revision": max(revision, 1)}
        if changes is not None and event.kind in WHOLE:
            born = {
                "ticket_id": ticket.ticket_id,
                "number": ticket.number,
                "create_time": ticket.create_time,
            }
            changes = {**changes, **born, **moved}
            changes = changes if changes.keys() >= _NEEDED else None
        elif changes is not None and not event.is_internal:
            changes = {**changes, **moved}
        told.append(replace(event, changes=changes))
    return told


def _made_up(ticket: Ticket, comments: Sequence[Comment], origin: Origin) -> list[TicketEvent]:
    act = Act(ticket.requester_id, ticket.create_time)
    now = replace(
        ticket,
        status=TicketStatus.NEW,
        assignee_id=None,
        follower_ids=(),
        internal_fields={},
        update_time=act.time,
        revision=1,
    )
    events = [event_of(None, now, TicketEventKind.OPENED, act, cause=now.priority_rule)]
    for comment in comments:
        act = Act(comment.author_id, comment.create_time)
        after = now if comment.is_internal else touched(now, act)
        event = event_of(now, after, TicketEventKind.COMMENTED, act)
        events.append(
            replace(event, comment_id=comment.comment_id, is_internal=comment.is_internal)
        )
        now = after
    for change in _steps(now, ticket, f"as {origin.source} says"):
        events.extend(change.events)
    return events


def _steps(now: Ticket, ticket: Ticket, cause: str) -> list[Change]:
    """From a new ticket to what it is; who did that, and when, was not told."""
    act = Act(_NOBODY, ticket.update_time)
    changes = []
    if ticket.assignee_id is not None:
        status = now.status if ticket.status is now.status else TicketStatus.OPEN
        after = touched(replace(now, assignee_id=ticket.assignee_id, status=status), act)
        event = event_of(now, after, TicketEventKind.ASSIGNED, act, cause=cause)
        changes.append(Change(now, after, (event,)))
        now = after
    if ticket.status is not now.status:
        after = touched(replace(now, status=ticket.status), act)
        kind = _STEPS.get(ticket.status, TicketEventKind.UPDATED)
        changes.append(Change(now, after, (event_of(now, after, kind, act, cause=cause),)))
    return changes
