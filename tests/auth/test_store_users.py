"""What the stores promise about users who change, and about their codes."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.auth.domain import AccountCode, CodePurpose, User
from services.auth.errors.users import UserChanged, UserEmailTaken
from services.auth.ports import AuthStore
from services.auth.rules import rules_of
from tests.auth.builders import a_session, a_user, keep_tenant, keep_user
from tests.auth.fakes import START

HOUR = timedelta(hours=1)


def a_code(
    user: User, digest: str = "d", purpose: CodePurpose = CodePurpose.INVITATION
) -> AccountCode:
    return AccountCode(digest, purpose, user.user_id, START, START + HOUR)


def changed(user: User) -> User:
    return replace(
        user,
        email="eve@x.org",
        display_name="Eve",
        is_invited=True,
        disable_time=START,
        revision=user.revision + 1,
    )


async def test_a_changed_user_is_kept_with_the_same_roles(store: AuthStore) -> None:
    ada = await keep_user(store, a_user(await keep_tenant(store)))
    async with store.writing(ada.tenant_id) as records:
        await records.update_user(replace(changed(ada), roles=("admin",)))
    async with store.reading(ada.tenant_id) as records:
        assert await records.user(ada.user_id) == changed(ada)


async def test_only_the_next_revision_is_taken(store: AuthStore) -> None:
    ada = await keep_user(store, a_user(await keep_tenant(store)))
    async with store.writing(ada.tenant_id) as records:
        await records.set_roles(ada.user_id, ["agent"])
    with pytest.raises(UserChanged):
        async with store.writing(ada.tenant_id) as records:
            await records.update_user(changed(ada))
    async with store.reading(ada.tenant_id) as records:
        assert await records.user(ada.user_id) == ada.holding(["agent"])


async def test_an_address_of_somebody_else_is_taken(store: AuthStore) -> None:
    tenant = await keep_tenant(store)
    ada = await keep_user(store, a_user(tenant))
    await keep_user(store, a_user(tenant, "eve@x.org"))
    with pytest.raises(UserEmailTaken):
        async with store.writing(tenant.tenant_id) as records:
            await records.update_user(changed(ada))


async def test_only_people_who_can_log_in_count_as_holders_of_a_role(store: AuthStore) -> None:
    tenant = await keep_tenant(store)
    ada = await keep_user(store, a_user(tenant, roles=("admin",)))
    invited = replace(a_user(tenant, "eve@x.org", ("admin",)), is_invited=True)
    disabled = replace(a_user(tenant, "bob@x.org", ("admin",)), disable_time=START)
    for user in (invited, disabled):
        await keep_user(store, user)
    async with store.reading(tenant.tenant_id) as records:
        assert await records.people_with_role("admin") == {ada.user_id}


async def test_disabled_users_are_no_part_of_the_policy(store: AuthStore) -> None:
    tenant = await keep_tenant(store)
    ada = await keep_user(store, a_user(tenant))
    await keep_user(store, replace(a_user(tenant, "eve@x.org"), disable_time=START))
    async with store.reading_directory() as directory:
        policy = await directory.policy(START)
    memberships = [rule for rule in rules_of(policy) if rule[0] == "g"]
    assert {rule[1] for rule in memberships} == {f"u:{ada.user_id}"}


async def test_a_code_is_found_and_taken_once(store: AuthStore) -> None:
    tenant = await keep_tenant(store)
    ada = await keep_user(store, a_user(tenant))
    code = a_code(ada)
    async with store.writing(tenant.tenant_id) as records:
        await records.put_account_code(code)
    async with store.reading_directory() as directory:
        assert await directory.tenant_of_account_code("d") == tenant.tenant_id
        assert await directory.tenant_of_account_code("e") is None
    async with store.writing(tenant.tenant_id) as records:
        assert await records.account_code("d") == code
        assert await records.take_account_code("d") == code
        assert await records.take_account_code("d") is None
        assert await records.account_code("d") is None


async def test_a_user_has_one_code_of_each_purpose(store: AuthStore) -> None:
    tenant = await keep_tenant(store)
    ada = await keep_user(store, a_user(tenant))
    reset = a_code(ada, "r", CodePurpose.PASSWORD_RESET)
    async with store.writing(tenant.tenant_id) as records:
        for code in (a_code(ada, "old"), reset, a_code(ada, "new")):
            await records.put_account_code(code)
        assert await records.account_code("old") is None
        assert await records.account_code("r") == reset
        assert await records.account_code("new") == a_code(ada, "new")
        await records.delete_account_codes(ada.user_id)
        assert await records.account_code("r") is None
        assert await records.account_code("new") is None


async def test_another_tenants_code_does_not_exist(store: AuthStore) -> None:
    tenant, other = await keep_tenant(store), await keep_tenant(store, "globex")
    ada = await keep_user(store, a_user(tenant))
    async with store.writing(tenant.tenant_id) as records:
        await records.put_account_code(a_code(ada))
    async with store.writing(other.tenant_id) as records:
        assert await records.account_code("d") is None
        assert await records.take_account_code("d") is None
        await records.delete_account_codes(ada.user_id)
    async with store.writing(tenant.tenant_id) as records:
        assert await records.account_code("d") is not None


async def test_old_codes_are_deleted(store: AuthStore) -> None:
    tenant = await keep_tenant(store)
    ada = await keep_user(store, a_user(tenant))
    async with store.directory() as directory:
        await directory.records(tenant.tenant_id).put_account_code(a_code(ada))
        assert await directory.delete_expired(START + HOUR, START) == 0
        assert await directory.delete_expired(START + 2 * HOUR, START) == 1


async def test_all_sessions_of_a_user_end_but_one(store: AuthStore) -> None:
    tenant = await keep_tenant(store)
    ada = await keep_user(store, a_user(tenant))
    eve = await keep_user(store, a_user(tenant, "eve@x.org"))
    here, there, hers = a_session(ada), a_session(ada), a_session(eve)
    async with store.writing(tenant.tenant_id) as records:
        for session in (here, there, hers):
            await records.add_session(session)
        await records.end_sessions_of_user(ada.user_id, START, but=here.session_id)
        assert await records.session(here.session_id) == here
        assert await records.session(there.session_id) == replace(there, end_time=START)
        await records.end_sessions_of_user(ada.user_id, START + HOUR)
        assert await records.session(here.session_id) == replace(here, end_time=START + HOUR)
        assert await records.session(there.session_id) == replace(there, end_time=START)
        assert await records.session(hers.session_id) == hers
