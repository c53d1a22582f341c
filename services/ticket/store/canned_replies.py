"""The SQL of canned replies."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict

from sqlalchemy import ColumnElement, delete, select

from services.mesh.caller import TenantId
from services.mesh.database import Database
from services.mesh.session import Session
from services.ticket.store.own import upsert
from services.ticket.tables.tickets import CannedReplyRow
from services.ticket.use_cases.canned_replies import CannedReply


class SqlCannedReplyStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def reading(self, tenant_id: TenantId) -> AsyncIterator["SqlCannedReplies"]:
        async with self._database.tenant_reading(tenant_id) as session:
            yield SqlCannedReplies(session, tenant_id)

    @asynccontextmanager
    async def transaction(self, tenant_id: TenantId) -> AsyncIterator["SqlCannedReplies"]:
        async with self._database.tenant_transaction(tenant_id) as session:
            yield SqlCannedReplies(session, tenant_id)


class SqlCannedReplies:
    def __init__(self, session: Session, tenant_id: TenantId) -> None:
        self._session = session
        self._tenant_id = tenant_id

    async def add(self, reply: CannedReply) -> bool:
        if_absent = (
            upsert(self._session, CannedReplyRow)
            .values(tenant_id=self._tenant_id, **asdict(reply))
            .on_conflict_do_nothing()
        )
        return await self._session.scalar(if_absent.returning(CannedReplyRow.name)) is not None

    async def list_all(self) -> list[CannedReply]:
        rows = await self._session.scalars(
            select(CannedReplyRow).where(self._own()).order_by(CannedReplyRow.name)
        )
        return [_from(row) for row in rows]

    async def find(self, name: str) -> CannedReply | None:
        row = await self._session.scalar(
            select(CannedReplyRow).where(self._own(), CannedReplyRow.name == name)
        )
        return _from(row) if row is not None else None

    async def remove(self, name: str) -> bool:
        removed = await self._session.scalar(
            delete(CannedReplyRow)
            .where(self._own(), CannedReplyRow.name == name)
            .returning(CannedReplyRow.name)
            .execution_options(synchronize_session=False)
        )
        return removed is not None

    def _own(self) -> ColumnElement[bool]:
        return CannedReplyRow.tenant_id == self._tenant_id


def _from(row: CannedReplyRow) -> CannedReply:
    return CannedReply(row.name, row.body, row.create_time)
