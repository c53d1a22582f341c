"""Suspending tenants, letting them back in, and beginning to delete them."""

from services.auth.domain import Tenant, TenantState
from services.auth.errors.tenants import TenantDeleting, TenantProtected
from services.auth.ports import AuthStore, Directory
from services.auth.standard_roles import PLATFORM_SLUG
from services.mesh.caller import TenantId
from services.mesh.clock import Clock


async def suspend_tenant(store: AuthStore, clock: Clock, tenant_id: TenantId) -> Tenant:
    async with store.directory() as directory:
        tenant = await _mutable(directory, tenant_id)
        if tenant.state is TenantState.ACTIVE:
            await _shut_out(directory, tenant_id, TenantState.SUSPENDED, clock)
        return await directory.tenant(tenant_id)


async def resume_tenant(store: AuthStore, tenant_id: TenantId) -> Tenant:
    async with store.directory() as directory:
        tenant = await _mutable(directory, tenant_id)
        if tenant.state is TenantState.SUSPENDED:
            await directory.records(tenant_id).set_state(TenantState.ACTIVE)
        return await directory.tenant(tenant_id)


async def delete_tenant(store: AuthStore, clock: Clock, tenant_id: TenantId) -> Tenant:
    """Marks it; the services purge what they hold, and auth buries it after the last of them."""
    async with store.directory() as directory:
        tenant = await directory.records(tenant_id).hold_tenant(alone=True)
        _check_not_ours(tenant)
        if tenant.state is not TenantState.DELETING:
            await _shut_out(directory, tenant_id, TenantState.DELETING, clock)
            await directory.add_deletion(tenant_id, clock())
        return await directory.tenant(tenant_id)


async def _mutable(directory: Directory, tenant_id: TenantId) -> Tenant:
    tenant = await directory.records(tenant_id).hold_tenant(alone=True)
    _check_not_ours(tenant)
    if tenant.state is TenantState.DELETING:
        raise TenantDeleting(tenant_id)
    return tenant


def _check_not_ours(tenant: Tenant) -> None:
    if tenant.slug == PLATFORM_SLUG:
        raise TenantProtected(tenant.tenant_id)


async def _shut_out(
    directory: Directory, tenant_id: TenantId, state: TenantState, clock: Clock
) -> None:
    records = directory.records(tenant_id)
    # Whoever opens a session holds the tenant meanwhile, as we do: it is here by now to be ended,
    # or will find the new state.
    await records.end_sessions_of_tenant(clock())
    await records.set_state(state)
