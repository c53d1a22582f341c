"""The store's transactions."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.auth.policy_seal import PolicySeal
from services.auth.ports import Directory, TenantRecords
from services.auth.store.directory import SqlDirectory
from services.auth.store.policy_lock import PolicyBook, PolicyChanged
from services.auth.store.tenant_records import SqlTenantRecords
from services.mesh.caller import TenantId
from services.mesh.database import Database


class SqlAuthStore:
    def __init__(
        self,
        database: Database,
        policy_changed: PolicyChanged = lambda _: None,
        seal: PolicySeal | None = None,
    ) -> None:
        """`policy_changed` is called after each commit that changed the policy."""
        self._database = database
        self._policy_book = PolicyBook(policy_changed, seal)

    @asynccontextmanager
    async def writing(self, tenant_id: TenantId) -> AsyncIterator[TenantRecords]:
        async with self._database.tenant_transaction(tenant_id) as session:
            yield SqlTenantRecords(session, tenant_id, self._policy_book)

    @asynccontextmanager
    async def reading(self, tenant_id: TenantId) -> AsyncIterator[TenantRecords]:
        async with self._database.tenant_reading(tenant_id) as session:
            yield SqlTenantRecords(session, tenant_id, self._policy_book)

    @asynccontextmanager
    async def directory(self) -> AsyncIterator[Directory]:
        async with self._database.system_transaction() as session:
            yield SqlDirectory(session, self._policy_book)

    @asynccontextmanager
    async def burial(self, tenant_id: TenantId) -> AsyncIterator[Directory]:
        async with self._database.last_transaction(tenant_id) as session:
            yield SqlDirectory(session, self._policy_book)

    @asynccontextmanager
    async def reading_directory(self) -> AsyncIterator[Directory]:
        async with self._database.system_reading() as session:
            yield SqlDirectory(session, self._policy_book)
