"""What every store promises about tenants that are suspended, deleted and buried."""

from collections import defaultdict
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from services.auth.domain import Deletion, Policy, Tenant, TenantState
from services.auth.errors.tenants import TenantNotFound
from services.auth.ports import AuthStore
from services.auth.rules import rules_of
from services.auth.store import SqlAuthStore
from services.auth.tables import AuthTable
from services.mesh.database import Database
from services.mesh.purge import tables_of_tenants
from tests.auth.builders import (
    a_client,
    a_refresh_token,
    a_session,
    a_user,
    keep_tenant,
    keep_user,
)
from tests.auth.fakes import START
from tests.auth.federation_builders import a_login, a_provider, an_identity

HOUR = timedelta(hours=1)


async def keep_everything(store: AuthStore, slug: str) -> Tenant:
    tenant = await keep_tenant(store, slug)
    user = await keep_user(store, a_user(tenant))
    await keep_user(store, a_client(tenant))
    session = a_session(user)
    async with store.writing(tenant.tenant_id) as records:
        await records.add_session(session)
        await records.add_refresh_token(a_refresh_token(session, f"digest of {slug}"))
        provider = a_provider(tenant)
        await records.add_identity_provider(provider, "sealed")
        await records.add_federated_login(a_login(provider, f"state of {slug}"))
        await records.keep_external_identity(an_identity(tenant, user.user_id))
    return tenant


async def policy(store: AuthStore) -> Policy:
    async with store.reading_directory() as directory:
        return await directory.policy(START)


async def test_only_an_active_tenant_has_rules(store: AuthStore) -> None:
    acme, globex = await keep_everything(store, "acme"), await keep_everything(store, "globex")
    before = await policy(store)
    async with store.writing(acme.tenant_id) as records:
        await records.set_state(TenantState.SUSPENDED)
    suspended = await policy(store)
    assert tenants_in(suspended) == {"p": {globex.tenant_id}, "g": {globex.tenant_id}}
    assert suspended.rules_version > before.rules_version
    async with store.writing(acme.tenant_id) as records:
        assert (await records.hold_tenant()).state is TenantState.SUSPENDED
        await records.set_state(TenantState.ACTIVE)
    resumed = await policy(store)
    assert set(rules_of(resumed)) == set(rules_of(before))


async def test_the_policy_names_a_tenant_from_its_deletion_to_its_burial(store: AuthStore) -> None:
    acme = await keep_everything(store, "acme")
    async with store.directory() as directory:
        await directory.add_deletion(acme.tenant_id, START)
        await directory.add_deletion(acme.tenant_id, START + HOUR)
    assert (await policy(store)).deleted_tenants == {acme.tenant_id}
    async with store.directory() as directory:
        assert await directory.deletion(acme.tenant_id) == Deletion(acme.tenant_id, START)
    async with store.burial(acme.tenant_id) as directory:
        await directory.bury(acme.tenant_id, START)
    assert (await policy(store)).deleted_tenants == frozenset()
    async with store.reading_directory() as directory:
        assert await directory.deletions() == []
        with pytest.raises(TenantNotFound):
            await directory.tenant(acme.tenant_id)


async def test_each_service_confirms_once(store: AuthStore) -> None:
    acme = await keep_everything(store, "acme")
    async with store.directory() as directory:
        await directory.confirm_purge(acme.tenant_id, "ticket", START)
        assert await directory.deletion(acme.tenant_id) is None
        await directory.add_deletion(acme.tenant_id, START)
        for service in ("ticket", "chat", "ticket"):
            await directory.confirm_purge(acme.tenant_id, service, START)
        found = await directory.deletion(acme.tenant_id)
    assert found is not None
    assert found.purged_services == {"ticket", "chat"}


async def test_a_burial_leaves_no_row_of_the_tenant_and_every_row_of_others(
    database: Database,
) -> None:
    store = SqlAuthStore(database)
    acme, globex = await keep_everything(store, "acme"), await keep_everything(store, "globex")
    before = await rows_of(database, globex)
    async with store.directory() as directory:
        await directory.add_deletion(acme.tenant_id, START)
        await directory.confirm_purge(acme.tenant_id, "ticket", START)
    assert (await rows_of(database, acme))["users"] == 2
    for _ in range(2):
        async with store.burial(acme.tenant_id) as directory:
            await directory.bury(acme.tenant_id, START)
    left = {name: count for name, count in (await rows_of(database, acme)).items() if count}
    assert left == {"tombstones": 1}
    assert await rows_of(database, globex) == before
    assert await keep_everything(store, "acme")


async def rows_of(database: Database, tenant: Tenant) -> dict[str, int]:
    async with database.system_reading() as session:
        return {
            table.name: await session.scalar(
                select(func.count()).select_from(table).where(table.c.tenant_id == tenant.tenant_id)
            )
            or 0
            for table in tables_of_tenants(AuthTable.metadata)
        }


def tenants_in(policy: Policy) -> dict[str, set[str]]:
    """By kind of rule."""
    found: dict[str, set[str]] = defaultdict(set)
    for rule in rules_of(policy):
        found[rule[0]].add(rule[2 if rule[0] == "p" else 3].removeprefix("t:"))
    return found
