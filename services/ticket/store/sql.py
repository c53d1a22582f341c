"""Tickets, their comments and their log."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    delete,
    event,
    exists,
    func,
    insert,
    literal,
    not_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from services.mesh.caller import TenantId
from services.mesh.database import Database
from services.ticket.domain import Change, Comment, Ticket, TicketEvent
from services.ticket.errors import TicketChanged
from services.ticket.filter import Comparison, FilterField, OrderField
from services.ticket.listeners import Listeners
from services.ticket.ports import CommentCursor, EventQuery, TicketQuery
from services.ticket.rows import (
    comment_from,
    event_from,
    outbox_columns,
    ticket_columns,
    ticket_from,
)
from services.ticket.tables import CommentRow, CounterRow, EventRow, OutboxRow, TagRow, TicketRow

_TAGS = (
    select(func.aggregate_strings(TagRow.tag, " "))
    .where(TagRow.tenant_id == TicketRow.tenant_id, TagRow.ticket_id == TicketRow.ticket_id)
    .scalar_subquery()
)


class SqlTicketStore:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._listeners = Listeners()

    @asynccontextmanager
    async def reading(self, tenant_id: TenantId) -> AsyncIterator["SqlTickets"]:
        async with self._database.tenant_reading(tenant_id) as session:
            yield self._tickets(session, tenant_id)

    @asynccontextmanager
    async def transaction(self, tenant_id: TenantId) -> AsyncIterator["SqlTickets"]:
        async with self._database.tenant_transaction(tenant_id) as session:
            # Not at the end of this block: an outer transaction may commit later than that.
            event.listen(
                session.sync_session,
                "after_commit",
                lambda _: self._listeners.announce(tenant_id),
                once=True,
            )
            yield self._tickets(session, tenant_id)

    def listening(self, tenant_id: TenantId) -> AbstractContextManager[asyncio.Event]:
        return self._listeners.listening(tenant_id)

    def _tickets(self, session: AsyncSession, tenant_id: TenantId) -> "SqlTickets":
        return SqlTickets(session, tenant_id)


class SqlTickets:
    """The tickets of one tenant within one transaction."""

    def __init__(self, session: AsyncSession, tenant_id: TenantId) -> None:
        self._session = session
        self._tenant_id = tenant_id

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
        statement = self._select_tickets().limit(query.limit)
        if query.requester_id is not None:
            statement = statement.where(TicketRow.requester_id == query.requester_id)
        for comparison in query.comparisons:
            statement = statement.where(_condition(comparison))
        ordered, by_id = _ORDER_COLUMNS[query.order.field], TicketRow.ticket_id
        if query.order.is_descending:
            statement = statement.order_by(ordered.desc(), by_id.desc())
        else:
            statement = statement.order_by(ordered, by_id)
        if query.after is not None:
            place = tuple_(ordered, by_id)
            last = tuple_(literal(query.after.value, ordered.type), literal(query.after.ticket_id))
            statement = statement.where(place < last if query.order.is_descending else place > last)
        return await self._found(statement)

    async def list_comments(
        self, ticket_id: str, *, limit: int, after: CommentCursor | None, with_internal: bool
    ) -> list[Comment]:
        statement = (
            select(CommentRow)
            .where(self._own(CommentRow), CommentRow.ticket_id == ticket_id)
            .order_by(CommentRow.create_time, CommentRow.comment_id)
            .limit(limit)
        )
        if after is not None:
            place = tuple_(CommentRow.create_time, CommentRow.comment_id)
            last = tuple_(
                literal(after.create_time, CommentRow.create_time.type), literal(after.comment_id)
            )
            statement = statement.where(place > last)
        if not with_internal:
            statement = statement.where(CommentRow.is_internal.is_(False))
        return [comment_from(row) for row in await self._session.scalars(statement)]

    async def list_events(self, query: EventQuery) -> list[TicketEvent]:
        statement = (
            select(EventRow)
            .where(self._own(EventRow), EventRow.seq > query.after_seq)
            .order_by(EventRow.seq)
            .limit(query.limit)
        )
        if query.ticket_id is not None:
            statement = statement.where(EventRow.ticket_id == query.ticket_id)
        if query.requester_id is not None:
            statement = statement.join(
                TicketRow,
                and_(
                    TicketRow.tenant_id == EventRow.tenant_id,
                    TicketRow.ticket_id == EventRow.ticket_id,
                    TicketRow.requester_id == query.requester_id,
                ),
            )
        if not query.with_internal:
            statement = statement.where(EventRow.is_internal.is_(False))
        return [event_from(row) for row in await self._session.scalars(statement)]

    async def last_seq(self) -> int:
        statement = select(CounterRow.last_seq).where(self._own(CounterRow))
        return await self._session.scalar(statement) or 0

    async def next_number(self) -> int:
        return (await self._count(numbers=1))[0]

    async def keep(self, change: Change) -> None:
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
            await self._session.execute(
                insert(CommentRow).values(tenant_id=self._tenant_id, **asdict(change.comment))
            )
        await self._keep_log(change.events)

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

    async def _keep_log(self, events: Sequence[TicketEvent]) -> None:
        if not events:
            return
        _, last_seq = await self._count(events=len(events))
        first_seq = last_seq - len(events) + 1
        placed = [replace(happened, seq=first_seq + i) for i, happened in enumerate(events)]
        tenant = {"tenant_id": self._tenant_id}
        await self._session.execute(
            insert(EventRow),
            [
                {**tenant, **asdict(happened), "changed_fields": list(happened.changed_fields)}
                for happened in placed
            ],
        )
        await self._session.execute(
            insert(OutboxRow), [{**tenant, **outbox_columns(happened)} for happened in placed]
        )

    async def _count(self, *, numbers: int = 0, events: int = 0) -> tuple[int, int]:
        is_sqlite = self._session.get_bind().dialect.name == "sqlite"
        statement = (sqlite_insert if is_sqlite else postgresql_insert)(CounterRow)
        counted = await self._session.execute(
            statement.values(tenant_id=self._tenant_id, last_number=numbers, last_seq=events)
            .on_conflict_do_update(
                index_elements=[CounterRow.tenant_id],
                set_={
                    "last_number": CounterRow.last_number + numbers,
                    "last_seq": CounterRow.last_seq + events,
                },
            )
            .returning(CounterRow.last_number, CounterRow.last_seq)
        )
        row = counted.one()
        return row.last_number, row.last_seq

    async def _first(self, condition: ColumnElement[bool]) -> Ticket | None:
        found = await self._found(self._select_tickets().where(condition))
        return found[0] if found else None

    def _select_tickets(self) -> Select[TicketRow, str]:
        return select(TicketRow, _TAGS).where(self._own(TicketRow))

    async def _found(self, statement: Select[TicketRow, str]) -> list[Ticket]:
        # A transaction may have read the row before it changed it.
        fresh = statement.execution_options(populate_existing=True)
        return [ticket_from(row, tags) for row, tags in await self._session.execute(fresh)]

    def _own(
        self, table: type[TicketRow | TagRow | CommentRow | EventRow | CounterRow]
    ) -> ColumnElement[bool]:
        return table.tenant_id == self._tenant_id


_ORDER_COLUMNS: Mapping[OrderField, InstrumentedAttribute[Any]] = {
    OrderField.CREATE_TIME: TicketRow.create_time,
    OrderField.UPDATE_TIME: TicketRow.update_time,
    OrderField.NUMBER: TicketRow.number,
    OrderField.PRIORITY: TicketRow.priority,
}


def _condition(comparison: Comparison) -> ColumnElement[bool]:
    value = comparison.value
    condition: ColumnElement[bool]
    match comparison.field:
        case FilterField.STATUS:
            condition = TicketRow.status == value
        case FilterField.PRIORITY:
            condition = TicketRow.priority == value
        case FilterField.REQUESTER_ID:
            condition = TicketRow.requester_id == value
        case FilterField.ASSIGNEE_ID if not value:
            condition = TicketRow.assignee_id.is_(None)
        case FilterField.ASSIGNEE_ID if comparison.is_negated:
            # Nobody is somebody else too, which a plain comparison with NULL would not say.
            return TicketRow.assignee_id.is_distinct_from(value)
        case FilterField.ASSIGNEE_ID:
            condition = TicketRow.assignee_id == value
        case FilterField.TAGS:
            condition = exists().where(
                TagRow.tenant_id == TicketRow.tenant_id,
                TagRow.ticket_id == TicketRow.ticket_id,
                TagRow.tag == value,
            )
    return not_(condition) if comparison.is_negated else condition
