"""A service's own database: SQLite or PostgreSQL behind the same kinds of transaction.

A transaction opened while the same task already holds one joins it: the outer block commits.
That is how the idempotency interceptor stores a reply in the commit that made it true. One that
began as the system's may become a tenant's for a while, and never the other way round.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import bindparam, func, literal, select

from services.mesh.caller import TenantId
from services.mesh.closed_tenants import ClosedTenants
from services.mesh.columns import UtcDateTime, naming
from services.mesh.database_address import AnyAddress, DatabaseAddress
from services.mesh.engines import Engines, Sessions, open_engines
from services.mesh.migrate import migrate
from services.mesh.prepared import Prepared
from services.mesh.session import Session
from services.mesh.sqlite_statistics import analyse_if_grown
from services.mesh.storage_errors import storage_errors_as_unavailable
from services.mesh.tenant_guard import TenantGuard

__all__ = ["Database", "UtcDateTime", "naming"]

_SET_TENANT = Prepared(
    lambda _: select(func.set_config("app.tenant", bindparam("tenant"), literal(value=True)))
)
_SECONDS_BETWEEN_LOOKS = 600.0
# In place of a tenant: the rows of all.
_EVERYBODY = ""


@dataclass
class _Ambient:
    database: "Database"
    task: asyncio.Task[object] | None
    session: Session
    tenant: str
    is_system: bool
    writes: bool


_ambient: ContextVar[_Ambient | None] = ContextVar("ambient_transaction", default=None)
_before_commit: ContextVar[Callable[[], Awaitable[None]] | None] = ContextVar(
    "before_commit", default=None
)


@contextmanager
def before_each_commit(act: Callable[[], Awaitable[None]]) -> Iterator[None]:
    """Runs `act` as the last thing in each writing transaction that the block's task commits.

    What it writes joins that transaction; what it raises rolls it back. Tasks begun in the block
    inherit it.
    """
    token = _before_commit.set(act)
    try:
        yield
    finally:
        _before_commit.reset(token)


def tenant_of_transaction() -> TenantId | None:
    """Whose rows the task's open transaction sees; None in the system's and outside of any."""
    ambient = _ambient.get()
    is_own = ambient is not None and ambient.task is asyncio.current_task()
    return TenantId(ambient.tenant) if ambient and is_own and ambient.tenant else None


class Database:
    def __init__(self, address: AnyAddress) -> None:
        """Raises DatabaseUnsafe when PostgreSQL lacks a role for the system."""
        self._address = DatabaseAddress(address) if isinstance(address, str) else address
        self._engines: Engines = open_engines(self._address)
        self._closed_tenants = ClosedTenants()
        self._guard = TenantGuard(self._tenant_of_transaction)
        for engine in self._engines.guarded:
            self._guard.watch(engine)

    @property
    def is_postgresql(self) -> bool:
        return self._engines.is_postgresql

    @asynccontextmanager
    async def tenant_transaction(self, tenant_id: TenantId) -> AsyncIterator[Session]:
        """Writes rows of one tenant; commits by leaving the block, rolls back on any exception."""
        async with (
            self._closed_tenants.visit(tenant_id),
            self._transaction(_named(tenant_id), writes=True) as session,
        ):
            yield session

    @asynccontextmanager
    async def last_transaction(self, tenant_id: TenantId) -> AsyncIterator[Session]:
        """Waits for the tenant's running transactions; no other follows on this one.

        It comes as the system, which alone may delete what is otherwise only added to.
        """
        await self._closed_tenants.close(tenant_id)
        async with (
            self.system_transaction(),
            self._transaction(_named(tenant_id), writes=True) as session,
        ):
            yield session

    @asynccontextmanager
    async def tenant_reading(self, tenant_id: TenantId) -> AsyncIterator[Session]:
        """Reads rows of one tenant without ever waiting for a writer."""
        async with self._transaction(_named(tenant_id), writes=False) as session:
            yield session

    @asynccontextmanager
    async def system_transaction(self) -> AsyncIterator[Session]:
        """Sees the rows of all tenants. For outboxes, pruning and the list of tenants itself."""
        async with self._transaction(_EVERYBODY, writes=True) as session:
            yield session

    @asynccontextmanager
    async def system_reading(self) -> AsyncIterator[Session]:
        """Sees the rows of all tenants without ever waiting for a writer."""
        async with self._transaction(_EVERYBODY, writes=False) as session:
            yield session

    async def migrate(self, migrations: Path) -> None:
        """Brings the schema to the newest version; safe when several processes start at once.

        Raises DatabaseUnsafe when PostgreSQL would not keep tenants apart.
        """
        async with storage_errors_as_unavailable():
            await migrate(self._engines, migrations, self._address)

    async def keep_analysed(self, table: str) -> None:
        """Has SQLite choose a table's indexes by what stands in it; PostgreSQL does so by itself.

        Runs until it is cancelled.
        """
        while not self.is_postgresql:
            async with storage_errors_as_unavailable():
                await analyse_if_grown(self._engines.writer, table)
            await asyncio.sleep(_SECONDS_BETWEEN_LOOKS)

    async def close(self) -> None:
        await self._engines.close()

    @asynccontextmanager
    async def _transaction(self, tenant: str, *, writes: bool) -> AsyncIterator[Session]:
        ambient = _ambient.get()
        # Another task would share the session while its owner commits it, so it gets its own.
        if (
            ambient is not None
            and ambient.database is self
            and ambient.task is asyncio.current_task()
        ):
            if writes and not ambient.writes:
                raise RuntimeError("a writing transaction cannot join one that only reads")
            async with self._joined(ambient, tenant) as session:
                yield session
            return
        async with storage_errors_as_unavailable():
            is_system = tenant == _EVERYBODY
            async with self._maker(is_system, writes)() as session:
                session.guard = self._guard
                own = _Ambient(self, asyncio.current_task(), session, tenant, is_system, writes)
                token = _ambient.set(own)
                try:
                    # Committing may write, and the guard must know for whom.
                    async with session.begin():
                        if not is_system:
                            await self._set_tenant(session, tenant)
                        yield session
                        act = _before_commit.get()
                        if writes and act is not None:
                            await act()
                    for follow in session.after_commit:
                        follow()
                finally:
                    own.task = None
                    if _ambient.get() is own:
                        _ambient.reset(token)

    def _tenant_of_transaction(self) -> str | None:
        ambient = _ambient.get()
        if ambient is None or ambient.database is not self:
            return None
        return ambient.tenant or None

    def _maker(self, is_system: bool, writes: bool) -> Sessions:
        if is_system:
            return self._engines.system_writing if writes else self._engines.system_reading
        return self._engines.writing if writes else self._engines.reading

    @asynccontextmanager
    async def _joined(self, ambient: _Ambient, tenant: str) -> AsyncIterator[Session]:
        outer = ambient.tenant
        if tenant == outer:
            yield ambient.session
            return
        # It has come to PostgreSQL as a role that cannot see more.
        if not ambient.is_system:
            raise RuntimeError("a tenant's transaction cannot become another's, or the system's")
        await self._narrow(ambient, tenant)
        yield ambient.session
        # After an exception the transaction is lost anyway and takes no further statement.
        await ambient.session.flush()
        await self._narrow(ambient, outer)

    async def _narrow(self, ambient: _Ambient, tenant: str) -> None:
        await self._set_tenant(ambient.session, tenant)
        ambient.tenant = tenant

    async def _set_tenant(self, session: Session, tenant: str) -> None:
        if self._engines.is_postgresql:
            await session.write(_SET_TENANT, {"tenant": tenant})


def _named(tenant_id: TenantId) -> str:
    if not tenant_id:
        raise ValueError("a tenant's transaction needs a tenant")
    return tenant_id
