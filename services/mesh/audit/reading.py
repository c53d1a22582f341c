"""Reads chains: page by page for people, from end to end for the proof."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import ColumnElement, MetaData, Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.mesh.audit.anchors import Anchor, Anchors, AnchorsAltered
from services.mesh.audit.chain import ChainCheck, Fault, FaultKind, Head
from services.mesh.audit.keys import AuditKeys
from services.mesh.audit.record import COLUMNS, Record
from services.mesh.audit.tables import audit_tables
from services.mesh.caller import TenantId
from services.mesh.clock import Clock
from services.mesh.database import Database

_ROWS_AT_ONCE = 2000
# A chain this old has been anchored, unless somebody took the anchors away.
_ANCHORED_AFTER = timedelta(minutes=5)

_tables = audit_tables(MetaData())
_records, _heads = _tables.records, _tables.heads
_columns = [_records.c[name] for name in COLUMNS]


@dataclass(frozen=True)
class Wanted:
    """Which records; empty means any."""

    after_seq: int = 0
    before_seq: int = 0
    start_microseconds: int = 0
    end_microseconds: int = 0
    user_id: str = ""
    method: str = ""
    resource_id: str = ""
    newest_first: bool = False


@dataclass(frozen=True)
class Verdict:
    tenant_id: str
    sound_count: int
    anchors: Sequence[Anchor] = field(default=())
    head: Head | None = None
    fault: Fault | None = None


async def list_records(
    database: Database, tenant_id: TenantId, wanted: Wanted, limit: int
) -> list[Record]:
    order = _records.c.seq.desc() if wanted.newest_first else _records.c.seq
    statement = (
        select(*_columns).where(*_conditions(tenant_id, wanted)).order_by(order).limit(limit)
    )
    async with database.tenant_reading(tenant_id) as session:
        return [Record(*row) for row in await session.execute(statement)]


async def verify_chain(
    database: Database, keys: AuditKeys, anchors: Anchors, clock: Clock, tenant_id: TenantId
) -> Verdict:
    # The anchors first: what they say was in the database before.
    try:
        known = await asyncio.to_thread(anchors.of_tenant, tenant_id)
    except AnchorsAltered as error:
        return Verdict(tenant_id, 0, fault=Fault(FaultKind.ANCHORS_ALTERED, 0, str(error)))
    check = ChainCheck(keys.find, known)
    head = None
    async with database.tenant_reading(tenant_id) as session:
        while True:
            is_sound = await _feed_rest(session, tenant_id, check)
            head = await _head(session, tenant_id)
            # Records may be added while we read; only an end that stands still is an end.
            if not is_sound or head is None or head.seq <= check.sound_count:
                break
            if not await _has_more(session, tenant_id, check.sound_count):
                break
        first = await session.scalar(
            select(_records.c.at_microseconds).where(_own(tenant_id), _records.c.seq == 1)
        )
    fault = check.finish(head) or _anchors_are_gone(first, known, clock)
    return Verdict(tenant_id, check.sound_count, known, head, fault)


async def _feed_rest(session: AsyncSession, tenant_id: TenantId, check: ChainCheck) -> bool:
    while True:
        rows = (await session.execute(_next_rows(tenant_id, check.sound_count))).all()
        if not check.feed(rows):
            return False
        if len(rows) < _ROWS_AT_ONCE:
            return True


async def _has_more(session: AsyncSession, tenant_id: TenantId, after_seq: int) -> bool:
    found = await session.execute(_next_rows(tenant_id, after_seq).limit(1))
    return found.first() is not None


async def _head(session: AsyncSession, tenant_id: TenantId) -> Head | None:
    row = (
        await session.execute(
            select(_heads.c.seq, _heads.c.mac).where(_heads.c.tenant_id == tenant_id)
        )
    ).first()
    return None if row is None else Head(row.seq, row.mac)


def _anchors_are_gone(
    first_microseconds: int | None, anchors: Sequence[Anchor], clock: Clock
) -> Fault | None:
    if first_microseconds is None or anchors:
        return None
    age = clock().timestamp() - first_microseconds / 1_000_000
    if age < _ANCHORED_AFTER.total_seconds():
        return None
    return Fault(FaultKind.ANCHORS_ALTERED, 0, "the chain has no anchor outside the database")


def _next_rows(tenant_id: TenantId, after_seq: int) -> Select[*tuple[object, ...]]:
    return (
        select(*_columns)
        .where(_own(tenant_id), _records.c.seq > after_seq)
        .order_by(_records.c.seq)
        .limit(_ROWS_AT_ONCE)
    )


def _own(tenant_id: TenantId) -> ColumnElement[bool]:
    return _records.c.tenant_id == tenant_id


def _conditions(tenant_id: TenantId, wanted: Wanted) -> list[ColumnElement[bool]]:
    columns = _records.c
    found = [_own(tenant_id), columns.seq > wanted.after_seq]
    if wanted.before_seq:
        found.append(columns.seq < wanted.before_seq)
    if wanted.start_microseconds:
        found.append(columns.at_microseconds >= wanted.start_microseconds)
    if wanted.end_microseconds:
        found.append(columns.at_microseconds < wanted.end_microseconds)
    if wanted.user_id:
        found.append(columns.user_id == wanted.user_id)
    if wanted.resource_id:
        found.append(columns.resource_id == wanted.resource_id)
    if wanted.method:
        is_full = wanted.method.startswith("/")
        found.append(
            columns.method == wanted.method
            if is_full
            else columns.method.endswith(f"/{wanted.method}", autoescape=True)
        )
    return found
