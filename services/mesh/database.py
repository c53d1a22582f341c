"""A service's own database: SQLite or PostgreSQL behind the same kinds of transaction.

A transaction opened while the same task already holds one joins it: the outer block commits.
That is how the idempotency interceptor stores a reply in the commit that made it true.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.mesh.caller import TenantId
from services.mesh.columns import UtcDateTime, naming
from services.mesh.engines import Engines, open_engines
from services.mesh.migrate import migrate
from services.mesh.storage_errors import storage_errors_as_unavailable

__all__ = ["Database", "UtcDateTime", "naming"]

_SET_SCOPE = text(
    "SELECT set_config('app.tenant', :tenant, true), set_config('app.system', :system, true)"
)


@dataclass(frozen=True)
class _Scope:
    """Which rows PostgreSQL's row security shows."""

    tenant: str = ""
    system: str = "off"


_SYSTEM = _Scope(system="on")


@dataclass
class _Ambient:
    database: "Database"
    task: asyncio.Task[object] | None
    session: AsyncSession
    scope: _Scope
    writes: bool


_ambient: ContextVar[_Ambient | None] = ContextVar("ambient_transaction", default=None)


class Database:
    def __init__(self, url: str) -> None:
        self._engines: Engines = open_engines(url)

    @property
    def is_postgresql(self) -> bool:
        return self._engines.is_postgresql

    @asynccontextmanager
    async def tenant_transaction(self, tenant_id: TenantId) -> AsyncIterator[AsyncSession]:
        """Writes rows of one tenant; commits by leaving the block, rolls back on any exception."""
        async with self._transaction(_Scope(tenant=_named(tenant_id)), writes=True) as session:
            yield session

    @asynccontextmanager
    async def tenant_reading(self, tenant_id: TenantId) -> AsyncIterator[AsyncSession]:
        """Reads rows of one tenant without ever waiting for a writer."""
        async with self._transaction(_Scope(tenant=_named(tenant_id)), writes=False) as session:
            yield session

    @asynccontextmanager
    async def system_transaction(self) -> AsyncIterator[AsyncSession]:
        """Sees the rows of all tenants. For outboxes, pruning and the list of tenants itself."""
        async with self._transaction(_SYSTEM, writes=True) as session:
            yield session

    @asynccontextmanager
    async def system_reading(self) -> AsyncIterator[AsyncSession]:
        """Sees the rows of all tenants without ever waiting for a writer."""
        async with self._transaction(_SYSTEM, writes=False) as session:
            yield session

    async def migrate(self, migrations: Path) -> None:
        """Brings the schema to the newest version; safe when several processes start at once."""
        async with storage_errors_as_unavailable():
            await migrate(self._engines, migrations)

    async def close(self) -> None:
        await self._engines.close()

    @asynccontextmanager
    async def _transaction(self, scope: _Scope, *, writes: bool) -> AsyncIterator[AsyncSession]:
        ambient = _ambient.get()
        # Another task would share the session while its owner commits it, so it gets its own.
        if (
            ambient is not None
            and ambient.database is self
            and ambient.task is asyncio.current_task()
        ):
            if writes and not ambient.writes:
                raise RuntimeError("a writing transaction cannot join one that only reads")
            async with self._joined(ambient, scope) as session:
                yield session
            return
        async with storage_errors_as_unavailable():
            maker = self._engines.writing if writes else self._engines.reading
            async with maker() as session, session.begin():
                await self._set_scope(session, scope)
                own = _Ambient(self, asyncio.current_task(), session, scope, writes)
                token = _ambient.set(own)
                try:
                    yield session
                finally:
                    own.task = None
                    if _ambient.get() is own:
                        _ambient.reset(token)

    @asynccontextmanager
    async def _joined(self, ambient: _Ambient, scope: _Scope) -> AsyncIterator[AsyncSession]:
        outer = ambient.scope
        if scope == outer:
            yield ambient.session
            return
        await self._set_scope(ambient.session, scope)
        ambient.scope = scope
        yield ambient.session
        # After an exception the transaction is lost anyway and takes no further statement.
        await ambient.session.flush()
        ambient.scope = outer
        await self._set_scope(ambient.session, outer)

    async def _set_scope(self, session: AsyncSession, scope: _Scope) -> None:
        if self._engines.is_postgresql:
            await session.execute(_SET_SCOPE, {"tenant": scope.tenant, "system": scope.system})


def _named(tenant_id: TenantId) -> str:
    if not tenant_id:
        raise ValueError("a tenant's transaction needs a tenant")
    return tenant_id
