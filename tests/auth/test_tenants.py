"""Making tenants, and what every installation starts with."""

import asyncio
from datetime import timedelta

import pytest

from services.auth.domain import Role, Tenant
from services.auth.errors.credentials import CredentialsWrong, PasswordRefused
from services.auth.errors.tenants import TenantNotFound, TenantSlugTaken
from services.auth.signing import make_signing_key
from services.auth.standard_roles import OPERATOR_EMAIL, roles_of
from services.auth.use_cases.platform import (
    delete_expired,
    ensure_platform,
    ensure_signing_key,
    update_standard_roles,
)
from services.auth.use_cases.tenants import NewTenant, create_tenant, get_tenant, list_tenants
from services.auth.use_cases.tokens import log_in
from services.auth.use_cases.users import NewPerson
from services.mesh.caller import TenantId
from tests.auth.builders import PASSWORD, a_user, keep_tenant, keep_user
from tests.auth.desk import Desk
from tests.auth.fakes import FakeOperatorSecret


async def create(desk: Desk, slug: str = "acme", password: str = PASSWORD) -> Tenant:
    admin = NewPerson("ada@example.com", "Ada", ("operator",), password)
    new = NewTenant(slug, "Acme", admin)
    return await create_tenant(desk.store, desk.passwords, desk.clock, new)


async def start(desk: Desk, secret: FakeOperatorSecret) -> None:
    await ensure_platform(desk.store, desk.passwords, desk.clock, secret)


async def test_a_new_tenant_has_the_standard_roles_and_an_admin(desk: Desk) -> None:
    tenant = await create(desk)
    assert await get_tenant(desk.store, tenant.tenant_id) == tenant
    async with desk.store.reading(tenant.tenant_id) as records:
        assert [role.name for role in await records.roles()] == ["admin", "agent", "customer"]
        [admin] = await records.users(("", ""), 9)
    assert admin.roles == ("admin",)
    assert await log_in(desk.tokens, "acme", "ada@example.com", PASSWORD)


async def test_a_taken_slug_leaves_nothing_behind(desk: Desk) -> None:
    await create(desk)
    before = desk.store.state
    with pytest.raises(TenantSlugTaken):
        await create(desk)
    assert desk.store.state == before


async def test_nobody_takes_the_platforms_slug(desk: Desk) -> None:
    await start(desk, FakeOperatorSecret())
    with pytest.raises(TenantSlugTaken):
        await create(desk, "platform")


async def test_the_first_admins_password_must_be_good(desk: Desk) -> None:
    with pytest.raises(PasswordRefused) as caught:
        await create(desk, password="ada@example.com")
    assert caught.value.violations[0].field == "admin_password"


async def test_a_missing_tenant_is_not_found(desk: Desk) -> None:
    with pytest.raises(TenantNotFound):
        await get_tenant(desk.store, TenantId("nobody"))


async def test_tenants_come_in_pages(desk: Desk) -> None:
    for slug in ("initech", "acme", "globex"):
        await keep_tenant(desk.store, slug)
    first = await list_tenants(desk.store, 2, "")
    assert [tenant.slug for tenant in first.tenants] == ["acme", "globex"]
    assert first.next_cursor is not None
    second = await list_tenants(desk.store, 2, first.next_cursor)
    assert [tenant.slug for tenant in second.tenants] == ["initech"]
    assert second.next_cursor is None


async def test_the_first_start_makes_the_platform_and_its_operator(desk: Desk) -> None:
    secret = FakeOperatorSecret()
    await start(desk, secret)
    assert await log_in(desk.tokens, "platform", OPERATOR_EMAIL, secret.password)
    [tenant] = desk.store.state.tenants.values()
    async with desk.store.reading(tenant.tenant_id) as records:
        assert [role.name for role in await records.roles()] == ["operator"]


async def test_a_later_start_changes_nothing(desk: Desk) -> None:
    await start(desk, FakeOperatorSecret())
    before = desk.store.state
    later = FakeOperatorSecret()
    later.password = "another password"
    await start(desk, later)
    assert desk.store.state == before
    assert later.times_asked == 0
    with pytest.raises(CredentialsWrong):
        await log_in(desk.tokens, "platform", OPERATOR_EMAIL, later.password)


async def test_replicas_that_start_together_make_one_platform(desk: Desk) -> None:
    await asyncio.gather(*(start(desk, FakeOperatorSecret()) for _ in range(5)))
    assert len(desk.store.state.tenants) == 1
    assert len(desk.store.state.accounts) == 1


async def test_a_signing_key_is_made_once(desk: Desk) -> None:
    for _ in range(2):
        await ensure_signing_key(desk.store, desk.clock, make_signing_key)
    assert len(desk.store.state.signing_keys) == 1


async def test_yesterdays_tenants_get_todays_permissions(desk: Desk) -> None:
    tenant = await keep_tenant(desk.store)
    current = await keep_tenant(desk.store, "globex")
    async with desk.store.writing(tenant.tenant_id) as records:
        await records.add_roles([Role("agent", "Old.", frozenset({"x.y"}))])
    before = desk.store.state.policy_version
    await update_standard_roles(desk.store)
    for known in (tenant, current):
        async with desk.store.reading(known.tenant_id) as records:
            assert set(await records.roles()) == set(roles_of("acme"))
    assert desk.store.state.policy_version == before + 1
    await update_standard_roles(desk.store)
    assert desk.store.state.policy_version == before + 1


async def test_old_sessions_are_forgotten(desk: Desk) -> None:
    await keep_user(desk.store, a_user(await keep_tenant(desk.store)))
    await log_in(desk.tokens, "acme", "ada@example.com", PASSWORD)
    assert await delete_expired(desk.store, desk.clock) == 0
    desk.clock.advance(timedelta(days=365))
    assert await delete_expired(desk.store, desk.clock) == 1
    assert desk.store.state.refresh_tokens == {}
