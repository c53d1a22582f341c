"""What reports count, from the logs of one tenant's tickets."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    and_,
    case,
    func,
    literal,
    not_,
    null,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.orm import aliased

from services.mesh.caller import TenantId
from services.mesh.columns import UtcDateTime
from services.mesh.database import Database
from services.mesh.session import Session
from services.ticket.domain import FieldDefinition, TicketEventKind, TicketPriority, TicketStatus
from services.ticket.filter.query import EVERYTHING
from services.ticket.reports.times import Measure, Wait
from services.ticket.reports.volume import SOLVED, Move
from services.ticket.sla.history import TURNS, HistoryEntry, happening_of
from services.ticket.store.conditions import condition_of
from services.ticket.store.fields import SqlFields
from services.ticket.store.own import AnyRow
from services.ticket.store.words import SqlWords
from services.ticket.tables.tickets import EventRow, TicketRow
from services.ticket.use_cases.reporting import Grouping, PromisedTicket, ReportQuery

_TOGETHER = ""
_IS_ITS = and_(TicketRow.tenant_id == EventRow.tenant_id, TicketRow.ticket_id == EventRow.ticket_id)


class SqlReportStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def reading(self, tenant_id: TenantId) -> AsyncIterator["SqlReports"]:
        async with self._database.tenant_reading(tenant_id) as session:
            yield SqlReports(session, tenant_id)


class SqlReports:
    def __init__(self, session: Session, tenant_id: TenantId) -> None:
        self._session = session
        self._tenant_id = tenant_id
        self._words = SqlWords(session, tenant_id, self._own)
        self._fields = SqlFields(session, tenant_id, self._own)

    async def list_fields(self) -> list[FieldDefinition]:
        return await self._fields.list_fields()

    async def list_moves(self, query: ReportQuery) -> list[Move]:
        steps = self._steps(query, await self._is_counted(query))
        was_solved, is_solved = steps.c.before.in_(SOLVED), steps.c.after.in_(SOLVED)
        told = (steps.c.group, steps.c.before, steps.c.after, steps.c.time_in_period)
        counted = (
            select(*told, func.count().label("tickets"))
            .where(steps.c.time < query.until_time)
            .where(or_(steps.c.before.is_(None), was_solved != is_solved))
            .group_by(*told)
        )
        return [
            Move(
                row.group,
                TicketStatus(row.before) if row.before is not None else None,
                TicketStatus(row.after),
                row.time_in_period,
                row.tickets,
            )
            for row in await self._session.execute(counted)
        ]

    async def list_waits(self, query: ReportQuery) -> list[Wait]:
        is_counted = await self._is_counted(query)
        return [
            Wait(measure, row.group, row.open_time, row.end_time)
            for measure in Measure
            for row in await self._session.execute(self._waits(query, measure, is_counted))
        ]

    async def list_promised(self, query: ReportQuery) -> list[PromisedTicket]:
        closed_before = and_(
            TicketRow.status == TicketStatus.CLOSED, TicketRow.update_time < query.from_time
        )
        told = (
            select(
                _group(query).label("group"),
                TicketRow.ticket_id,
                TicketRow.requester_id,
                TicketRow.priority,
                EventRow.create_time,
                EventRow.kind,
                EventRow.status,
                EventRow.actor_id,
                EventRow.is_internal,
            )
            .join(TicketRow, _IS_ITS)
            .where(
                self._own(EventRow),
                EventRow.create_time < query.until_time,
                EventRow.kind.not_in(TURNS),
                await self._is_counted(query),
                not_(closed_before),
            )
            .order_by(TicketRow.ticket_id, EventRow.seq)
        )
        rows = await self._session.execute(told)
        return [
            PromisedTicket(group, [_entry(row) for row in own])
            for (group, _), own in groupby(rows, key=lambda row: (row.group, row.ticket_id))
        ]

    def _steps(self, query: ReportQuery, is_counted: ColumnElement[bool]) -> Subquery:
        """Each entry with what the ticket was before it."""
        before = func.lag(EventRow.status).over(
            partition_by=EventRow.ticket_id, order_by=EventRow.seq
        )
        time = EventRow.create_time
        time_in_period = case((time >= query.from_time, time), else_=null())
        steps = select(
            _group(query).label("group"),
            before.label("before"),
            EventRow.status.label("after"),
            time.label("time"),
            type_coerce(time_in_period, UtcDateTime).label("time_in_period"),
        ).where(self._own(EventRow))
        if _asks_for_tickets(query):
            steps = steps.join(TicketRow, _IS_ITS).where(is_counted)
        return steps.subquery()

    def _waits(
        self, query: ReportQuery, measure: Measure, is_counted: ColumnElement[bool]
    ) -> Select[str, datetime, datetime]:
        earlier = aliased(EventRow)
        is_first = not_(
            select(literal(1))
            .where(
                self._own(earlier),
                earlier.ticket_id == EventRow.ticket_id,
                earlier.seq < EventRow.seq,
                *_ends(measure, earlier),
            )
            .exists()
        )
        return (
            select(
                _group(query).label("group"),
                TicketRow.create_time.label("open_time"),
                EventRow.create_time.label("end_time"),
            )
            .join(TicketRow, _IS_ITS)
            .where(
                self._own(EventRow),
                *_ends(measure, EventRow),
                EventRow.create_time >= query.from_time,
                EventRow.create_time < query.until_time,
                is_counted,
                is_first,
            )
        )

    async def _is_counted(self, query: ReportQuery) -> ColumnElement[bool]:
        """Of the ticket that an entry is about."""
        wanted = await self._words.wanted(query.where)
        conditions = [
            self._own(TicketRow),
            condition_of(query.where, wanted.__getitem__, self._tenant_id),
        ]
        if query.requester_id is not None:
            conditions.append(TicketRow.requester_id == query.requester_id)
        return and_(*conditions)

    def _own(self, table: type[AnyRow]) -> ColumnElement[bool]:
        return table.tenant_id == self._tenant_id


def _entry(row: Any) -> HistoryEntry:  # noqa: ANN401 - a row of the statement above
    happening = happening_of(
        TicketEventKind(row.kind), row.actor_id, row.requester_id, is_internal=row.is_internal
    )
    return HistoryEntry(
        row.create_time, happening, TicketStatus(row.status), TicketPriority(row.priority)
    )


def _asks_for_tickets(query: ReportQuery) -> bool:
    return (
        query.group_by is not Grouping.TOGETHER
        or query.where != EVERYTHING
        or query.requester_id is not None
    )


def _group(query: ReportQuery) -> ColumnElement[str]:
    if query.group_by is Grouping.QUEUE:
        return type_coerce(TicketRow.queue, TicketRow.queue.type)
    if query.group_by is Grouping.ASSIGNEE:
        return func.coalesce(TicketRow.assignee_id, _TOGETHER)
    return literal(_TOGETHER)


def _ends(measure: Measure, event: type[EventRow]) -> Iterator[ColumnElement[bool]]:
    if measure is Measure.RESOLUTION:
        yield event.kind == TicketEventKind.RESOLVED
        return
    yield event.kind == TicketEventKind.COMMENTED
    yield event.is_internal.is_(False)
    yield event.actor_id != TicketRow.requester_id
