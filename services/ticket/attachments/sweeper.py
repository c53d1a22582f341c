"""Drops the bytes that nothing names: of deleted files, and of uploads that were cut off."""

import asyncio

import structlog

from services.mesh.caller import TenantId
from services.mesh.errors import MeshError
from services.ticket.attachments.ports import ByteStore
from services.ticket.ports.tickets import TicketStore

# Longer than an upload may take, so that what is still coming is let alone.
_GRACE_SECONDS = 2 * 3600.0
_AT_ONCE = 200

log = structlog.get_logger()


class AttachmentSweeper:
    """A background job. Several may run over one folder."""

    def __init__(
        self,
        files: ByteStore,
        store: TicketStore,
        *,
        pause_seconds: float = 600.0,
        grace_seconds: float = _GRACE_SECONDS,
    ) -> None:
        self._files = files
        self._store = store
        self._pause_seconds = pause_seconds
        self._grace_seconds = grace_seconds

    async def run(self) -> None:
        while True:
            await self.sweep()
            await asyncio.sleep(self._pause_seconds)

    async def sweep(self) -> int:
        """Returns how many files it dropped."""
        dropped = 0
        for tenant_id in await self._files.list_tenants():
            try:
                dropped += await self._sweep_tenant(tenant_id)
            except MeshError as error:
                log.warning("files were not swept", tenant_id=tenant_id, reason=error.reason)
        return dropped

    async def _sweep_tenant(self, tenant_id: TenantId) -> int:
        dropped = await self._files.drop_abandoned(tenant_id, self._grace_seconds)
        kept = await self._files.list_kept(tenant_id, self._grace_seconds)
        for first in range(0, len(kept), _AT_ONCE):
            batch = kept[first : first + _AT_ONCE]
            async with self._store.reading(tenant_id) as tickets:
                unnamed = {*batch} - await tickets.hashes_in_use(batch)
            if unnamed:
                dropped += await self._drop(tenant_id, unnamed)
        return dropped

    async def _drop(self, tenant_id: TenantId, unnamed: set[str]) -> int:
        async with self._store.transaction(tenant_id) as tickets:
            # Whoever is about to name one of them has this, or will look whether it is there.
            await tickets.hold_log()
            unnamed -= await tickets.hashes_in_use(unnamed)
            await self._files.drop(tenant_id, unnamed)
        return len(unnamed)
