"""A ticket's log: what each event changed, and the ticket that all of them make."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any, cast

from services.mesh.caller import UserId
from services.ticket.domain.attachment import Attachment
from services.ticket.domain.fields import FieldChanges, changed_fields, with_fields
from services.ticket.domain.ticket import Act, Comment, Ticket, TicketStatus

# They say nothing about what a change was, or nothing that another does not say.
_BOOKKEEPING = frozenset(
    {"ticket_id", "number", "create_time", "update_time", "revision", "merged_into_own"}
)


class TicketEventKind(StrEnum):
    OPENED = "OPENED"
    UPDATED = "UPDATED"
    COMMENTED = "COMMENTED"
    ASSIGNED = "ASSIGNED"
    PENDED = "PENDED"
    RESOLVED = "RESOLVED"
    REOPENED = "REOPENED"
    CLOSED = "CLOSED"
    SNAPSHOT = "SNAPSHOT"
    FOLLOWED = "FOLLOWED"
    LINKED = "LINKED"
    UNLINKED = "UNLINKED"
    MERGED = "MERGED"
    ABSORBED = "ABSORBED"
    SPLIT = "SPLIT"
    RATED = "RATED"
    FIELDS_SET = "FIELDS_SET"
    SLA_AMBER = "SLA_AMBER"
    SLA_RED = "SLA_RED"
    SLA_BREACHED = "SLA_BREACHED"
    IMPORTED = "IMPORTED"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    ATTACHMENT_ADDED = "ATTACHMENT_ADDED"
    ATTACHMENT_REMOVED = "ATTACHMENT_REMOVED"


class LinkKind(IntEnum):
    """What a ticket is to another."""

    DUPLICATE_OF = 1
    BLOCKS = 2
    CHILD_OF = 3
    SPLIT_FROM = 4


# They say all that the ticket is, whatever was before.
WHOLE = frozenset({TicketEventKind.OPENED, TicketEventKind.SNAPSHOT, TicketEventKind.IMPORTED})

Changes = Mapping[str, object]
"""New values by the names of a ticket's fields; each of the tenant's own is named for itself,
`fields.due_date`, and is None where it was taken away."""

FIELDS, INTERNAL_FIELDS = "fields", "internal_fields"


@dataclass(frozen=True)
class TicketEvent:
    """One entry of a ticket's log. Its `seq` is 0 until the store has given it its place.

    `changes` of None are not known: the entry is older than the log's values. A `cause` is said
    where somebody's deed alone does not explain the change.
    """

    ticket_id: str
    kind: TicketEventKind
    actor_id: UserId
    create_time: datetime
    status: TicketStatus
    assignee_id: UserId | None
    comment_id: str | None = None
    changed_fields: tuple[str, ...] = ()
    is_internal: bool = False
    seq: int = 0
    changes: Changes | None = None
    cause: str = ""
    other_ticket_id: str | None = None
    link_kind: LinkKind | None = None
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True)
class Change:
    """What a rule decided, to be kept as a whole or not at all. A new ticket was nothing before."""

    before: Ticket | None
    ticket: Ticket
    events: tuple[TicketEvent, ...] = ()
    comment: Comment | None = None
    # As they are from now on, and those that are no longer there.
    attachments: tuple[Attachment, ...] = ()
    removed: tuple[Attachment, ...] = ()


class LogIncompleteError(Exception):
    """The log does not say all that the ticket is."""


def fold(events: Iterable[TicketEvent]) -> Ticket:
    """Makes the ticket out of all of its events, in their order, and out of nothing else.

    What came before an opening, a snapshot or an import may be unknown; of what comes after it
    nothing may.
    Raises LogIncompleteError otherwise.
    """
    ticket: Ticket | None = None
    for event in events:
        if event.kind in WHOLE and event.changes:
            ticket = _changed(None, event.changes)
        elif event.changes is None or ticket is None:
            ticket = None
        else:
            ticket = _changed(ticket, event.changes)
    if ticket is None:
        raise LogIncompleteError
    return ticket


def changes_between(before: Ticket | None, after: Ticket) -> Changes:
    names = (field.name for field in fields(Ticket) if field.name not in (FIELDS, INTERNAL_FIELDS))
    changes = {
        name: getattr(after, name)
        for name in names
        if before is None or getattr(before, name) != getattr(after, name)
    }
    for name in (FIELDS, INTERNAL_FIELDS):
        known = getattr(before, name) if before is not None else {}
        for key, value in changed_fields(known, getattr(after, name)).items():
            changes[f"{name}.{key}"] = value
    return changes


def _changed(ticket: Ticket | None, changes: Changes) -> Ticket:
    plain: dict[str, Any] = {name: value for name, value in changes.items() if "." not in name}
    changed = Ticket(**plain) if ticket is None else replace(ticket, **plain)
    return replace(
        changed,
        fields=with_fields(changed.fields, _own_changes(changes, FIELDS)),
        internal_fields=with_fields(
            changed.internal_fields, _own_changes(changes, INTERNAL_FIELDS)
        ),
    )


def _own_changes(changes: Changes, prefix: str) -> FieldChanges:
    own = {name for name in changes if name.startswith(f"{prefix}.")}
    return cast("FieldChanges", {name.partition(".")[2]: changes[name] for name in own})


def event_of(
    before: Ticket | None, after: Ticket, kind: TicketEventKind, act: Act, *, cause: str = ""
) -> TicketEvent:
    changes = changes_between(before, after)
    return TicketEvent(
        ticket_id=after.ticket_id,
        kind=kind,
        actor_id=act.actor_id,
        create_time=act.time,
        status=after.status,
        assignee_id=after.assignee_id,
        changed_fields=tuple(sorted(changes.keys() - _BOOKKEEPING)),
        changes=changes,
        cause=cause,
    )
