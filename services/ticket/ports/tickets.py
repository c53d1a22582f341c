"""What ticket needs fulfilled: a place that keeps tickets, and somebody who knows articles."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.mesh.caller import TenantId, UserId
from services.ticket.domain import (
    Attachment,
    AttachmentUsage,
    Change,
    Comment,
    FieldDefinition,
    Link,
    LinkKind,
    Queue,
    Ticket,
    TicketEvent,
)
from services.ticket.domain.imports import History, Origin
from services.ticket.domain.presence import Presence
from services.ticket.filter.query import EVERYTHING, NEWEST_FIRST, Expression, Order
from services.ticket.sla.clocks import ClockTimes


@dataclass(frozen=True)
class TicketCursor:
    """The last ticket of a page: its value in the field that orders the list, and its id."""

    value: datetime | int
    ticket_id: str


@dataclass(frozen=True)
class CommentCursor:
    create_time: datetime
    comment_id: str


@dataclass(frozen=True)
class AttachmentCursor:
    create_time: datetime
    attachment_id: str


@dataclass(frozen=True)
class TicketQuery:
    """Asks for tickets of one requester, or of all when `requester_id` is None."""

    limit: int
    requester_id: UserId | None = None
    where: Expression = EVERYTHING
    order: Order = NEWEST_FIRST
    after: TicketCursor | None = None


@dataclass(frozen=True)
class EventQuery:
    """Asks for events in the order of their `seq`, of one ticket or of all.

    `with_merged` adds the events of what was merged into the ticket: of all tickets along with
    the internal ones, else of those of the same requester.
    """

    limit: int
    after_seq: int = 0
    ticket_id: str | None = None
    requester_id: UserId | None = None
    with_internal: bool = False
    with_merged: bool = False


@dataclass(frozen=True)
class WeighedWord:
    word: str
    rarity: float


@dataclass(frozen=True)
class AlikeQuery:
    """Asks for tickets other than `number` by the words that they share with it."""

    words: tuple[WeighedWord, ...]
    number: int
    limit: int
    requester_id: UserId | None = None


@dataclass(frozen=True)
class AlikeTicket:
    """`weight` is what the shared words weigh in it, each times its rarity."""

    ticket: Ticket
    weight: float
    words: frozenset[str]


@dataclass(frozen=True)
class WordCounts:
    """In how many tickets each word stands; one that stands nowhere is left out."""

    tickets: int
    by_word: Mapping[str, int]


class TicketReading(Protocol):
    """The tickets of one tenant. No question can be answered with what another tenant has."""

    async def find(self, ticket_id: str) -> Ticket | None: ...

    async def find_by_number(self, number: int) -> Ticket | None: ...

    async def count_tickets(self, query: TicketQuery) -> int:
        """As many as its limit at most; a cursor counts for nothing."""
        ...

    async def list_tickets(self, query: TicketQuery) -> list[Ticket]:
        """Returns the tickets behind the cursor; equal values are in the order of the ids."""

    async def list_comments(
        self, ticket_id: str, *, limit: int, after: CommentCursor | None, with_internal: bool
    ) -> list[Comment]:
        """Returns the comments behind the cursor, oldest first.

        They are those of the ticket and of what was merged into it: of all tickets along with
        the internal ones, else of those of the same requester.
        """
        ...

    async def is_imported(self, ticket_id: str) -> bool: ...

    async def find_comment(self, ticket_id: str, comment_id: str) -> Comment | None: ...

    async def list_attachments(
        self, ticket_id: str, *, limit: int, after: AttachmentCursor | None, with_internal: bool
    ) -> list[Attachment]:
        """Returns the attachments behind the cursor, oldest first, of the tickets that comments
        are listed of."""
        ...

    async def find_attachment(
        self, ticket_id: str, attachment_id: str, *, with_internal: bool
    ) -> Attachment | None:
        """Returns one that would be listed."""
        ...

    async def attachments_of_comment(self, comment_id: str) -> list[Attachment]: ...

    async def attachment_usage(self, ticket_id: str) -> AttachmentUsage: ...

    async def hashes_in_use(self, hashes: Collection[str]) -> frozenset[str]:
        """Returns those of which an attachment has the bytes."""
        ...

    async def list_events(self, query: EventQuery) -> list[TicketEvent]: ...

    async def last_seq(self) -> int:
        """Returns the place of the newest event, 0 before the first.

        Events become visible in the order of their places: whoever has read up to this one
        finds all later ones behind it.
        """

    async def count_words(self, words: Collection[str]) -> WordCounts: ...

    async def find_alike(self, query: AlikeQuery) -> list[AlikeTicket]:
        """Returns the tickets in which the words weigh most, newer ones before older ones."""

    async def sla_clocks(self, ticket_ids: Collection[str]) -> Mapping[str, tuple[ClockTimes, ...]]:
        """Returns the open clocks of each ticket that has any."""

    async def last_replies(self, ticket_ids: Collection[str]) -> dict[str, Comment]:
        """Returns of each ticket the newest public comment that its requester did not write."""

    async def list_links(self, ticket_id: str) -> list[Link]:
        """Returns the links from and to the ticket, oldest first."""
        ...

    async def leads_to(self, ticket_ids: Collection[str], kind: LinkKind) -> frozenset[str]:
        """Returns the tickets to which one of these has a link of the kind."""
        ...

    async def list_presences(self, now: datetime, ticket_id: str | None) -> list[Presence]:
        """Returns who is there at the time, at one ticket or at any; 500 at most."""
        ...

    async def list_queues(self) -> list[Queue]:
        """Returns the queues by name, without the default one."""
        ...

    async def list_fields(self) -> list[FieldDefinition]:
        """Returns the tenant's own fields by key, retired ones too."""
        ...


class TicketWriting(TicketReading, Protocol):
    """The tickets of one tenant in a transaction that leaves all of its changes, or none."""

    async def find_to_change(self, ticket_id: str) -> Ticket | None:
        """Returns the ticket as last committed and lets nobody else change it until the end."""

    async def hold_queues(self, names: Collection[str], *, to_delete: bool) -> frozenset[str]:
        """Returns those that there are, and keeps them from being deleted until the end.

        Whoever holds queues does so before tickets and before the log. The default queue, which
        nobody deletes, is none of them.
        """
        ...

    async def add_queue(self, queue: Queue) -> bool:
        """Returns whether the name was free."""
        ...

    async def delete_queue(self, name: str) -> None: ...

    async def add_field(self, field: FieldDefinition) -> bool:
        """Returns whether the key was free."""
        ...

    async def find_field_to_change(self, key: str) -> FieldDefinition | None:
        """Returns the field and lets nobody else change it until the end."""
        ...

    async def replace_field(self, field: FieldDefinition) -> None:
        """Keeps the field instead of the one with its key."""

    async def lock_queued(self, queue: str) -> list[Ticket]:
        """Returns all tickets of the queue and lets nobody else change them until the end."""
        ...

    async def keep_presence(self, presence: Presence, now: datetime) -> None:
        """Replaces what the user last said of the ticket; GONE takes it away."""
        ...

    async def hold_log(self) -> None:
        """Lets no other transaction of the tenant write to the log until the end."""

    async def add_link(self, link: Link) -> bool:
        """Returns whether the link is new."""
        ...

    async def delete_link(self, ticket_id: str, kind: LinkKind, other_ticket_id: str) -> bool:
        """Returns whether there was one."""
        ...

    async def next_number(self) -> int:
        """Returns 1, 2, 3 …; the number of a transaction that fails is given out again."""

    async def take_number(self, number: int) -> int:
        """Returns this number where it is free, and the next one otherwise and for 0."""
        ...

    async def take_origin(self, origin: Origin, ticket_id: str) -> str:
        """Returns the ticket that has the origin: this one, where none had it."""
        ...

    async def keep_history(self, history: History) -> None:
        """Keeps a new ticket with all of its past, of which nothing is delivered."""

    async def keep_past_files(self, change: Change) -> None:
        """Keeps files and events of a change that leaves the ticket as it is, and delivers none."""

    async def keep(self, change: Change) -> None:
        """Keeps the ticket, its words, its comment, its files and its events, and queues these.

        Raises TicketChanged when the ticket is no longer the one that the change was made from.
        """

    async def await_triage(self, ticket: Ticket) -> None:
        """Lets a new ticket that nobody chose a queue for be classified soon, if at all."""

    async def keep_all(self, changes: Sequence[Change]) -> None:
        """Keeps changes of as many tickets as one would, all or none."""


class TicketStore(Protocol):
    def reading(self, tenant_id: TenantId) -> AbstractAsyncContextManager[TicketReading]: ...

    def transaction(self, tenant_id: TenantId) -> AbstractAsyncContextManager[TicketWriting]:
        """Commits on leaving the block, and keeps nothing when the block raises."""

    def listening(self, tenant_id: TenantId) -> AbstractContextManager[asyncio.Event]:
        """Sets the event after each commit of this process; other processes are not heard."""


@dataclass(frozen=True)
class OutboxBacklog:
    events: int
    oldest_time: datetime | None


class Outbox(Protocol):
    async def backlog(self) -> OutboxBacklog:
        """Returns what waits to be delivered, of all tenants together."""


@dataclass(frozen=True)
class SuggestedArticle:
    """By one of its passages: `text` is the version's `content[start:end]`."""

    document_id: str
    version: int
    title: str
    source_uri: str
    headings: tuple[str, ...]
    text: str
    start: int
    end: int
    score: float


@dataclass(frozen=True)
class FoundArticles:
    """Passages, best first; an article may have several."""

    passages: tuple[SuggestedArticle, ...]
    degraded: bool = False


class Knowledge(Protocol):
    async def find_articles(self, question: str) -> FoundArticles:
        """Among those that the caller may read; none for a question without a word."""
        ...
