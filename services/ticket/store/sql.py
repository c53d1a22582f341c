"""Tickets, their comments and their log."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    asc,
    desc,
    func,
    literal,
    select,
    tuple_,
    union_all,
)

from services.mesh.caller import TenantId
from services.mesh.session import Session
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
from services.ticket.domain.presence import Presence
from services.ticket.filter.query import HasWord, required
from services.ticket.ports.sla import DueTicket
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
from services.ticket.store.attachments import SqlAttachments
from services.ticket.store.comments import SqlComments
from services.ticket.store.conditions import ORDER_COLUMNS, branches_of, condition_of
from services.ticket.store.fields import SqlFields
from services.ticket.store.links import SqlLinks
from services.ticket.store.log import SqlLog
from services.ticket.store.mail_outbox import queue_acknowledgement
from services.ticket.store.origins import SqlOrigins
from services.ticket.store.own import AnyRow, is_among
from services.ticket.store.presences import SqlPresences
from services.ticket.store.queues import SqlQueues
from services.ticket.store.rows import ticket_from
from services.ticket.store.sla_due import SqlSlaDue
from services.ticket.store.sla_rules import SlaRulebook
from services.ticket.store.ticket_rows import SqlTicketRows
from services.ticket.store.triage import SqlTriages
from services.ticket.store.words import SqlWords
from services.ticket.tables.tickets import TagRow, TicketRow

_TAGS = (
    select(func.aggregate_strings(TagRow.tag, " "))
    .where(TagRow.tenant_id == TicketRow.tenant_id, TagRow.ticket_id == TicketRow.ticket_id)
    .scalar_subquery()
)


class SqlTickets:
    """The tickets of one tenant within one transaction."""

    def __init__(self, session: Session, tenant_id: TenantId, rulebook: SlaRulebook) -> None:
        self._session = session
        self._tenant_id = tenant_id
        self._log = SqlLog(session, tenant_id, self._own)
        self._words = SqlWords(session, tenant_id, self._own)
        self._comments = SqlComments(session, tenant_id, self._own)
        self._attachments = SqlAttachments(session, tenant_id, self._own)
        self._writing = SqlTicketRows(session, tenant_id, self._own)
        self._links = SqlLinks(session, tenant_id, self._own)
        self._origins = SqlOrigins(session, tenant_id, self._own)
        self._fields = SqlFields(session, tenant_id, self._own)
        self._presences = SqlPresences(session, tenant_id, self._own)
        self._queues = SqlQueues(session, tenant_id, self._own)
        self._triages = SqlTriages(session, tenant_id)
        self._due = SqlSlaDue(session, tenant_id, self._own, self._log, rulebook)

    async def find(self, ticket_id: str) -> Ticket | None:
        return await self._first(TicketRow.ticket_id == ticket_id)

    async def find_by_number(self, number: int) -> Ticket | None:
        return await self._first(TicketRow.number == number)

    async def find_to_change(self, ticket_id: str) -> Ticket | None:
        # The tags are read by a statement of their own: one that waits for the lock would
        # still see them as they were before it waited.
        locked = (
            select(TicketRow.ticket_id)
            .where(self._own(TicketRow), TicketRow.ticket_id == ticket_id)
            .with_for_update()
        )
        if await self._session.scalar(locked) is None:
            return None
        return await self.find(ticket_id)

    async def list_tickets(self, query: TicketQuery) -> list[Ticket]:
        pages = [
            await self._page(replace(query, where=branch)) for branch in branches_of(query.where)
        ]
        ids = [*await self._session.scalars(_merged(pages, query))]
        # Texts and tags are read of those alone that are shown, however many had to be sorted.
        found = await self._found(self._select_tickets().where(TicketRow.ticket_id.in_(ids)))
        shown = {ticket.ticket_id: ticket for ticket in found}
        return [shown[ticket_id] for ticket_id in ids if ticket_id in shown]

    async def count_tickets(self, query: TicketQuery) -> int:
        conditions = await self._conditions(query)
        found = select(literal(1)).where(self._own(TicketRow), *conditions).limit(query.limit)
        counted = select(func.count()).select_from(found.subquery())
        return await self._session.scalar(counted) or 0

    async def list_comments(
        self, ticket_id: str, *, limit: int, after: CommentCursor | None, with_internal: bool
    ) -> list[Comment]:
        return await self._comments.list_comments(
            ticket_id, limit=limit, after=after, with_internal=with_internal
        )

    async def find_comment(self, ticket_id: str, comment_id: str) -> Comment | None:
        return await self._comments.find(ticket_id, comment_id)

    async def list_attachments(
        self, ticket_id: str, *, limit: int, after: AttachmentCursor | None, with_internal: bool
    ) -> list[Attachment]:
        return await self._attachments.list_attachments(
            ticket_id, limit=limit, after=after, with_internal=with_internal
        )

    async def find_attachment(
        self, ticket_id: str, attachment_id: str, *, with_internal: bool
    ) -> Attachment | None:
        return await self._attachments.find(ticket_id, attachment_id, with_internal=with_internal)

    async def attachments_of_comment(self, comment_id: str) -> list[Attachment]:
        return await self._attachments.of_comment(comment_id)

    async def attachment_usage(self, ticket_id: str) -> AttachmentUsage:
        return await self._attachments.usage(ticket_id)

    async def hashes_in_use(self, hashes: Collection[str]) -> frozenset[str]:
        return await self._attachments.hashes_in_use(hashes)

    async def list_links(self, ticket_id: str) -> list[Link]:
        return await self._links.of(ticket_id)

    async def leads_to(self, ticket_ids: Collection[str], kind: LinkKind) -> frozenset[str]:
        return await self._links.leads_to(ticket_ids, kind)

    async def add_link(self, link: Link) -> bool:
        return await self._links.add(link)

    async def delete_link(self, ticket_id: str, kind: LinkKind, other_ticket_id: str) -> bool:
        return await self._links.delete(ticket_id, kind, other_ticket_id)

    async def list_presences(self, now: datetime, ticket_id: str | None) -> list[Presence]:
        return await self._presences.list_all(now, ticket_id)

    async def keep_presence(self, presence: Presence, now: datetime) -> None:
        await self._presences.keep(presence, now)

    async def hold_log(self) -> None:
        await self._log.hold()

    async def list_events(self, query: EventQuery) -> list[TicketEvent]:
        return await self._log.list_events(query)

    async def last_seq(self) -> int:
        return await self._log.last_seq()

    async def count_words(self, words: Collection[str]) -> WordCounts:
        return WordCounts(await self._log.last_number(), await self._words.counts(words))

    async def find_alike(self, query: AlikeQuery) -> list[AlikeTicket]:
        weights = await self._words.find_alike(query)
        shared = await self._words.shared(weights, query)
        statement = self._select_tickets().where(TicketRow.number.in_(weights))
        found = {ticket.number: ticket for ticket in await self._found(statement)}
        return [
            AlikeTicket(found[number], weight, frozenset(shared[number]))
            for number, weight in weights.items()
        ]

    async def sla_clocks(self, ticket_ids: Collection[str]) -> dict[str, tuple[ClockTimes, ...]]:
        return await self._due.clocks(ticket_ids)

    async def last_replies(self, ticket_ids: Collection[str]) -> dict[str, Comment]:
        return await self._comments.last_replies(ticket_ids)

    async def next_number(self) -> int:
        # All others wait from the counter on, so what comes with a new ticket is asked before it.
        self._due.foresee()
        self._triages.foresee()
        return await self._log.next_number()

    async def list_queues(self) -> list[Queue]:
        return await self._queues.list_queues()

    async def list_fields(self) -> list[FieldDefinition]:
        return await self._fields.list_fields()

    async def find_field_to_change(self, key: str) -> FieldDefinition | None:
        return await self._fields.find_to_change(key)

    async def add_field(self, field: FieldDefinition) -> bool:
        return await self._fields.add(field)

    async def replace_field(self, field: FieldDefinition) -> None:
        await self._fields.replace(field)

    async def hold_queues(self, names: Collection[str], *, to_delete: bool) -> frozenset[str]:
        return await self._queues.hold(names, to_delete=to_delete)

    async def add_queue(self, queue: Queue) -> bool:
        return await self._queues.add(queue)

    async def delete_queue(self, name: str) -> None:
        await self._queues.delete(name)

    async def lock_queued(self, queue: str) -> list[Ticket]:
        in_it = TicketRow.queue == queue
        await self._session.execute(
            select(TicketRow.ticket_id)
            .where(self._own(TicketRow), in_it)
            .order_by(TicketRow.ticket_id)
            .with_for_update()
        )
        return await self._found(self._select_tickets().where(in_it))

    async def take_number(self, number: int) -> int:
        await self._log.hold()
        if number < 1 or await self.find_by_number(number) is not None:
            return await self._log.next_number()
        await self._log.raise_number(number)
        return number

    async def take_origin(self, origin: Origin, ticket_id: str) -> str:
        return await self._origins.take(origin, ticket_id)

    async def keep_history(self, history: History) -> None:
        ticket = history.ticket
        await self._writing.keep(Change(None, ticket))
        for comment in history.comments:
            await self._comments.add(comment)
        await self._log.keep(history.events, is_delivered=False)
        await self._words.keep(None, ticket)
        await self._due.follow(ticket, history.events[-1].create_time)

    async def is_imported(self, ticket_id: str) -> bool:
        return await self._log.is_imported(ticket_id)

    async def keep_past_files(self, change: Change) -> None:
        await self._attachments.keep(change.attachments)
        await self._log.keep(change.events, is_delivered=False)

    async def keep(self, change: Change) -> None:
        await self.keep_all([change])

    async def keep_all(self, changes: Sequence[Change]) -> None:
        for change in changes:
            await self._writing.keep(change)
            if change.comment is not None:
                await self._comments.add(change.comment)
            await self._attachments.keep(change.attachments)
            await self._attachments.remove(change.removed)
            for event in change.events:
                if event.kind is TicketEventKind.ACKNOWLEDGED:
                    await queue_acknowledgement(self._session, self._tenant_id, event)
        turned = await self._due.turned_before(changes)
        events = [happened for change in changes for happened in change.events]
        await self._log.keep([*turned, *events])
        # Behind the log, whose counter lets one transaction go on at a time: two that change the
        # counts of the same words could otherwise wait for each other.
        for change in changes:
            await self._words.keep(change.before, change.ticket)
            if change.before is None:
                self._due.begin(change.ticket)
            if change.events:
                await self._due.follow(change.ticket, change.events[-1].create_time)

    async def await_triage(self, ticket: Ticket) -> None:
        await self._triages.await_turn(ticket.ticket_id, ticket.create_time)

    async def tell_due(self, due: DueTicket, now: datetime) -> bool:
        # The ticket first, as everybody does who changes it.
        ticket = await self.find_to_change(due.ticket_id)
        if ticket is None or not await self._due.claim(due):
            return False
        await self._due.follow(ticket, now)
        return True

    async def _page(self, query: TicketQuery) -> Select[str, Any]:
        ordered, by_id = ORDER_COLUMNS[query.order.field], TicketRow.ticket_id
        page = select(by_id, ordered).where(self._own(TicketRow), *await self._conditions(query))
        if query.after is not None:
            place = tuple_(ordered, by_id)
            last = tuple_(literal(query.after.value, ordered.type), literal(query.after.ticket_id))
            page = page.where(place < last if query.order.is_descending else place > last)
        return page.order_by(*_in_turn(query, ordered, by_id)).limit(query.limit)

    async def _conditions(self, query: TicketQuery) -> list[ColumnElement[bool]]:
        wanted = await self._words.wanted(query.where)
        conditions = [condition_of(query.where, wanted.__getitem__, self._tenant_id)]
        if query.requester_id is not None:
            conditions.append(TicketRow.requester_id == query.requester_id)
        required_words = [
            wanted[part] for part in required(query.where) if isinstance(part, HasWord)
        ]
        numbers = await self._words.numbers_of(required_words)
        if numbers is not None:
            conditions.append(is_among(self._session, TicketRow.number, numbers))
        return conditions

    async def _first(self, condition: ColumnElement[bool]) -> Ticket | None:
        found = await self._found(self._select_tickets().where(condition))
        return found[0] if found else None

    def _select_tickets(self) -> Select[TicketRow, str]:
        return select(TicketRow, _TAGS).where(self._own(TicketRow))

    async def _found(self, statement: Select[TicketRow, str]) -> list[Ticket]:
        # A transaction may have read the row before it changed it.
        fresh = statement.execution_options(populate_existing=True)
        return [ticket_from(row, tags) for row, tags in await self._session.execute(fresh)]

    def _own(self, table: type[AnyRow]) -> ColumnElement[bool]:
        return table.tenant_id == self._tenant_id


def _merged(pages: Sequence[Select[str, Any]], query: TicketQuery) -> Select[str, Any]:
    """The page of all of them, from the page of each."""
    if len(pages) == 1:
        return pages[0]
    merged = union_all(*(select(*page.subquery().c) for page in pages)).subquery()
    by_id, ordered = merged.c
    return select(by_id).order_by(*_in_turn(query, ordered, by_id)).limit(query.limit)


def _in_turn(query: TicketQuery, *columns: Any) -> list[ColumnElement[Any]]:  # noqa: ANN401
    turn = desc if query.order.is_descending else asc
    return [turn(column) for column in columns]
