"""Keys by which programs act for a user."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.auth.api_key_format import is_api_key, new_api_key
from services.auth.credentials import digest_of
from services.auth.domain import (
    ACCESS_TOKEN_LIFE,
    LONGEST_API_KEY_LIFE,
    USUAL_API_KEY_LIFE,
    ApiKeyId,
    SessionId,
    Tenant,
    User,
)
from services.auth.errors.api_keys import ApiKeyLifeRefused, ApiKeyNotFound
from services.auth.errors.credentials import CredentialsWrong
from services.auth.errors.roles import PermissionNotGrantable, PermissionUnknown
from services.auth.use_cases.api_keys import (
    ApiKeyWish,
    NewApiKey,
    create_api_key,
    list_api_keys,
    log_in_with_api_key,
    revoke_api_key,
)
from services.auth.use_cases.granting import Author
from services.auth.use_cases.user_changes import disable_user, enable_user
from tests.auth.builders import a_user, keep_author, keep_tenant, keep_user
from tests.auth.desk import Desk

SCOPE = frozenset({"ticket.tickets.get", "ticket.tickets.list"})
SECOND = timedelta(seconds=1)


@pytest.fixture
async def tenant(desk: Desk) -> Tenant:
    return await keep_tenant(desk.store)


@pytest.fixture
async def agent(desk: Desk, tenant: Tenant) -> User:
    return await keep_user(desk.store, a_user(tenant, roles=("agent",)))


def author_of(user: User, scope: frozenset[str] = frozenset({"helpdesk"})) -> Author:
    return Author(user.tenant_id, user.user_id, scope)


async def make(desk: Desk, user: User, life: timedelta | None = None) -> NewApiKey:
    expire_time = desk.clock() + life if life else None
    wish = ApiKeyWish("Robot", SCOPE, expire_time)
    return await create_api_key(desk.store, desk.clock, author_of(user), wish)


async def make_with(desk: Desk, author: Author, *scope: str) -> NewApiKey:
    return await create_api_key(
        desk.store, desk.clock, author, ApiKeyWish("Robot", frozenset(scope))
    )


def test_a_key_is_recognised_by_its_form_alone() -> None:
    key = new_api_key()
    assert key.startswith("hdk_")
    assert is_api_key(key)
    other = "B" if key[10] != "B" else "C"
    assert not is_api_key(f"{key[:10]}{other}{key[11:]}")
    assert not is_api_key(key[:-1])
    assert not is_api_key(f"{key}\n")
    assert len({new_api_key() for _ in range(100)}) == 100


async def test_a_key_gives_a_short_token_within_its_scope(desk: Desk, agent: User) -> None:
    made = await make(desk, agent)
    issued = await log_in_with_api_key(desk.tokens, made.secret)
    session = issued.opened.session
    assert (session.user_id, session.client_id) == (agent.user_id, made.key.api_key_id)
    assert desk.signer.scopes == [SCOPE]
    assert session.expire_time == desk.clock() + ACCESS_TOKEN_LIFE
    assert issued.refresh_token == ""


async def test_a_key_is_shown_once_and_kept_as_a_digest(desk: Desk, agent: User) -> None:
    made = await make(desk, agent)
    assert made.secret not in repr(desk.store.state)
    assert digest_of(made.secret) == made.key.digest


async def test_a_key_ends(desk: Desk, agent: User) -> None:
    made = await make(desk, agent, SECOND)
    issued = await log_in_with_api_key(desk.tokens, made.secret)
    assert issued.opened.session.expire_time == made.key.expire_time
    desk.clock.advance(SECOND)
    with pytest.raises(CredentialsWrong):
        await log_in_with_api_key(desk.tokens, made.secret)


async def test_a_key_lasts_90_days_unless_asked_and_a_year_at_most(desk: Desk, agent: User) -> None:
    made = await make(desk, agent)
    assert made.key.expire_time == desk.clock() + USUAL_API_KEY_LIFE
    assert await make(desk, agent, LONGEST_API_KEY_LIFE)
    for life in (LONGEST_API_KEY_LIFE + SECOND, -SECOND):
        with pytest.raises(ApiKeyLifeRefused):
            await make(desk, agent, life)


async def test_nobody_makes_a_key_that_may_more(desk: Desk, agent: User) -> None:
    with pytest.raises(PermissionNotGrantable) as caught:
        await make_with(desk, author_of(agent), "auth.users.create")
    assert caught.value.metadata == {"permission": "auth.users.create"}
    for unknown in ("ticket.tickets.destroy", "auth.tenants.create", "helpdesk", "openid"):
        with pytest.raises(PermissionUnknown):
            await make_with(desk, author_of(agent), unknown)


async def test_a_key_makes_no_wider_key(desk: Desk, agent: User) -> None:
    narrow = author_of(agent, frozenset({"auth.api_keys.create", "ticket.tickets.get"}))
    assert await make_with(desk, narrow, "ticket.tickets.get")
    with pytest.raises(PermissionNotGrantable):
        await make_with(desk, narrow, "ticket.tickets.list")


@pytest.mark.parametrize("guess", ["", "hdk_", new_api_key(), "hdk_" + "x" * 49])
async def test_a_key_that_nobody_made_is_refused(desk: Desk, guess: str) -> None:
    with pytest.raises(CredentialsWrong):
        await log_in_with_api_key(desk.tokens, guess)


async def test_a_revoked_key_and_its_sessions_are_over(desk: Desk, agent: User) -> None:
    made, other = await make(desk, agent), await make(desk, agent)
    session = (await log_in_with_api_key(desk.tokens, made.secret)).opened.session
    untouched = (await log_in_with_api_key(desk.tokens, other.secret)).opened.session
    revoked = await revoke_api_key(desk.store, desk.clock, author_of(agent), made.key.api_key_id)
    assert revoked.revoke_time == desk.clock()
    async with desk.store.reading(agent.tenant_id) as records:
        for session_id, is_open in ((session.session_id, False), (untouched.session_id, True)):
            found = await records.session(SessionId(session_id))
            assert found is not None
            assert found.is_open(desk.clock()) is is_open
    with pytest.raises(CredentialsWrong):
        await log_in_with_api_key(desk.tokens, made.secret)
    desk.clock.advance(SECOND)
    again = await revoke_api_key(desk.store, desk.clock, author_of(agent), made.key.api_key_id)
    assert again == revoked


async def test_a_disabled_users_key_does_nothing(desk: Desk, tenant: Tenant, agent: User) -> None:
    admin = await keep_author(desk.store, tenant)
    made = await make(desk, agent)
    await disable_user(desk.store, desk.clock, admin, agent.user_id, "")
    with pytest.raises(CredentialsWrong):
        await log_in_with_api_key(desk.tokens, made.secret)
    await enable_user(desk.store, admin, agent.user_id, "")
    assert await log_in_with_api_key(desk.tokens, made.secret)


async def test_one_sees_and_revokes_ones_own_keys_only(
    desk: Desk, tenant: Tenant, agent: User
) -> None:
    colleague = await keep_user(desk.store, a_user(tenant, "bob@x.org", roles=("agent",)))
    own, other = await make(desk, agent), await make(desk, colleague)
    page = await list_api_keys(desk.store, author_of(agent), 0, "")
    assert page.keys == [own.key]
    with pytest.raises(ApiKeyNotFound):
        await revoke_api_key(desk.store, desk.clock, author_of(agent), other.key.api_key_id)
    with pytest.raises(ApiKeyNotFound):
        await revoke_api_key(desk.store, desk.clock, author_of(agent), ApiKeyId("nothing"))


async def test_an_admin_sees_and_revokes_all_keys_of_the_tenant(
    desk: Desk, tenant: Tenant, agent: User
) -> None:
    admin = await keep_author(desk.store, tenant)
    made = [await make(desk, agent) for _ in range(3)]
    first = await list_api_keys(desk.store, admin, 2, "")
    assert first.keys == [new.key for new in made[:2]]
    assert first.next_cursor is not None
    second = await list_api_keys(desk.store, admin, 2, first.next_cursor)
    assert (second.keys, second.next_cursor) == ([made[2].key], None)
    assert await revoke_api_key(desk.store, desk.clock, admin, made[0].key.api_key_id)


async def test_an_admins_narrow_key_sees_its_own_only(
    desk: Desk, tenant: Tenant, agent: User
) -> None:
    admin = replace(await keep_author(desk.store, tenant), scope=frozenset({"auth.api_keys.list"}))
    await make(desk, agent)
    assert (await list_api_keys(desk.store, admin, 0, "")).keys == []


async def test_another_tenants_key_is_not_found(desk: Desk, agent: User) -> None:
    stranger = await keep_author(desk.store, await keep_tenant(desk.store, "globex"))
    made = await make(desk, agent)
    assert (await list_api_keys(desk.store, stranger, 0, "")).keys == []
    with pytest.raises(ApiKeyNotFound):
        await revoke_api_key(desk.store, desk.clock, stranger, made.key.api_key_id)
