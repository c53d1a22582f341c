"""Suspended and deleted tenants, as their people and the operator see them."""

import pytest

from services.auth.domain import PURGING_SERVICES, Tenant, TenantState
from services.auth.errors.credentials import CredentialsWrong, RefreshTokenInvalid
from services.auth.errors.tenants import (
    TenantDeleting,
    TenantNotFound,
    TenantProtected,
    TenantSuspended,
)
from services.auth.use_cases.deletions import bury_the_purged, confirm_purge, find_deletion
from services.auth.use_cases.sessions import IssuedToken, refresh
from services.auth.use_cases.tenant_states import delete_tenant, resume_tenant, suspend_tenant
from services.auth.use_cases.tenants import get_tenant
from services.auth.use_cases.tokens import log_in
from tests.auth.builders import PASSWORD, a_user, keep_tenant, keep_user
from tests.auth.desk import Desk


@pytest.fixture
async def acme(desk: Desk) -> Tenant:
    tenant = await keep_tenant(desk.store)
    await keep_user(desk.store, a_user(tenant))
    return tenant


async def enter(desk: Desk, password: str = PASSWORD, slug: str = "acme") -> IssuedToken:
    return await log_in(desk.tokens, slug, "ada@example.com", password)


async def test_nobody_logs_in_to_a_suspended_tenant(desk: Desk, acme: Tenant) -> None:
    suspended = await suspend_tenant(desk.store, desk.clock, acme.tenant_id)
    assert suspended.state is TenantState.SUSPENDED
    with pytest.raises(TenantSuspended):
        await enter(desk)


@pytest.mark.parametrize("slug", ["acme", "nowhere"])
async def test_that_it_is_suspended_is_told_to_those_with_the_password_only(
    desk: Desk, acme: Tenant, slug: str
) -> None:
    await suspend_tenant(desk.store, desk.clock, acme.tenant_id)
    with pytest.raises(CredentialsWrong):
        await enter(desk, "wrong horse", slug)


async def test_its_sessions_end_and_do_not_come_back(desk: Desk, acme: Tenant) -> None:
    token = (await enter(desk)).refresh_token
    await suspend_tenant(desk.store, desk.clock, acme.tenant_id)
    with pytest.raises(TenantSuspended):
        await refresh(desk.tokens, token)
    await resume_tenant(desk.store, acme.tenant_id)
    with pytest.raises(RefreshTokenInvalid):
        await refresh(desk.tokens, token)
    assert await enter(desk)


async def test_another_tenant_goes_on(desk: Desk, acme: Tenant) -> None:
    await keep_user(desk.store, a_user(await keep_tenant(desk.store, "globex")))
    token = (await enter(desk, slug="globex")).refresh_token
    await suspend_tenant(desk.store, desk.clock, acme.tenant_id)
    assert await refresh(desk.tokens, token)


async def test_suspending_and_resuming_twice_changes_nothing(desk: Desk, acme: Tenant) -> None:
    await suspend_tenant(desk.store, desk.clock, acme.tenant_id)
    version = desk.store.state.policy_version
    await suspend_tenant(desk.store, desk.clock, acme.tenant_id)
    assert desk.store.state.policy_version == version
    for _ in range(2):
        resumed = await resume_tenant(desk.store, acme.tenant_id)
        assert resumed.state is TenantState.ACTIVE


async def test_a_deleted_tenant_is_not_told_from_one_that_never_was(
    desk: Desk, acme: Tenant
) -> None:
    token = (await enter(desk)).refresh_token
    await delete_tenant(desk.store, desk.clock, acme.tenant_id)
    with pytest.raises(CredentialsWrong):
        await enter(desk)
    with pytest.raises(RefreshTokenInvalid):
        await refresh(desk.tokens, token)


async def test_there_is_no_way_back(desk: Desk, acme: Tenant) -> None:
    await delete_tenant(desk.store, desk.clock, acme.tenant_id)
    for change in (
        suspend_tenant(desk.store, desk.clock, acme.tenant_id),
        resume_tenant(desk.store, acme.tenant_id),
    ):
        with pytest.raises(TenantDeleting):
            await change
    again = await delete_tenant(desk.store, desk.clock, acme.tenant_id)
    assert again.state is TenantState.DELETING


async def test_it_is_gone_when_the_last_service_has_confirmed(desk: Desk, acme: Tenant) -> None:
    await delete_tenant(desk.store, desk.clock, acme.tenant_id)
    for service in sorted(PURGING_SERVICES):
        assert await bury_the_purged(desk.store, desk.clock) == []
        deletion = await find_deletion(desk.store, acme.tenant_id)
        assert deletion is not None
        assert service not in deletion.purged_services
        for _ in range(2):
            await confirm_purge(desk.store, desk.clock, acme.tenant_id, service)
    assert await bury_the_purged(desk.store, desk.clock) == [acme.tenant_id]
    assert await bury_the_purged(desk.store, desk.clock) == []
    assert await find_deletion(desk.store, acme.tenant_id) is None
    with pytest.raises(TenantNotFound):
        await get_tenant(desk.store, acme.tenant_id)
    with pytest.raises(TenantNotFound):
        await delete_tenant(desk.store, desk.clock, acme.tenant_id)


async def test_its_slug_is_free_again(desk: Desk, acme: Tenant) -> None:
    await delete_tenant(desk.store, desk.clock, acme.tenant_id)
    for service in PURGING_SERVICES:
        await confirm_purge(desk.store, desk.clock, acme.tenant_id, service)
    await bury_the_purged(desk.store, desk.clock)
    successor = await keep_tenant(desk.store)
    assert successor.slug == acme.slug
    assert successor.tenant_id != acme.tenant_id


async def test_a_confirmation_for_a_living_tenant_is_not_kept(desk: Desk, acme: Tenant) -> None:
    for service in PURGING_SERVICES:
        await confirm_purge(desk.store, desk.clock, acme.tenant_id, service)
    await delete_tenant(desk.store, desk.clock, acme.tenant_id)
    assert await bury_the_purged(desk.store, desk.clock) == []


async def test_the_platforms_own_tenant_stays(desk: Desk) -> None:
    platform = await keep_tenant(desk.store, "platform")
    for change in (
        suspend_tenant(desk.store, desk.clock, platform.tenant_id),
        resume_tenant(desk.store, platform.tenant_id),
        delete_tenant(desk.store, desk.clock, platform.tenant_id),
    ):
        with pytest.raises(TenantProtected):
            await change
