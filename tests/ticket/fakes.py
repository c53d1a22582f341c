"""A ticket store in memory. It is trusted because it passes test_store.py."""

import asyncio
import operator
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from services.mesh.caller import TenantId
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
    TicketEventKind,
)
from services.ticket.domain.imports import History, Origin
from services.ticket.domain.presence import Activity, Presence
from services.ticket.errors.tickets import TicketChanged
from services.ticket.filter.query import (
    AllOf,
    AnyOf,
    Comparator,
    Comparison,
    Expression,
    FieldComparison,
    FilterField,
    HasField,
    HasWord,
    Not,
)
from services.ticket.listeners import Listeners
from services.ticket.ports.tickets import (
    AlikeQuery,
    AlikeTicket,
    AttachmentCursor,
    CommentCursor,
    EventQuery,
    TicketQuery,
    WordCounts,
)
from services.ticket.sla.clocks import ClockTimes
from services.ticket.words import weights_of


@dataclass
class FakeTickets:
    """What one tenant has."""

    tickets: dict[str, Ticket] = field(default_factory=dict)
    comments: list[Comment] = field(default_factory=list)
    events: list[TicketEvent] = field(default_factory=list)
    outbox: list[str] = field(default_factory=list)
    numbers: int = 0
    queues: dict[str, Queue] = field(default_factory=dict)
    fields: dict[str, FieldDefinition] = field(default_factory=dict)
    origins: dict[Origin, str] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    attachments: dict[str, Attachment] = field(default_factory=dict)
    presences: dict[tuple[str, str], Presence] = field(default_factory=dict)

    async def find(self, ticket_id: str) -> Ticket | None:
        return self.tickets.get(ticket_id)

    async def find_by_number(self, number: int) -> Ticket | None:
        return next((one for one in self.tickets.values() if one.number == number), None)

    async def find_to_change(self, ticket_id: str) -> Ticket | None:
        return self.tickets.get(ticket_id)

    async def list_tickets(self, query: TicketQuery) -> list[Ticket]:
        def place(ticket: Ticket) -> tuple[datetime | int, str]:
            return getattr(ticket, query.order.field), ticket.ticket_id

        found = sorted(self.tickets.values(), key=place, reverse=query.order.is_descending)
        if query.after is not None:
            last = (query.after.value, query.after.ticket_id)
            found = [
                ticket
                for ticket in found
                if (place(ticket) < last if query.order.is_descending else place(ticket) > last)
            ]
        return [
            ticket
            for ticket in found
            if query.requester_id in (None, ticket.requester_id) and holds(query.where, ticket)
        ][: query.limit]

    async def count_tickets(self, query: TicketQuery) -> int:
        return len(await self.list_tickets(replace(query, after=None)))

    async def list_comments(
        self, ticket_id: str, *, limit: int, after: CommentCursor | None, with_internal: bool
    ) -> list[Comment]:
        def place(comment: Comment) -> tuple[datetime, str]:
            return comment.create_time, comment.comment_id

        return [
            comment
            for comment in sorted(self.comments, key=place)
            if comment.ticket_id in self._merged(ticket_id, of_all_requesters=with_internal)
            and (after is None or place(comment) > (after.create_time, after.comment_id))
            and (with_internal or not comment.is_internal)
        ][:limit]

    async def list_attachments(
        self, ticket_id: str, *, limit: int, after: AttachmentCursor | None, with_internal: bool
    ) -> list[Attachment]:
        def place(attachment: Attachment) -> tuple[datetime, str]:
            return attachment.create_time, attachment.attachment_id

        return [
            attachment
            for attachment in sorted(self.attachments.values(), key=place)
            if attachment.ticket_id in self._merged(ticket_id, of_all_requesters=with_internal)
            and (after is None or place(attachment) > (after.create_time, after.attachment_id))
            and (with_internal or not attachment.is_internal)
        ][:limit]

    async def find_attachment(
        self, ticket_id: str, attachment_id: str, *, with_internal: bool
    ) -> Attachment | None:
        found = await self.list_attachments(
            ticket_id, limit=10**6, after=None, with_internal=with_internal
        )
        return next((one for one in found if one.attachment_id == attachment_id), None)

    async def attachments_of_comment(self, comment_id: str) -> list[Attachment]:
        return [one for one in self.attachments.values() if one.comment_id == comment_id]

    async def attachment_usage(self, ticket_id: str) -> AttachmentUsage:
        there = self.attachments.values()
        return AttachmentUsage(
            bytes_of_tenant=sum(one.size_bytes for one in there),
            count_of_ticket=sum(one.ticket_id == ticket_id for one in there),
        )

    async def hashes_in_use(self, hashes: Collection[str]) -> frozenset[str]:
        return frozenset({one.sha256 for one in self.attachments.values()} & {*hashes})

    async def list_events(self, query: EventQuery) -> list[TicketEvent]:
        return [
            event
            for event in self.events
            if event.seq > query.after_seq
            and (query.ticket_id is None or event.ticket_id in self._asked(query))
            and query.requester_id in (None, self.tickets[event.ticket_id].requester_id)
            and (query.with_internal or not event.is_internal)
        ][: query.limit]

    async def last_seq(self) -> int:
        return len(self.events)

    async def count_words(self, words: Collection[str]) -> WordCounts:
        counted = Counter(
            word for ticket in self.tickets.values() for word in weights_of_ticket(ticket)
        )
        return WordCounts(
            self.numbers, {word: counted[word] for word in words if counted[word] > 0}
        )

    async def find_alike(self, query: AlikeQuery) -> list[AlikeTicket]:
        found = []
        for ticket in self.tickets.values():
            weights = weights_of_ticket(ticket)
            shared = [each for each in query.words if each.word in weights]
            is_visible = query.requester_id in (None, ticket.requester_id)
            if shared and is_visible and ticket.number != query.number:
                weight = sum(weights[each.word] * each.rarity for each in shared)
                words = frozenset(each.word for each in shared)
                found.append(AlikeTicket(ticket, weight, words))
        found.sort(key=lambda one: (-one.weight, -one.ticket.number))
        return found[: query.limit]

    async def sla_clocks(self, ticket_ids: Collection[str]) -> Mapping[str, tuple[ClockTimes, ...]]:
        """Nothing is promised in memory."""
        return {}

    async def last_replies(self, ticket_ids: Collection[str]) -> dict[str, Comment]:
        replies = [
            comment
            for comment in self.comments
            if comment.ticket_id in ticket_ids
            and not comment.is_internal
            and comment.author_id != self.tickets[comment.ticket_id].requester_id
        ]
        replies.sort(key=lambda comment: (comment.create_time, comment.comment_id))
        return {comment.ticket_id: comment for comment in replies}

    async def next_number(self) -> int:
        self.numbers += 1
        return self.numbers

    async def find_comment(self, ticket_id: str, comment_id: str) -> Comment | None:
        wanted = (ticket_id, comment_id)
        return next(
            (one for one in self.comments if (one.ticket_id, one.comment_id) == wanted), None
        )

    async def list_links(self, ticket_id: str) -> list[Link]:
        found = [one for one in self.links if ticket_id in (one.ticket_id, one.other_ticket_id)]
        return sorted(found, key=lambda one: (one.create_time, one.ticket_id, one.other_ticket_id))

    async def leads_to(self, ticket_ids: Collection[str], kind: LinkKind) -> frozenset[str]:
        return frozenset(
            link.other_ticket_id
            for link in self.links
            if link.kind is kind and link.ticket_id in ticket_ids
        )

    async def take_number(self, number: int) -> int:
        if number < 1 or await self.find_by_number(number) is not None:
            return await self.next_number()
        self.numbers = max(self.numbers, number)
        return number

    async def take_origin(self, origin: Origin, ticket_id: str) -> str:
        return self.origins.setdefault(origin, ticket_id)

    async def await_triage(self, ticket: Ticket) -> None:
        """Nothing here classifies."""

    async def keep_history(self, history: History) -> None:
        delivered = len(self.outbox)
        await self.keep(Change(None, history.ticket, history.events))
        self.comments += history.comments
        del self.outbox[delivered:]

    async def is_imported(self, ticket_id: str) -> bool:
        return any(
            event.kind is TicketEventKind.IMPORTED
            for event in self.events
            if event.ticket_id == ticket_id
        )

    async def keep_past_files(self, change: Change) -> None:
        delivered = len(self.outbox)
        await self.keep(change)
        del self.outbox[delivered:]

    async def list_presences(self, now: datetime, ticket_id: str | None) -> list[Presence]:
        return [
            one
            for _, one in sorted(self.presences.items())
            if one.expire_time > now and ticket_id in (None, one.ticket_id)
        ]

    async def keep_presence(self, presence: Presence, now: datetime) -> None:
        self.presences[presence.ticket_id, presence.user_id] = presence
        self.presences = {
            key: one
            for key, one in self.presences.items()
            if one.expire_time > now and one.activity is not Activity.GONE
        }

    async def hold_log(self) -> None:
        """Transactions come one after another."""

    async def add_link(self, link: Link) -> bool:
        is_new = all(_ends(one) != _ends(link) for one in self.links)
        self.links += [link] if is_new else []
        return is_new

    async def delete_link(self, ticket_id: str, kind: LinkKind, other_ticket_id: str) -> bool:
        ends = (ticket_id, kind, other_ticket_id)
        before = len(self.links)
        self.links = [one for one in self.links if _ends(one) != ends]
        return len(self.links) < before

    def _asked(self, query: EventQuery) -> set[str]:
        assert query.ticket_id is not None
        if not query.with_merged:
            return {query.ticket_id}
        return self._merged(query.ticket_id, of_all_requesters=query.with_internal)

    def _merged(self, ticket_id: str, *, of_all_requesters: bool) -> set[str]:
        return {ticket_id}.union(
            *(
                self._merged(one.ticket_id, of_all_requesters=of_all_requesters)
                for one in self.tickets.values()
                if one.merged_into_id == ticket_id and (of_all_requesters or one.merged_into_own)
            )
        )

    async def list_queues(self) -> list[Queue]:
        return [self.queues[name] for name in sorted(self.queues)]

    async def list_fields(self) -> list[FieldDefinition]:
        return [self.fields[key] for key in sorted(self.fields)]

    async def find_field_to_change(self, key: str) -> FieldDefinition | None:
        return self.fields.get(key)

    async def add_field(self, field: FieldDefinition) -> bool:
        is_free = field.key not in self.fields
        self.fields.setdefault(field.key, field)
        return is_free

    async def replace_field(self, field: FieldDefinition) -> None:
        self.fields[field.key] = field

    async def hold_queues(self, names: Collection[str], *, to_delete: bool) -> frozenset[str]:
        del to_delete  # transactions come one after another
        return frozenset(self.queues.keys() & {*names})

    async def add_queue(self, queue: Queue) -> bool:
        is_free = queue.name not in self.queues
        self.queues.setdefault(queue.name, queue)
        return is_free

    async def delete_queue(self, name: str) -> None:
        self.queues.pop(name, None)

    async def lock_queued(self, queue: str) -> list[Ticket]:
        return [ticket for ticket in self.tickets.values() if ticket.queue == queue]

    async def keep_all(self, changes: Sequence[Change]) -> None:
        for change in changes:
            await self.keep(change)

    async def keep(self, change: Change) -> None:
        ticket = change.ticket
        if change.before is not None:
            current = self.tickets[ticket.ticket_id]
            if ticket != change.before and current.revision != change.before.revision:
                raise TicketChanged(current.etag)
        self.tickets[ticket.ticket_id] = ticket
        if change.comment is not None:
            self.comments.append(change.comment)
        self.attachments |= {one.attachment_id: one for one in change.attachments}
        for one in change.removed:
            self.attachments.pop(one.attachment_id, None)
        for event in change.events:
            self.events.append(replace(event, seq=len(self.events) + 1))
            self.outbox.append(event.kind)


class FakeTicketStore:
    def __init__(self) -> None:
        self._tenants: defaultdict[TenantId, FakeTickets] = defaultdict(FakeTickets)
        self._listeners = Listeners()
        self._writing = asyncio.Lock()

    @asynccontextmanager
    async def reading(self, tenant_id: TenantId) -> AsyncIterator[FakeTickets]:
        yield self._tenants[tenant_id]

    @asynccontextmanager
    async def transaction(self, tenant_id: TenantId) -> AsyncIterator[FakeTickets]:
        async with self._writing:
            draft = deepcopy(self._tenants[tenant_id])
            yield draft
            self._tenants[tenant_id] = draft
        self._listeners.announce(tenant_id)

    def listening(self, tenant_id: TenantId) -> AbstractContextManager[asyncio.Event]:
        return self._listeners.listening(tenant_id)

    def outbox(self, tenant_id: TenantId) -> list[str]:
        return self._tenants[tenant_id].outbox


COMPARED: Mapping[Comparator, Callable[[Any, Any], bool]] = {
    Comparator.EQUAL: operator.eq,
    Comparator.NOT_EQUAL: operator.ne,
    Comparator.LESS: operator.lt,
    Comparator.LESS_OR_EQUAL: operator.le,
    Comparator.GREATER: operator.gt,
    Comparator.GREATER_OR_EQUAL: operator.ge,
}


def weights_of_ticket(ticket: Ticket) -> Mapping[str, int]:
    return weights_of(ticket.subject, ticket.body)


def _ends(link: Link) -> tuple[str, LinkKind, str]:
    return link.ticket_id, link.kind, link.other_ticket_id


def holds(expression: Expression, ticket: Ticket) -> bool:
    match expression:
        case HasWord(word, is_prefix):
            words = weights_of_ticket(ticket)
            return any(one.startswith(word) for one in words) if is_prefix else word in words
        case HasField() | FieldComparison():
            return own_field_holds(ticket, expression)
        case Not(part):
            return not holds(part, ticket)
        case AllOf(parts) | AnyOf(parts):
            join = all if isinstance(expression, AllOf) else any
            return join(holds(part, ticket) for part in parts)
        case Comparison(field, comparator, value):
            own = getattr(ticket, field)
            if field is FilterField.TAGS:
                return (value in own) is (comparator is Comparator.EQUAL)
            return COMPARED[comparator]("" if own is None else own, value)


def own_field_holds(ticket: Ticket, expression: HasField | FieldComparison) -> bool:
    found = {**ticket.fields, **ticket.internal_fields}.get(expression.key)
    if isinstance(expression, HasField):
        return found is not None
    comparator, value = expression.comparator, expression.value
    if found is None:
        return comparator is Comparator.NOT_EQUAL
    own = found.value if isinstance(found.value, tuple) else (found.value,)
    if comparator is Comparator.NOT_EQUAL:
        return value not in own
    return any(COMPARED[comparator](each, value) for each in own)
