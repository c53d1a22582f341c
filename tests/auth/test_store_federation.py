"""What every store promises of identity providers: the fake, SQLite and PostgreSQL alike."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from services.auth.domain import Tenant
from services.auth.errors.identity_providers import (
    IdentityProviderChanged,
    IdentityProviderIssuerTaken,
    IdentityProviderNotFound,
)
from services.auth.federation import FederatedLogin, IdentityProviderId
from services.auth.ports import AuthStore
from tests.auth.builders import a_user, keep_tenant, keep_user
from tests.auth.fakes import START
from tests.auth.federation_builders import a_login, a_provider, an_identity, keep_provider
from tests.auth.foreign_tokens import ISSUER

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def tenant(store: AuthStore) -> Tenant:
    return await keep_tenant(store)


async def test_a_provider_comes_back_as_it_was_kept(store: AuthStore, tenant: Tenant) -> None:
    provider = replace(a_provider(tenant), has_client_secret=True)
    await keep_provider(store, provider, "sealed")
    async with store.reading(tenant.tenant_id) as records:
        assert await records.identity_provider(provider.identity_provider_id) == provider
        assert await records.sealed_client_secret(provider.identity_provider_id) == "sealed"
        assert await records.identity_provider_of_issuer(ISSUER) == provider
        assert await records.identity_provider_of_issuer("https://other.example") is None


async def test_an_issuer_has_one_provider_in_a_tenant(store: AuthStore, tenant: Tenant) -> None:
    other = await keep_tenant(store, "globex")
    await keep_provider(store, a_provider(tenant))
    await keep_provider(store, a_provider(other))
    with pytest.raises(IdentityProviderIssuerTaken):
        await keep_provider(store, a_provider(tenant))


async def test_providers_are_listed_oldest_first(store: AuthStore, tenant: Tenant) -> None:
    kept = [
        await keep_provider(store, a_provider(tenant, issuer=f"https://{number}.example"))
        for number in range(3)
    ]
    async with store.reading(tenant.tenant_id) as records:
        first = await records.identity_providers("", 2)
        rest = await records.identity_providers(first[-1].identity_provider_id, 9)
    assert first + rest == kept


async def test_another_tenants_provider_does_not_exist(store: AuthStore, tenant: Tenant) -> None:
    other = await keep_tenant(store, "globex")
    provider = await keep_provider(store, a_provider(tenant))
    user = await keep_user(store, a_user(tenant))
    async with store.writing(tenant.tenant_id) as records:
        await records.keep_external_identity(an_identity(tenant, user.user_id))
        await records.add_federated_login(a_login(provider))
    async with store.writing(other.tenant_id) as records:
        for read in (records.identity_provider, records.sealed_client_secret):
            with pytest.raises(IdentityProviderNotFound):
                await read(provider.identity_provider_id)
        assert await records.identity_providers("", 9) == []
        assert await records.identity_provider_of_issuer(ISSUER) is None
        assert await records.external_identity(ISSUER, "subject-1") is None
        assert not await records.has_external_identity(user.user_id, ISSUER)
        assert await records.take_federated_login("d1") is None
        with pytest.raises(IdentityProviderChanged):
            await records.delete_identity_provider(provider)
        with pytest.raises(IdentityProviderChanged):
            await records.replace_identity_provider(replace(provider, revision=2), "mine")


async def test_a_role_is_given_by_rules_and_defaults(store: AuthStore, tenant: Tenant) -> None:
    other = await keep_tenant(store, "globex")
    await keep_provider(store, a_provider(tenant))
    async with store.reading(tenant.tenant_id) as records:
        given = [await records.is_given_by_providers(name) for name in ("customer", "it", "agent")]
    async with store.reading(other.tenant_id) as records:
        assert not await records.is_given_by_providers("agent")
    assert given == [True, False, True]


async def test_a_change_applies_to_what_was_seen_only(store: AuthStore, tenant: Tenant) -> None:
    provider = await keep_provider(store, a_provider(tenant))
    second = replace(provider, display_name="Second", revision=2)
    async with store.writing(tenant.tenant_id) as records:
        await records.replace_identity_provider(second, "sealed")
        with pytest.raises(IdentityProviderChanged):
            await records.replace_identity_provider(second, "sealed")
        with pytest.raises(IdentityProviderChanged):
            await records.delete_identity_provider(provider)
        found = await records.identity_provider(provider.identity_provider_id)
    assert found == replace(second, has_client_secret=found.has_client_secret)


async def test_a_provider_goes_with_its_logins_and_identities(
    store: AuthStore, tenant: Tenant
) -> None:
    provider = await keep_provider(store, a_provider(tenant))
    user = await keep_user(store, a_user(tenant))
    async with store.writing(tenant.tenant_id) as records:
        await records.keep_external_identity(an_identity(tenant, user.user_id))
        await records.add_federated_login(a_login(provider))
        await records.delete_identity_provider(provider)
    async with store.writing(tenant.tenant_id) as records:
        with pytest.raises(IdentityProviderNotFound):
            await records.identity_provider(IdentityProviderId(provider.identity_provider_id))
        assert await records.external_identity(ISSUER, "subject-1") is None
        assert await records.take_federated_login("d1") is None
        assert await records.user(user.user_id) == user


async def test_an_identity_is_kept_once_for_each_subject(store: AuthStore, tenant: Tenant) -> None:
    user = await keep_user(store, a_user(tenant))
    first = an_identity(tenant, user.user_id)
    later = replace(first, roles=(), login_time=START + MINUTE)
    async with store.writing(tenant.tenant_id) as records:
        await records.keep_external_identity(first)
        await records.keep_external_identity(later)
        await records.keep_external_identity(an_identity(tenant, user.user_id, "subject-2"))
        assert await records.external_identity(ISSUER, "subject-1") == later
        assert await records.external_identity(ISSUER, "SUBJECT-1") is None
        assert await records.has_external_identity(user.user_id, ISSUER)
        assert await records.has_external_identity(user.user_id)
        assert not await records.has_external_identity(user.user_id, "https://other.example")


async def test_a_login_under_way_is_taken_once(store: AuthStore, tenant: Tenant) -> None:
    provider = await keep_provider(store, a_provider(tenant))
    login = a_login(provider)
    async with store.writing(tenant.tenant_id) as records:
        await records.add_federated_login(login)
    async with store.reading_directory() as directory:
        assert await directory.tenant_of_federated_login("d1") == tenant.tenant_id
        assert await directory.tenant_of_federated_login("d2") is None

    async def take() -> FederatedLogin | None:
        async with store.writing(tenant.tenant_id) as records:
            return await records.take_federated_login("d1")

    taken = await asyncio.gather(*(take() for _ in range(5)))
    assert [one for one in taken if one is not None] == [login]


async def test_logins_that_are_over_are_deleted(store: AuthStore, tenant: Tenant) -> None:
    provider = await keep_provider(store, a_provider(tenant))
    async with store.writing(tenant.tenant_id) as records:
        await records.add_federated_login(a_login(provider, "old"))
        await records.add_federated_login(
            replace(a_login(provider, "new"), expire_time=START + 2 * MINUTE)
        )
    async with store.directory() as directory:
        assert await directory.delete_federated_logins(START + MINUTE) == 1
        assert await directory.tenant_of_federated_login("old") is None
        assert await directory.tenant_of_federated_login("new") == tenant.tenant_id
