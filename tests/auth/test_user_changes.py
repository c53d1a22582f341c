"""Changing users, and shutting them out and letting them in again."""

import asyncio
from dataclasses import replace

import pytest

from services.auth.domain import Tenant, User, UserState
from services.auth.errors.credentials import CredentialsWrong, RefreshTokenInvalid
from services.auth.errors.users import (
    LastAdmin,
    UserChanged,
    UserEmailTaken,
    UserFieldFixed,
    UserIncomplete,
    UserMayMore,
    UserNotFound,
)
from services.auth.policy_feed import PolicyFeed
from services.auth.policy_news import PolicyNews
from services.auth.rules import rules_of
from services.auth.use_cases.clients import ClientContent, create_client
from services.auth.use_cases.granting import Author
from services.auth.use_cases.sessions import refresh
from services.auth.use_cases.tokens import log_in, log_in_client
from services.auth.use_cases.user_changes import (
    UserContent,
    disable_user,
    enable_user,
    update_user,
)
from services.auth.use_cases.users import get_user
from services.mesh.caller import UserId
from tests.auth.builders import PASSWORD, a_client, a_user, keep_author, keep_tenant, keep_user
from tests.auth.desk import Desk

NEW = UserContent("Eve@X.org", "Eve")


@pytest.fixture
async def tenant(desk: Desk) -> Tenant:
    return await keep_tenant(desk.store)


@pytest.fixture
async def admin(desk: Desk, tenant: Tenant) -> Author:
    return await keep_author(desk.store, tenant)


@pytest.fixture
async def ada(desk: Desk, tenant: Tenant) -> User:
    return await keep_user(desk.store, a_user(tenant))


async def update(desk: Desk, author: Author, user_id: UserId, *paths: str, etag: str = "") -> User:
    return await update_user(desk.store, author, user_id, NEW, paths=paths, etag=etag)


async def disable(desk: Desk, author: Author, user_id: UserId, etag: str = "") -> User:
    return await disable_user(desk.store, desk.clock, author, user_id, etag)


async def test_what_the_mask_names_is_changed_and_nothing_else(
    desk: Desk, admin: Author, ada: User
) -> None:
    changed = await update(desk, admin, ada.user_id, "display_name", "etag")
    assert (changed.email, changed.display_name) == (ada.email, "Eve")
    assert changed.etag != ada.etag
    assert await get_user(desk.store, ada.tenant_id, ada.user_id) == changed
    assert (await update(desk, admin, ada.user_id)).email == "eve@x.org"


async def test_an_update_that_changes_nothing_leaves_the_etag(
    desk: Desk, admin: Author, ada: User
) -> None:
    once = await update(desk, admin, ada.user_id, "*")
    assert await update(desk, admin, ada.user_id, "*", etag=once.etag) == once


async def test_whoever_saw_an_older_user_changes_nothing(
    desk: Desk, admin: Author, ada: User
) -> None:
    await update(desk, admin, ada.user_id, "display_name")
    for change in (
        update(desk, admin, ada.user_id, "email", etag=ada.etag),
        disable(desk, admin, ada.user_id, ada.etag),
        enable_user(desk.store, admin, ada.user_id, ada.etag),
    ):
        with pytest.raises(UserChanged) as caught:
            await change
        assert caught.value.metadata == {"etag": '"2"'}


async def test_a_new_address_logs_in_and_the_old_one_does_not(
    desk: Desk, admin: Author, ada: User
) -> None:
    await update(desk, admin, ada.user_id, "email")
    assert await log_in(desk.tokens, "acme", "eve@x.org", PASSWORD)
    with pytest.raises(CredentialsWrong):
        await log_in(desk.tokens, "acme", ada.email, PASSWORD)


async def test_an_address_of_somebody_else_cannot_be_had(
    desk: Desk, admin: Author, tenant: Tenant, ada: User
) -> None:
    await keep_user(desk.store, a_user(tenant, "eve@x.org"))
    with pytest.raises(UserEmailTaken):
        await update(desk, admin, ada.user_id, "email")


@pytest.mark.parametrize("path", ["roles", "password", "tenant_id"])
async def test_other_fields_stay(desk: Desk, admin: Author, ada: User, path: str) -> None:
    with pytest.raises(UserFieldFixed):
        await update(desk, admin, ada.user_id, path)


async def test_a_client_has_no_address(desk: Desk, admin: Author, tenant: Tenant) -> None:
    robot = await keep_user(desk.store, a_client(tenant))
    with pytest.raises(UserFieldFixed):
        await update(desk, admin, robot.user_id, "email")
    assert (await update(desk, admin, robot.user_id, "display_name")).display_name == "Eve"


async def test_a_user_keeps_some_name(desk: Desk, admin: Author, ada: User) -> None:
    nameless = UserContent("", "")
    with pytest.raises(UserIncomplete):
        await update_user(desk.store, admin, ada.user_id, nameless, paths=["display_name"], etag="")


async def test_nobody_changes_those_who_may_more(desk: Desk, tenant: Tenant) -> None:
    agent = await keep_author(desk.store, tenant, "agent")
    boss = await keep_user(desk.store, a_user(tenant, roles=("admin",)))
    await keep_user(desk.store, a_user(tenant, "bob@x.org", roles=("admin",)))
    for change in (
        update(desk, agent, boss.user_id, "email"),
        disable(desk, agent, boss.user_id),
        enable_user(desk.store, agent, boss.user_id, ""),
    ):
        with pytest.raises(UserMayMore):
            await change


async def test_another_tenants_user_is_not_found(desk: Desk, ada: User) -> None:
    stranger = await keep_author(desk.store, await keep_tenant(desk.store, "globex"))
    for change in (
        update(desk, stranger, ada.user_id, "email"),
        disable(desk, stranger, ada.user_id),
        enable_user(desk.store, stranger, ada.user_id, ""),
    ):
        with pytest.raises(UserNotFound):
            await change


async def test_a_disabled_user_is_out_at_once(desk: Desk, admin: Author, ada: User) -> None:
    issued = await log_in(desk.tokens, "acme", ada.email, PASSWORD)
    disabled = await disable(desk, admin, ada.user_id)
    assert disabled.state is UserState.DISABLED
    [session] = desk.store.state.sessions.values()
    assert session.end_time == desk.clock()
    with pytest.raises(RefreshTokenInvalid):
        await refresh(desk.tokens, issued.refresh_token)
    with pytest.raises(CredentialsWrong):
        await log_in(desk.tokens, "acme", ada.email, PASSWORD)


async def test_a_session_that_slipped_through_may_do_nothing(
    desk: Desk, admin: Author, ada: User
) -> None:
    feed = PolicyFeed(desk.store, PolicyNews())
    await disable(desk, admin, ada.user_id)
    assert f"u:{ada.user_id}" not in {rule[1] for rule in rules_of(await feed.current())}


async def test_such_a_session_is_not_renewed_either(desk: Desk, admin: Author, ada: User) -> None:
    issued = await log_in(desk.tokens, "acme", ada.email, PASSWORD)
    await disable(desk, admin, ada.user_id)
    [(key, session)] = desk.store.state.sessions.items()
    desk.store.state.sessions[key] = replace(session, end_time=None)
    with pytest.raises(RefreshTokenInvalid):
        await refresh(desk.tokens, issued.refresh_token)
    await enable_user(desk.store, admin, ada.user_id, "")
    assert await refresh(desk.tokens, issued.refresh_token)


async def test_a_disabled_user_looks_like_an_unknown_one(
    desk: Desk, admin: Author, ada: User
) -> None:
    await disable(desk, admin, ada.user_id)
    with pytest.raises(CredentialsWrong):
        await log_in(desk.tokens, "acme", ada.email, PASSWORD)
    assert desk.passwords.checked == [None]


async def test_a_disabled_client_is_out_too(desk: Desk, admin: Author) -> None:
    client = await create_client(desk.store, desk.clock, admin, ClientContent("Robot"), ["agent"])
    await disable(desk, admin, client.client.user.user_id)
    with pytest.raises(CredentialsWrong):
        await log_in_client(desk.tokens, client.client.user.user_id, client.secret)


async def test_an_enabled_user_logs_in_again(desk: Desk, admin: Author, ada: User) -> None:
    await disable(desk, admin, ada.user_id)
    twice = await disable(desk, admin, ada.user_id)
    enabled = await enable_user(desk.store, admin, ada.user_id, twice.etag)
    assert enabled.state is UserState.ACTIVE
    assert await enable_user(desk.store, admin, ada.user_id, enabled.etag) == enabled
    assert await log_in(desk.tokens, "acme", ada.email, PASSWORD)


async def test_the_last_admin_who_can_log_in_stays(
    desk: Desk, admin: Author, tenant: Tenant
) -> None:
    ada = await keep_user(desk.store, a_user(tenant, roles=("admin",)))
    invited = replace(a_user(tenant, "eve@x.org", roles=("admin",)), is_invited=True)
    await keep_user(desk.store, invited, "")
    with pytest.raises(LastAdmin):
        await disable(desk, admin, ada.user_id)
    assert (await get_user(desk.store, tenant.tenant_id, ada.user_id)).state is UserState.ACTIVE


async def test_two_admins_who_disable_each_other_leave_one(
    desk: Desk, admin: Author, tenant: Tenant
) -> None:
    ada = await keep_user(desk.store, a_user(tenant, roles=("admin",)))
    eve = await keep_user(desk.store, a_user(tenant, "eve@x.org", roles=("admin",)))
    results = await asyncio.gather(
        *(disable(desk, admin, user.user_id) for user in (ada, eve)), return_exceptions=True
    )
    assert sum(isinstance(result, LastAdmin) for result in results) == 1
