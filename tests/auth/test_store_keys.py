"""What the stores promise about API keys and about roles that go."""

from dataclasses import replace
from datetime import timedelta

from services.auth.domain import ApiKey, ApiKeyId, Role, User
from services.auth.ports import AuthStore
from services.auth.rules import rules_of
from tests.auth.builders import a_user, keep_tenant, keep_user
from tests.auth.fakes import START

HOUR = timedelta(hours=1)


def a_key(user: User, api_key_id: str = "k1", digest: str = "d") -> ApiKey:
    scope = frozenset({"ticket.tickets.get", "ticket.tickets.list"})
    return ApiKey(
        user.tenant_id, ApiKeyId(api_key_id), user.user_id, "Robot", scope, digest, START,
        START + HOUR,
    )  # fmt: skip


async def test_a_key_is_found_by_its_digest_and_revoked(store: AuthStore) -> None:
    ada = await keep_user(store, a_user(await keep_tenant(store)))
    key = a_key(ada)
    async with store.writing(ada.tenant_id) as records:
        await records.add_api_key(key)
    async with store.reading_directory() as directory:
        assert await directory.api_key_with_digest("d") == key
        assert await directory.api_key_with_digest("e") is None
    async with store.writing(ada.tenant_id) as records:
        assert await records.lock_api_key(key.api_key_id) == key
        await records.revoke_api_key(key.api_key_id, START)
        assert await records.lock_api_key(key.api_key_id) == replace(key, revoke_time=START)


async def test_keys_are_listed_by_id_of_one_user_or_of_all(store: AuthStore) -> None:
    tenant = await keep_tenant(store)
    ada = await keep_user(store, a_user(tenant))
    eve = await keep_user(store, a_user(tenant, "eve@x.org"))
    keys = [a_key(ada, "k1", "1"), a_key(eve, "k2", "2"), a_key(ada, "k3", "3")]
    async with store.writing(tenant.tenant_id) as records:
        for key in reversed(keys):
            await records.add_api_key(key)
        assert await records.api_keys(None, "", 9) == keys
        assert await records.api_keys(ada.user_id, "", 9) == [keys[0], keys[2]]
        assert await records.api_keys(None, "k1", 1) == [keys[1]]


async def test_another_tenants_key_does_not_exist(store: AuthStore) -> None:
    tenant, other = await keep_tenant(store), await keep_tenant(store, "globex")
    key = a_key(await keep_user(store, a_user(tenant)))
    async with store.writing(tenant.tenant_id) as records:
        await records.add_api_key(key)
    async with store.writing(other.tenant_id) as records:
        assert await records.api_keys(None, "", 9) == []
        assert await records.lock_api_key(key.api_key_id) is None


async def test_a_role_goes_with_its_permissions(store: AuthStore) -> None:
    tenant = await keep_tenant(store)
    role = Role("auditor", "", frozenset({"ticket.tickets.get"}))
    async with store.writing(tenant.tenant_id) as records:
        await records.add_roles([role])
        assert not await records.is_held("auditor")
    user = await keep_user(store, a_user(tenant, roles=("auditor",)))
    async with store.writing(tenant.tenant_id) as records:
        assert await records.is_held("auditor")
        await records.set_roles(user.user_id, [])
        await records.delete_role("auditor")
    async with store.reading_directory() as directory:
        policy = await directory.policy(START)
    assert "r:auditor" not in {rule[1] for rule in rules_of(policy)}
