"""Takes everything of a deleted tenant out of a service, and tells auth when nothing is left."""

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import structlog
from sqlalchemy import MetaData, Table, delete, insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.mesh.audit.tables import PURGES
from services.mesh.caller import TenantId
from services.mesh.database import Database

# For what a service keeps of a tenant outside its database: an index, a cache.
Forget = Callable[[TenantId], Awaitable[None]]

log = structlog.get_logger()


class Deletions(Protocol):
    """The word of auth about the tenants that go."""

    async def next_deletions(self, known: frozenset[TenantId]) -> frozenset[TenantId]:
        """Those under way, once they are others than these."""

    async def confirm_purge(self, tenant_id: TenantId) -> None:
        """Returns once auth has taken note."""


class Purge:
    """A background job. A process that starts anew purges again whatever auth still names."""

    def __init__(
        self,
        deletions: Deletions,
        database: Database,
        metadata: MetaData,
        forget: Sequence[Forget] = (),
    ) -> None:
        self._deletions = deletions
        self._database = database
        self._tables = tables_of_tenants(metadata)
        self._forget = forget
        self._done: frozenset[TenantId] = frozenset()

    async def run(self) -> None:
        while True:
            going = await self._deletions.next_deletions(self._done)
            for tenant_id in sorted(going - self._done):
                await self._purge(tenant_id)
                self._done |= {tenant_id}
            self._done &= going

    async def _purge(self, tenant_id: TenantId) -> None:
        async with self._database.last_transaction(tenant_id) as session:
            await delete_rows(session, self._tables, tenant_id)
        for forget in self._forget:
            await forget(tenant_id)
        await self._deletions.confirm_purge(tenant_id)
        log.info("tenant purged", tenant_id=tenant_id)


def tables_of_tenants(metadata: MetaData) -> list[Table]:
    """Those with rows of tenants, referring ones before the ones that they refer to."""
    tables = [table for table in reversed(metadata.sorted_tables) if "tenant_id" in table.columns]
    # Last of all, because the guard of the audit records looks there.
    return sorted(tables, key=lambda table: table.name == PURGES)


async def delete_rows(session: AsyncSession, tables: Sequence[Table], tenant_id: TenantId) -> None:
    for table in tables:
        if table.name == PURGES:
            await _open_guard(session, table, tenant_id)
    for table in tables:
        await session.execute(delete(table).where(table.c.tenant_id == tenant_id))


async def _open_guard(session: AsyncSession, purges: Table, tenant_id: TenantId) -> None:
    """Audit records are never deleted, but with all else of a tenant whose purge is noted."""
    await session.execute(delete(purges).where(purges.c.tenant_id == tenant_id))
    now = time.time_ns() // 1000
    await session.execute(insert(purges).values(tenant_id=tenant_id, at_microseconds=now))
