"""How a deleted tenant goes: the services confirm that they hold nothing, and auth buries it."""

from services.auth.domain import Deletion
from services.auth.ports import AuthStore
from services.mesh.caller import TenantId
from services.mesh.clock import Clock


async def confirm_purge(store: AuthStore, clock: Clock, tenant_id: TenantId, service: str) -> None:
    async with store.directory() as directory:
        await directory.confirm_purge(tenant_id, service, clock())


async def find_deletion(store: AuthStore, tenant_id: TenantId) -> Deletion | None:
    async with store.reading_directory() as directory:
        return await directory.deletion(tenant_id)


async def bury_the_purged(store: AuthStore, clock: Clock) -> list[TenantId]:
    """Buries the tenants of which only auth itself still holds something, and says which."""
    async with store.reading_directory() as directory:
        ready = [one for one in await directory.deletions() if one.is_everywhere_else]
    for deletion in ready:
        async with store.burial(deletion.tenant_id) as directory:
            await directory.bury(deletion.tenant_id, clock())
    return [deletion.tenant_id for deletion in ready]
