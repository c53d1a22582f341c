"""Ticket, its statuses, and the rules of moving between them.

A rule takes a ticket and returns a Change: the ticket afterwards and the events that say what
happened. A rule that has nothing to do returns the ticket as it was and no event.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum, StrEnum
from types import MappingProxyType

from services.mesh.caller import UserId
from services.ticket.errors import TicketChanged, TransitionNotAllowed


class TicketStatus(StrEnum):
    NEW = "NEW"
    OPEN = "OPEN"
    PENDING = "PENDING"
    RESOLVED = "RESOLVED"
    CLOSED = "CLOSED"


class TicketPriority(IntEnum):
    LOW = 1
    NORMAL = 2
    HIGH = 3
    URGENT = 4


class Verb(StrEnum):
    UPDATE = "update"
    COMMENT = "comment"
    ASSIGN = "assign"
    PEND = "pend"
    RESOLVE = "resolve"
    REOPEN = "reopen"
    CLOSE = "close"


_NEW, _OPEN, _PENDING, _RESOLVED, _CLOSED = TicketStatus

# What is not in here is refused; CLOSED has no way out.
TRANSITIONS: Mapping[tuple[TicketStatus, Verb], TicketStatus] = MappingProxyType(
    {
        (_NEW, Verb.UPDATE): _NEW,
        (_NEW, Verb.COMMENT): _NEW,
        (_NEW, Verb.ASSIGN): _OPEN,
        (_NEW, Verb.PEND): _PENDING,
        (_NEW, Verb.RESOLVE): _RESOLVED,
        (_OPEN, Verb.UPDATE): _OPEN,
        (_OPEN, Verb.COMMENT): _OPEN,
        (_OPEN, Verb.ASSIGN): _OPEN,
        (_OPEN, Verb.PEND): _PENDING,
        (_OPEN, Verb.RESOLVE): _RESOLVED,
        (_PENDING, Verb.UPDATE): _PENDING,
        (_PENDING, Verb.COMMENT): _PENDING,
        (_PENDING, Verb.ASSIGN): _PENDING,
        (_PENDING, Verb.RESOLVE): _RESOLVED,
        (_PENDING, Verb.REOPEN): _OPEN,
        (_RESOLVED, Verb.UPDATE): _RESOLVED,
        (_RESOLVED, Verb.COMMENT): _RESOLVED,
        (_RESOLVED, Verb.ASSIGN): _RESOLVED,
        (_RESOLVED, Verb.REOPEN): _OPEN,
        (_RESOLVED, Verb.CLOSE): _CLOSED,
    }
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


_EVENT_OF = MappingProxyType(
    {
        Verb.PEND: TicketEventKind.PENDED,
        Verb.RESOLVE: TicketEventKind.RESOLVED,
        Verb.REOPEN: TicketEventKind.REOPENED,
        Verb.CLOSE: TicketEventKind.CLOSED,
    }
)


@dataclass(frozen=True)
class TicketContent:
    """What a person writes into a ticket; a priority of None is one that was not given."""

    subject: str = ""
    body: str = ""
    priority: TicketPriority | None = None
    tags: tuple[str, ...] = ()

    @property
    def priority_or_normal(self) -> TicketPriority:
        return self.priority or TicketPriority.NORMAL

    @property
    def unique_tags(self) -> tuple[str, ...]:
        return tuple(sorted(set(self.tags)))


@dataclass(frozen=True)
class Ticket:
    ticket_id: str
    number: int
    subject: str
    body: str
    status: TicketStatus
    priority: TicketPriority
    requester_id: UserId
    assignee_id: UserId | None
    tags: tuple[str, ...]  # in alphabetical order, each once
    chat_session_id: str | None
    create_time: datetime
    update_time: datetime
    revision: int

    @property
    def etag(self) -> str:
        return f'"{self.revision}"'


@dataclass(frozen=True)
class Comment:
    comment_id: str
    ticket_id: str
    author_id: UserId
    body: str
    is_internal: bool
    create_time: datetime


@dataclass(frozen=True)
class TicketEvent:
    """One entry of a ticket's log. Its `seq` is 0 until the store has given it its place."""

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


@dataclass(frozen=True)
class Act:
    """Who does something, and when."""

    actor_id: UserId
    time: datetime


@dataclass(frozen=True)
class Change:
    """What a rule decided, to be kept as a whole or not at all. A new ticket was nothing before."""

    before: Ticket | None
    ticket: Ticket
    events: tuple[TicketEvent, ...] = ()
    comment: Comment | None = None


def opened(
    ticket_id: str, number: int, content: TicketContent, act: Act, chat_session_id: str | None
) -> Change:
    ticket = Ticket(
        ticket_id=ticket_id,
        number=number,
        subject=content.subject,
        body=content.body,
        status=TicketStatus.NEW,
        priority=content.priority_or_normal,
        requester_id=act.actor_id,
        assignee_id=None,
        tags=content.unique_tags,
        chat_session_id=chat_session_id,
        create_time=act.time,
        update_time=act.time,
        revision=1,
    )
    return Change(None, ticket, (_event(ticket, TicketEventKind.OPENED, act),))


def updated(ticket: Ticket, content: TicketContent, fields: frozenset[str], act: Act) -> Change:
    """Takes over `fields` of the content and leaves the rest as it was."""
    _require(ticket, Verb.UPDATE)
    after = replace(
        ticket,
        subject=content.subject if "subject" in fields else ticket.subject,
        body=content.body if "body" in fields else ticket.body,
        priority=content.priority_or_normal if "priority" in fields else ticket.priority,
        tags=content.unique_tags if "tags" in fields else ticket.tags,
    )
    changed = tuple(
        name
        for name in ("subject", "body", "priority", "tags")
        if getattr(after, name) != getattr(ticket, name)
    )
    if not changed:
        return Change(ticket, ticket)
    after = _touched(after, act)
    event = _event(after, TicketEventKind.UPDATED, act, changed_fields=changed)
    return Change(ticket, after, (event,))


def commented(ticket: Ticket, comment: Comment, *, by_customer: bool) -> Change:
    """Keeps the comment; a customer's public one takes a pending or resolved ticket up again.

    An internal comment leaves the etag and the update time alone, for customers see both and
    would learn from them that somebody wrote behind their back.
    """
    _require(ticket, Verb.COMMENT)
    act = Act(comment.author_id, comment.create_time)
    after = ticket if comment.is_internal else _touched(ticket, act)
    event = replace(
        _event(after, TicketEventKind.COMMENTED, act),
        comment_id=comment.comment_id,
        is_internal=comment.is_internal,
    )
    reopened_status = TRANSITIONS.get((ticket.status, Verb.REOPEN))
    if comment.is_internal or not by_customer or reopened_status is None:
        return Change(ticket, after, (event,), comment)
    after = replace(after, status=reopened_status)
    reopening = _event(after, TicketEventKind.REOPENED, act, changed_fields=("status",))
    return Change(ticket, after, (event, reopening), comment)


def assigned(ticket: Ticket, assignee_id: UserId | None, act: Act) -> Change:
    """Gives the ticket to someone, which opens a new one, or takes it away from whoever had it."""
    status = _require(ticket, Verb.ASSIGN)
    if assignee_id == ticket.assignee_id:
        return Change(ticket, ticket)
    if assignee_id is None:
        status = ticket.status
    after = _touched(replace(ticket, assignee_id=assignee_id, status=status), act)
    changed = ("assignee_id",) if status == ticket.status else ("assignee_id", "status")
    return Change(
        ticket, after, (_event(after, TicketEventKind.ASSIGNED, act, changed_fields=changed),)
    )


def moved(ticket: Ticket, verb: Verb, act: Act) -> Change:
    """Pends, resolves, reopens or closes the ticket."""
    after = _touched(replace(ticket, status=_require(ticket, verb)), act)
    return Change(ticket, after, (_event(after, _EVENT_OF[verb], act, changed_fields=("status",)),))


def require_etag(ticket: Ticket, etag: str) -> None:
    """Refuses a step by someone who has not seen the ticket as it is; no etag, no check."""
    if etag and etag != ticket.etag:
        raise TicketChanged(ticket.etag)


def _require(ticket: Ticket, verb: Verb) -> TicketStatus:
    status = TRANSITIONS.get((ticket.status, verb))
    if status is None:
        raise TransitionNotAllowed(ticket.status, verb)
    return status


def _touched(ticket: Ticket, act: Act) -> Ticket:
    return replace(ticket, update_time=act.time, revision=ticket.revision + 1)


def _event(
    ticket: Ticket, kind: TicketEventKind, act: Act, changed_fields: tuple[str, ...] = ()
) -> TicketEvent:
    return TicketEvent(
        ticket_id=ticket.ticket_id,
        kind=kind,
        actor_id=act.actor_id,
        create_time=act.time,
        status=ticket.status,
        assignee_id=ticket.assignee_id,
        changed_fields=changed_fields,
    )
