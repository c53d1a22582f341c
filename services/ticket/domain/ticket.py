"""A ticket, what people write into it, and the comments on it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum

from services.mesh.caller import UserId
from services.ticket.domain.fields import FieldChanges, FieldValue
from services.ticket.errors.tickets import TicketChanged

DEFAULT_QUEUE = "general"


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


class Impact(IntEnum):
    """How many it strikes, and how hard."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3


class Urgency(IntEnum):
    """How long it can wait."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3


class TicketType(IntEnum):
    QUESTION = 1
    INCIDENT = 2
    PROBLEM = 3
    TASK = 4


@dataclass(frozen=True)
class TicketContent:
    """What a person writes into a ticket; a priority of None is one that was not given."""

    subject: str = ""
    body: str = ""
    priority: TicketPriority | None = None
    tags: tuple[str, ...] = ()
    impact: Impact | None = None
    urgency: Urgency | None = None
    ticket_type: TicketType | None = None
    queue: str = ""
    fields: FieldChanges = field(default_factory=dict)

    @property
    def queue_or_default(self) -> str:
        return self.queue or DEFAULT_QUEUE

    @property
    def unique_tags(self) -> tuple[str, ...]:
        return tuple(sorted(set(self.tags)))


@dataclass(frozen=True)
class Ticket:
    """What has a default was not there from the beginning: older entries of the log lack it."""

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
    impact: Impact | None = None
    urgency: Urgency | None = None
    priority_rule: str = ""  # empty where a person set the priority
    ticket_type: TicketType | None = None
    queue: str = DEFAULT_QUEUE
    follower_ids: tuple[UserId, ...] = ()  # in alphabetical order, each once
    merged_into_id: str | None = None
    merged_into_own: bool = False  # whether the requester of both is the same
    rating: int | None = None  # from 1 to 5
    rating_comment: str = ""
    # The tenant's own by key, in alphabetical order.
    fields: Mapping[str, FieldValue] = field(default_factory=dict)
    internal_fields: Mapping[str, FieldValue] = field(default_factory=dict)  # for agents alone

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
class Act:
    """Who does something, and when."""

    actor_id: UserId
    time: datetime


def require_etag(ticket: Ticket, etag: str) -> None:
    """Refuses a step by someone who has not seen the ticket as it is; no etag, no check."""
    if etag and etag != ticket.etag:
        raise TicketChanged(ticket.etag)
