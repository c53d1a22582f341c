"""The SQL of views."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import ColumnElement, delete, func, select

from services.mesh.caller import TenantId, UserId
from services.mesh.database import Database
from services.mesh.session import Session
from services.ticket.store.own import upsert
from services.ticket.tables.tickets import ViewRow
from services.ticket.use_cases.views import View

# NULL is never the same as NULL, and a name is to be there once.
_NOBODY = ""


class SqlViewStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def reading(self, tenant_id: TenantId) -> AsyncIterator["SqlViews"]:
        async with self._database.tenant_reading(tenant_id) as session:
            yield SqlViews(session, tenant_id)

    @asynccontextmanager
    async def transaction(self, tenant_id: TenantId) -> AsyncIterator["SqlViews"]:
        async with self._database.tenant_transaction(tenant_id) as session:
            yield SqlViews(session, tenant_id)


class SqlViews:
    def __init__(self, session: Session, tenant_id: TenantId) -> None:
        self._session = session
        self._tenant_id = tenant_id

    async def add(self, view: View) -> bool:
        row = {
            "tenant_id": self._tenant_id,
            "view_id": view.view_id,
            "owner_id": view.owner_id or _NOBODY,
            "name": view.name,
            "filter": view.filter,
            "order_by": view.order_by,
            "create_time": view.create_time,
        }
        if_absent = upsert(self._session, ViewRow).values(**row).on_conflict_do_nothing()
        added = await self._session.scalar(if_absent.returning(ViewRow.view_id))
        return added is not None

    async def count_of(self, owner_id: UserId | None) -> int:
        owned = select(func.count()).where(self._own(), ViewRow.owner_id == (owner_id or _NOBODY))
        return await self._session.scalar(owned) or 0

    async def list_for(self, user_id: UserId) -> list[View]:
        rows = await self._session.scalars(
            select(ViewRow)
            .where(self._own(), ViewRow.owner_id.in_([_NOBODY, user_id]))
            .order_by(ViewRow.owner_id, ViewRow.name)
        )
        return [_view_from(row) for row in rows]

    async def remove(self, view_id: str, *, owner_id: UserId, with_shared: bool) -> bool:
        owners = [owner_id, _NOBODY] if with_shared else [owner_id]
        removed = await self._session.scalar(
            delete(ViewRow)
            .where(self._own(), ViewRow.view_id == view_id, ViewRow.owner_id.in_(owners))
            .returning(ViewRow.view_id)
            .execution_options(synchronize_session=False)
        )
        return removed is not None

    def _own(self) -> ColumnElement[bool]:
        return ViewRow.tenant_id == self._tenant_id


def _view_from(row: ViewRow) -> View:
    owner_id = UserId(row.owner_id) if row.owner_id != _NOBODY else None
    return View(row.view_id, row.name, row.filter, row.order_by, owner_id, row.create_time)
