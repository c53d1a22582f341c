"""Tickets, their comments and their log."""

from collections.abc import Collection, Sequence

from sqlalchemy import (
    ColumnElement,
    Select,
    delete,
    func,
    insert,
    literal,
    select,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from services.mesh.caller import TenantId
from services.ticket.domain import Change, Comment, Link, LinkKind, Queue, Ticket, TicketEvent
from services.ticket.errors import TicketChanged
from services.ticket.filter import HasWord, required
from services.ticket.ports import (
    AlikeQuery,
    AlikeTicket,
    CommentCursor,
    EventQuery,
    TicketQuery,
    WordCounts,
)
from services.ticket.rows import ticket_columns, ticket_from
from services.ticket.store.comments import SqlComments
from services.ticket.store.conditions import ORDER_COLUMNS, condition_of
from services.ticket.store.links import SqlLinks
from services.ticket.store.log import SqlLog
from services.ticket.store.own import AnyRow
from services.ticket.store.queues import SqlQueues
from services.ticket.store.words import SqlWords
from services.ticket.tables import TagRow, TicketRow

_TAGS = (
    select(func.aggregate_strings(TagRow.tag, " "))
    .where(TagRow.tenant_id == TicketRow.tenant_id, TagRow.ticket_id == TicketRow.ticket_id)
    .scalar_subquery()
)


class SqlTickets:
    """The tickets of one tenant within one transaction."""

    def __init__(self, session: AsyncSession, tenant_id: TenantId) -> None:
        self._session = session
        self._tenant_id = tenant_id
        self._log = SqlLog(session, tenant_id, self._own)
        self._words = SqlWords(session, tenant_id, self._own)
        self._comments = SqlComments(session, tenant_id, self._own)
        self._links = SqlLinks(session, tenant_id, self._own)
        self._queues = SqlQueues(session, tenant_id, self._own)

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
        statement = self._select_tickets().where(*await self._conditions(query))
        ordered, by_id = ORDER_COLUMNS[query.order.field], TicketRow.ticket_id
        if query.order.is_descending:
            statement = statement.order_by(ordered.desc(), by_id.desc())
        else:
            statement = statement.order_by(ordered, by_id)
        if query.after is not None:
            place = tuple_(ordered, by_id)
            last = tuple_(literal(query.after.value, ordered.type), literal(query.after.ticket_id))
            statement = statement.where(place < last if query.order.is_descending else place > last)
        return await self._found(statement.limit(query.limit))

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

    async def list_links(self, ticket_id: str) -> list[Link]:
        return await self._links.of(ticket_id)

    async def leads_to(self, ticket_ids: Collection[str], kind: LinkKind) -> frozenset[str]:
        return await self._links.leads_to(ticket_ids, kind)

    async def add_link(self, link: Link) -> bool:
        return await self._links.add(link)

    async def delete_link(self, ticket_id: str, kind: LinkKind, other_ticket_id: str) -> bool:
        return await self._links.delete(ticket_id, kind, other_ticket_id)

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

    async def last_replies(self, ticket_ids: Collection[str]) -> dict[str, Comment]:
        return await self._comments.last_replies(ticket_ids)

    async def next_number(self) -> int:
        return await self._log.next_number()

    async def list_queues(self) -> list[Queue]:
        return await self._queues.list_queues()

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

    async def keep(self, change: Change) -> None:
        await self.keep_all([change])

    async def keep_all(self, changes: Sequence[Change]) -> None:
        for change in changes:
            await self._keep_ticket(change)
        await self._log.keep([happened for change in changes for happened in change.events])
        # Behind the log, whose counter lets one transaction go on at a time: two that change the
        # counts of the same words could otherwise wait for each other.
        for change in changes:
            await self._words.keep(change.before, change.ticket)

    async def _keep_ticket(self, change: Change) -> None:
        ticket, before = change.ticket, change.before
        if before is None:
            await self._session.execute(
                insert(TicketRow).values(tenant_id=self._tenant_id, **ticket_columns(ticket))
            )
        elif ticket != before:
            await self._replace(before, ticket)
        if before is None or ticket.tags != before.tags:
            await self._keep_tags(ticket)
        if change.comment is not None:
            await self._comments.add(change.comment)

    async def _conditions(self, query: TicketQuery) -> list[ColumnElement[bool]]:
        conditions = [condition_of(query.where)]
        if query.requester_id is not None:
            conditions.append(TicketRow.requester_id == query.requester_id)
        words = [
            part.word
            for part in required(query.where)
            if isinstance(part, HasWord) and not part.is_prefix
        ]
        numbers = await self._words.numbers_with_all(words) if words else None
        if numbers is not None:
            conditions.append(TicketRow.number.in_(numbers))
        return conditions

    async def _replace(self, before: Ticket, after: Ticket) -> None:
        statement = (
            update(TicketRow)
            .where(
                self._own(TicketRow),
                TicketRow.ticket_id == after.ticket_id,
                TicketRow.revision == before.revision,
            )
            .values(**ticket_columns(after))
            .returning(TicketRow.revision)
            .execution_options(synchronize_session=False)
        )
        if await self._session.scalar(statement) is None:
            current = await self.find(after.ticket_id)
            raise TicketChanged(current.etag if current else "")

    async def _keep_tags(self, ticket: Ticket) -> None:
        await self._session.execute(
            delete(TagRow)
            .where(self._own(TagRow), TagRow.ticket_id == ticket.ticket_id)
            .execution_options(synchronize_session=False)
        )
        rows = [
            {"tenant_id": self._tenant_id, "ticket_id": ticket.ticket_id, "tag": tag}
            for tag in ticket.tags
        ]
        if rows:
            await self._session.execute(insert(TagRow), rows)

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
