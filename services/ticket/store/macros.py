"""The SQL of macros."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import ColumnElement, delete, select

from services.mesh.caller import TenantId
from services.mesh.database import Database
from services.mesh.session import Session
from services.ticket.domain.macros import Macro
from services.ticket.store.macro_rows import action_from, action_json
from services.ticket.store.own import upsert
from services.ticket.tables.tickets import MacroRow


class SqlMacroStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def reading(self, tenant_id: TenantId) -> AsyncIterator["SqlMacros"]:
        async with self._database.tenant_reading(tenant_id) as session:
            yield SqlMacros(session, tenant_id)

    @asynccontextmanager
    async def transaction(self, tenant_id: TenantId) -> AsyncIterator["SqlMacros"]:
        async with self._database.tenant_transaction(tenant_id) as session:
            yield SqlMacros(session, tenant_id)


class SqlMacros:
    def __init__(self, session: Session, tenant_id: TenantId) -> None:
        self._session = session
        self._tenant_id = tenant_id

    async def put(self, macro: Macro) -> Macro:
        changed = {
            "actions": [action_json(action) for action in macro.actions],
            "update_time": macro.update_time,
        }
        await self._session.execute(
            upsert(self._session, MacroRow)
            .values(
                tenant_id=self._tenant_id,
                name=macro.name,
                create_time=macro.create_time,
                **changed,
            )
            .on_conflict_do_update(index_elements=[MacroRow.tenant_id, MacroRow.name], set_=changed)
        )
        return await self.find(macro.name) or macro

    async def list_all(self) -> list[Macro]:
        rows = await self._session.scalars(
            select(MacroRow).where(self._own()).order_by(MacroRow.name)
        )
        return [_from(row) for row in rows]

    async def find(self, name: str) -> Macro | None:
        row = await self._session.scalar(select(MacroRow).where(self._own(), MacroRow.name == name))
        return _from(row) if row is not None else None

    async def remove(self, name: str) -> bool:
        removed = await self._session.scalar(
            delete(MacroRow)
            .where(self._own(), MacroRow.name == name)
            .returning(MacroRow.name)
            .execution_options(synchronize_session=False)
        )
        return removed is not None

    def _own(self) -> ColumnElement[bool]:
        return MacroRow.tenant_id == self._tenant_id


def _from(row: MacroRow) -> Macro:
    return Macro(row.name, tuple(map(action_from, row.actions)), row.create_time, row.update_time)
