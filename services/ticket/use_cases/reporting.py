"""Reports: what happened to the tenant's tickets in a period."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum
from typing import Protocol

from services.mesh.caller import TenantId, UserId, current_tenant, current_user
from services.mesh.clock import Clock
from services.ticket.domain import FieldDefinition
from services.ticket.errors.reports import ReportDayUnknown
from services.ticket.filter.parser import parse_filter
from services.ticket.filter.query import FIELD_PREFIX, Expression
from services.ticket.ports.sla import SlaPolicies
from services.ticket.reports.attainment import SlaRow, sla_rows
from services.ticket.reports.period import BucketSize, Period, period_of
from services.ticket.reports.times import TimeRow, Wait, time_rows
from services.ticket.reports.volume import Move, VolumeRow, volume_rows
from services.ticket.sla.attainment import promises
from services.ticket.sla.history import HistoryEntry
from services.ticket.sla.open_time import OpenTime
from services.ticket.use_cases.ticketing import is_customer, visible_requester


class Grouping(IntEnum):
    TOGETHER = 0
    QUEUE = 1
    ASSIGNEE = 2


@dataclass(frozen=True)
class ReportScope:
    """What somebody asks for, in their words."""

    from_day: str
    until_day: str
    time_zone: str = ""
    bucket: BucketSize = BucketSize.PERIOD
    filter: str = ""
    group_by: Grouping = Grouping.TOGETHER

    def period(self) -> Period:
        return period_of(
            _day_of("from_day", self.from_day),
            _day_of("until_day", self.until_day),
            self.time_zone,
            self.bucket,
        )


@dataclass(frozen=True)
class ReportQuery:
    """Asks for what happened to tickets of one requester, or of all when there is none."""

    from_time: datetime
    until_time: datetime
    where: Expression
    group_by: Grouping
    requester_id: UserId | None = None


class ReportReading(Protocol):
    """The logs of one tenant's tickets. The group of those that nobody has is empty."""

    async def list_fields(self) -> list[FieldDefinition]:
        """Returns the tenant's own fields by key."""
        ...

    async def list_moves(self, query: ReportQuery) -> list[Move]:
        """In no order; those from before the period are summed up and have no time."""
        ...

    async def list_waits(self, query: ReportQuery) -> list[Wait]:
        """In no order, those that ended within the period."""
        ...

    async def list_promised(self, query: ReportQuery) -> list["PromisedTicket"]:
        """In no order, without those that were closed before the period; each with what happened
        to it before the period's end, in its order."""
        ...


@dataclass(frozen=True)
class PromisedTicket:
    group: str
    history: Sequence[HistoryEntry]


class ReportStore(Protocol):
    """Raises StorageUnavailable when nothing can be read."""

    def reading(self, tenant_id: TenantId) -> AbstractAsyncContextManager[ReportReading]: ...


async def report_volume(store: ReportStore, scope: ReportScope) -> Sequence[VolumeRow]:
    """Raises FilterInvalid, and why the period cannot be."""
    period = scope.period()
    async with store.reading(current_tenant()) as logs:
        moves = await logs.list_moves(await _query(scope, period, logs))
    return volume_rows(period, moves)


async def report_times(
    store: ReportStore, policies: SlaPolicies, scope: ReportScope
) -> Sequence[TimeRow]:
    """Raises FilterInvalid, and why the period cannot be."""
    period = scope.period()
    kept = await policies.find(current_tenant())
    async with store.reading(current_tenant()) as logs:
        waits = await logs.list_waits(await _query(scope, period, logs))
    open_time = OpenTime(kept.policy.calendar) if kept is not None else None
    return time_rows(period, waits, open_time)


async def report_sla(
    store: ReportStore, policies: SlaPolicies, clock: Clock, scope: ReportScope
) -> Sequence[SlaRow]:
    """Without a policy nothing was promised. Raises FilterInvalid, and why the period cannot be."""
    period = scope.period()
    kept = await policies.find(current_tenant())
    async with store.reading(current_tenant()) as logs:
        query = await _query(scope, period, logs)
        tickets = await logs.list_promised(query) if kept is not None else []
    if kept is None:
        return []
    open_time, now = OpenTime(kept.policy.calendar), clock()
    return sla_rows(
        period,
        (
            (ticket.group, promise)
            for ticket in tickets
            for promise in promises(kept.policy, open_time, ticket.history, now)
        ),
    )


async def _query(scope: ReportScope, period: Period, logs: ReportReading) -> ReportQuery:
    fields = await logs.list_fields() if FIELD_PREFIX in scope.filter else []
    if is_customer():
        fields = [field for field in fields if field.is_for_customers]
    return ReportQuery(
        from_time=period.from_time,
        until_time=period.until_time,
        where=parse_filter(scope.filter, current_user(), fields),
        group_by=scope.group_by,
        requester_id=visible_requester(),
    )


def _day_of(field: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ReportDayUnknown(field, text) from None
