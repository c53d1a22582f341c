"""What every store of auth promises: the fake, SQLite and PostgreSQL alike."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, func, select

import services.auth
from services.auth.domain import LoginFailures, Role
from services.auth.errors.tenants import TenantNotFound, TenantSlugTaken
from services.auth.errors.users import UserEmailTaken, UserNotFound
from services.auth.ports import AuthStore
from services.auth.standard_roles import roles_of
from services.auth.store import SqlAuthStore
from services.auth.tables import AuthTable, UserRow
from services.mesh.caller import TenantId, UserId
from services.mesh.database import Database
from services.mesh.database_address import DatabaseAddress
from tests.auth.builders import (
    a_client,
    a_refresh_token,
    a_session,
    a_signing_key,
    a_user,
    keep_tenant,
    keep_user,
)
from tests.auth.fakes import START
from tests.support.unguarded import unguarded

MIGRATIONS = Path(services.auth.__file__).parent / "migrations"
HOUR = timedelta(hours=1)


async def test_the_migrations_make_what_the_tables_say(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, AuthTable.metadata))

    async with database.system_transaction() as session:
        assert await (await session.connection()).run_sync(differences) == []


async def test_a_tenant_is_found_by_id_and_by_slug(store: AuthStore) -> None:
    tenant = await keep_tenant(store)
    async with store.reading_directory() as directory:
        assert await directory.tenant(tenant.tenant_id) == tenant
        assert await directory.tenant_with_slug("acme") == tenant
        assert await directory.tenant_with_slug("globex") is None


async def test_a_missing_tenant_is_not_found(store: AuthStore) -> None:
    async with store.reading_directory() as directory:
        with pytest.raises(TenantNotFound):
            await directory.tenant(TenantId("nobody"))


async def test_a_slug_belongs_to_one_tenant(store: AuthStore) -> None:
    await keep_tenant(store)
    with pytest.raises(TenantSlugTaken):
        await keep_tenant(store)


async def test_one_of_two_hurried_tenants_gets_the_slug(store: AuthStore) -> None:
    results = await asyncio.gather(keep_tenant(store), keep_tenant(store), return_exceptions=True)
    assert sorted(isinstance(result, TenantSlugTaken) for result in results) == [False, True]


async def test_tenants_are_listed_by_slug_from_behind_one(store: AuthStore) -> None:
    for slug in ("initech", "acme", "globex-2", "globex"):
        await keep_tenant(store, slug)
    async with store.reading_directory() as directory:
        first = await directory.tenants("", 2)
        rest = await directory.tenants(first[-1].slug, 9)
    assert [tenant.slug for tenant in first + rest] == ["acme", "globex", "globex-2", "initech"]


async def test_roles_are_listed_by_name_with_their_permissions(store: AuthStore) -> None:
    tenant = await keep_tenant(store)
    async with store.reading(tenant.tenant_id) as records:
        assert await records.roles() == sorted(roles_of("acme"), key=lambda role: role.name)


async def test_a_role_that_is_added_again_has_the_new_permissions_only(store: AuthStore) -> None:
    tenant = await keep_tenant(store)
    newer = Role("agent", "Does other things.", frozenset({"ticket.tickets.get"}))
    async with store.writing(tenant.tenant_id) as records:
        await records.add_roles([newer])
    async with store.reading(tenant.tenant_id) as records:
        assert newer in await records.roles()
        assert len(await records.roles()) == 3


async def test_a_user_comes_back_as_it_was_kept(store: AuthStore) -> None:
    tenant = await keep_tenant(store)
    user = await keep_user(store, a_user(tenant, roles=("admin", "agent")))
    async with store.reading(tenant.tenant_id) as records:
        assert await records.user(user.user_id) == user
        account = await records.person(user.email)
    assert account is not None
    assert account.user == user
    assert account.secret_hash == "plain:correct horse"


async def test_an_address_belongs_to_one_user_of_a_tenant(store: AuthStore) -> None:
    tenant, other = await keep_tenant(store), await keep_tenant(store, "globex")
    await keep_user(store, a_user(tenant))
    with pytest.raises(UserEmailTaken):
        await keep_user(store, a_user(tenant))
    await keep_user(store, a_user(other))


async def test_another_tenants_user_is_not_found(store: AuthStore) -> None:
    tenant, other = await keep_tenant(store), await keep_tenant(store, "globex")
    user = await keep_user(store, a_user(tenant))
    client = await keep_user(store, a_client(tenant))
    async with store.writing(other.tenant_id) as records:
        with pytest.raises(UserNotFound):
            await records.user(user.user_id)
        with pytest.raises(UserNotFound):
            await records.set_roles(user.user_id, ["admin"])
        assert await records.person(user.email) is None
        assert await records.client(client.user_id) is None
        assert await records.users(("", ""), 9) == []
        assert await records.people_with_role("customer") == frozenset()


async def test_users_are_listed_by_address_from_behind_one(store: AuthStore) -> None:
    tenant = await keep_tenant(store)
    for email in ("b@x.org", "a@x.org", "b-2@x.org", "B@x.org"):
        await keep_user(store, a_user(tenant, email))
    client = await keep_user(store, a_client(tenant))
    async with store.reading(tenant.tenant_id) as records:
        first = await records.users(("", ""), 2)
        rest = await records.users((first[-1].email, first[-1].user_id), 9)
    assert first[0] == client
    addresses = [user.email for user in first[1:] + rest]
    assert addresses == ["B@x.org", "a@x.org", "b-2@x.org", "b@x.org"]


async def test_roles_are_replaced(store: AuthStore) -> None:
    tenant = await keep_tenant(store)
    user = await keep_user(store, a_user(tenant, roles=("customer",)))
    async with store.writing(tenant.tenant_id) as records:
        await records.set_roles(user.user_id, ["agent", "admin"])
        assert await records.people_with_role("admin") == {user.user_id}
    async with store.reading(tenant.tenant_id) as records:
        assert (await records.user(user.user_id)).roles == ("admin", "agent")
        assert await records.people_with_role("customer") == frozenset()


async def test_the_roles_of_a_missing_user_cannot_be_set(store: AuthStore) -> None:
    tenant = await keep_tenant(store)
    with pytest.raises(UserNotFound):
        async with store.writing(tenant.tenant_id) as records:
            await records.set_roles(UserId("nobody"), [])


async def test_a_client_is_found_by_its_id_and_is_no_person(store: AuthStore) -> None:
    tenant = await keep_tenant(store)
    client = await keep_user(store, a_client(tenant, roles=("admin",)), "digest")
    await keep_user(store, a_client(tenant))
    person = await keep_user(store, a_user(tenant))
    async with store.reading_directory() as directory:
        assert await directory.tenant_of_client(client.user_id) == tenant.tenant_id
        assert await directory.tenant_of_client(person.user_id) is None
        records = directory.records(tenant.tenant_id)
        account = await records.client(client.user_id)
        assert account is not None
        assert (account.user, account.secret_hash) == (client, "digest")
        assert await records.client(person.user_id) is None
        assert await records.person("") is None
        assert await records.people_with_role("admin") == frozenset()


async def test_a_secrets_hash_is_replaced(store: AuthStore) -> None:
    tenant = await keep_tenant(store)
    user = await keep_user(store, a_user(tenant))
    async with store.writing(tenant.tenant_id) as records:
        await records.set_secret_hash(user.user_id, "better")
        account = await records.person(user.email)
    assert account is not None
    assert account.secret_hash == "better"


async def test_a_refresh_token_leads_to_its_session(store: AuthStore) -> None:
    tenant = await keep_tenant(store)
    session = replace(
        a_session(await keep_user(store, a_user(tenant))),
        client_id="the-wiki",
        scope=frozenset({"openid", "ticket.tickets.get"}),
    )
    token = a_refresh_token(session)
    async with store.writing(tenant.tenant_id) as records:
        await records.add_session(session)
        await records.add_refresh_token(token)
    async with store.reading_directory() as directory:
        assert await directory.tenant_of_refresh_token(token.digest) == tenant.tenant_id
        assert await directory.tenant_of_refresh_token("unknown") is None
    async with store.writing(tenant.tenant_id) as records:
        assert await records.session(session.session_id) == session
        assert await records.lock_refresh_token(token.digest) == (token, session)
        assert await records.lock_refresh_token("unknown") is None
        await records.mark_used(token.digest, START + HOUR)
        await records.end_session(session.session_id, START + HOUR)
        await records.end_session(session.session_id, START + 2 * HOUR)
    async with store.writing(tenant.tenant_id) as records:
        assert await records.lock_refresh_token(token.digest) == (
            replace(token, use_time=START + HOUR),
            replace(session, end_time=START + HOUR),
        )


async def test_another_tenants_session_does_not_exist(store: AuthStore) -> None:
    tenant, other = await keep_tenant(store), await keep_tenant(store, "globex")
    session = a_session(await keep_user(store, a_user(tenant)))
    async with store.writing(tenant.tenant_id) as records:
        await records.add_session(session)
        await records.add_refresh_token(a_refresh_token(session))
    async with store.writing(other.tenant_id) as records:
        assert await records.session(session.session_id) is None
        assert await records.lock_refresh_token("d1") is None


async def test_login_failures_are_kept_and_forgotten(store: AuthStore) -> None:
    failures = LoginFailures(1, START, START)
    more = LoginFailures(2, START + HOUR, START + HOUR)
    async with store.directory() as directory:
        assert await directory.login_failures("account") is None
        await directory.keep_login_failures("account", failures)
    async with store.directory() as directory:
        assert await directory.login_failures("account") == failures
        await directory.keep_login_failures("account", more)
    async with store.directory() as directory:
        assert await directory.login_failures("account") == more
        await directory.forget_login_failures("account")
    async with store.directory() as directory:
        assert await directory.login_failures("account") is None


async def test_signing_keys_come_newest_first(store: AuthStore) -> None:
    older, newer = a_signing_key("z"), replace(a_signing_key("a"), create_time=START + HOUR)
    async with store.directory() as directory:
        await directory.add_signing_key(older)
        await directory.add_signing_key(newer)
    async with store.reading_directory() as directory:
        assert await directory.signing_keys() == [newer, older]


async def test_what_expired_is_deleted_and_nothing_else(store: AuthStore) -> None:
    tenant = await keep_tenant(store)
    user = await keep_user(store, a_user(tenant))
    old, ended, live = a_session(user), a_session(user), a_session(user)
    old = replace(old, expire_time=START + HOUR)
    async with store.directory() as directory:
        records = directory.records(tenant.tenant_id)
        for session in (old, ended, live):
            await records.add_session(session)
            await records.add_refresh_token(a_refresh_token(session, session.session_id))
        await records.end_session(ended.session_id, START + HOUR)
        await directory.keep_login_failures("old", LoginFailures(9, START, START))
        await directory.keep_login_failures("new", LoginFailures(9, START + 3 * HOUR, START))
    async with store.directory() as directory:
        assert await directory.delete_expired(START + 2 * HOUR, START + 2 * HOUR) == 3
        assert await directory.login_failures("old") is None
        assert await directory.login_failures("new") is not None
        assert await directory.tenant_of_refresh_token(old.session_id) is None
        assert await directory.tenant_of_refresh_token(ended.session_id) is None
        assert await directory.tenant_of_refresh_token(live.session_id) == tenant.tenant_id


async def test_row_security_hides_other_tenants_rows_from_a_statement_that_forgot_the_tenant(
    postgresql_url: DatabaseAddress,
) -> None:
    database = Database(postgresql_url)
    await database.migrate(MIGRATIONS)
    store = SqlAuthStore(database)
    tenant, other = await keep_tenant(store), await keep_tenant(store, "globex")
    await keep_user(store, a_user(tenant))
    everyone = select(func.count()).select_from(UserRow)
    with unguarded(database):
        async with database.tenant_reading(other.tenant_id) as session:
            seen_by_other = await session.scalar(everyone)
        async with database.tenant_reading(tenant.tenant_id) as session:
            seen_by_own = await session.scalar(everyone)
    await database.close()
    assert (seen_by_own, seen_by_other) == (1, 0)
