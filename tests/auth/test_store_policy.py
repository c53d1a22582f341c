"""What every store promises about the policy's version, and when it tells of a change."""

import asyncio

import pytest

from services.auth.domain import Grant, Membership, User
from services.auth.errors import UserEmailTaken
from services.auth.ports import AuthStore
from services.auth.standard_roles import roles_of
from tests.auth.builders import a_user, keep_tenant, keep_user
from tests.auth.news import News


async def test_the_policy_holds_the_rules_of_all_tenants(store: AuthStore) -> None:
    tenant, other = await keep_tenant(store), await keep_tenant(store, "globex")
    ada = await keep_user(store, a_user(tenant, roles=("admin", "agent")))
    bob = await keep_user(store, a_user(other))
    async with store.reading_directory() as directory:
        policy = await directory.policy()
        assert policy.version == await directory.policy_version()
    assert set(policy.memberships) == {
        Membership(tenant.tenant_id, ada.user_id, "admin"),
        Membership(tenant.tenant_id, ada.user_id, "agent"),
        Membership(other.tenant_id, bob.user_id, "customer"),
    }
    assert Grant(other.tenant_id, "customer", "ticket.tickets.get") in policy.grants
    assert len(policy.grants) == 2 * sum(len(role.permissions) for role in roles_of("acme"))


async def test_each_transaction_that_changes_the_policy_raises_its_version_once(
    store: AuthStore, news: News
) -> None:
    tenant = await keep_tenant(store)
    user = a_user(tenant)
    before, told = await version(store), news.count
    async with store.writing(tenant.tenant_id) as records:
        await records.lock_policy()
        await records.add_user(user, "hash")
        await records.set_roles(user.user_id, ["agent"])
        assert news.count == told
    assert await version(store) == before + 1
    assert news.count == told + 1


async def test_a_change_that_fails_leaves_the_policy_as_it_was(
    store: AuthStore, news: News
) -> None:
    tenant = await keep_tenant(store)
    before, told = await version(store), news.count
    with pytest.raises(UserEmailTaken):
        await add_twice(store, a_user(tenant))
    assert await version(store) == before
    assert news.count == told
    async with store.reading(tenant.tenant_id) as records:
        assert await records.users(("", ""), 9) == []


async def test_versions_do_not_skip_when_changes_meet(store: AuthStore) -> None:
    tenant = await keep_tenant(store)
    before = await version(store)
    users = [a_user(tenant, f"user-{number}@x.org") for number in range(8)]
    await asyncio.gather(*(keep_user(store, user) for user in users))
    assert await version(store) == before + 8


async def add_twice(store: AuthStore, user: User) -> None:
    async with store.writing(user.tenant_id) as records:
        await records.add_user(user, "hash")
        await records.add_user(user, "hash")


async def version(store: AuthStore) -> int:
    async with store.reading_directory() as directory:
        return await directory.policy_version()
