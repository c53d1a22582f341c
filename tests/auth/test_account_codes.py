"""Invitations, resets, and changing one's own password."""

import asyncio
from dataclasses import replace

import pytest

from services.auth.domain import (
    INVITATION_LIFE,
    PASSWORD_RESET_LIFE,
    SessionId,
    Tenant,
    User,
    UserState,
)
from services.auth.errors.credentials import (
    AccountCodeInvalid,
    CredentialsWrong,
    LoginThrottled,
    PasswordRefused,
    RefreshTokenInvalid,
)
from services.auth.errors.roles import RoleNotGrantable
from services.auth.errors.users import UserEmailTaken, UserMayMore, UserNotFound, UserStateUnfit
from services.auth.use_cases.account_codes import (
    NewCode,
    create_password_reset,
    invite_user,
    renew_invitation,
)
from services.auth.use_cases.granting import Author
from services.auth.use_cases.own_password import (
    accept_invitation,
    change_password,
    reset_password,
)
from services.auth.use_cases.sessions import refresh
from services.auth.use_cases.tokens import log_in
from services.auth.use_cases.user_changes import disable_user, enable_user
from services.auth.use_cases.users import NewPerson, get_user
from tests.auth.builders import PASSWORD, a_client, a_user, keep_author, keep_tenant, keep_user
from tests.auth.desk import Desk

BOB = NewPerson("Bob@Example.com", "Bob", ("agent",))
OTHER_PASSWORD = "battery staple"


@pytest.fixture
async def tenant(desk: Desk) -> Tenant:
    return await keep_tenant(desk.store)


@pytest.fixture
async def admin(desk: Desk, tenant: Tenant) -> Author:
    return await keep_author(desk.store, tenant)


@pytest.fixture
async def ada(desk: Desk, tenant: Tenant) -> User:
    return await keep_user(desk.store, a_user(tenant))


async def invite(desk: Desk, author: Author) -> NewCode:
    return await invite_user(desk.store, desk.clock, author, BOB)


async def reset_for(desk: Desk, author: Author, user: User) -> NewCode:
    return await create_password_reset(desk.store, desk.clock, author, user.user_id)


async def test_an_invited_user_chooses_a_password_and_logs_in(desk: Desk, admin: Author) -> None:
    code = await invite(desk, admin)
    assert code.user.state is UserState.INVITED
    assert code.expire_time == desk.clock() + INVITATION_LIFE
    redeemed = await accept_invitation(desk.tokens, code.secret, PASSWORD)
    assert (redeemed.tenant.slug, redeemed.user.email) == ("acme", "bob@example.com")
    assert redeemed.user.state is UserState.ACTIVE
    assert redeemed.user == await get_user(desk.store, admin.tenant_id, code.user.user_id)
    assert await log_in(desk.tokens, "acme", "bob@example.com", PASSWORD)


async def test_an_invited_user_cannot_log_in_before(desk: Desk, admin: Author) -> None:
    await invite(desk, admin)
    for password in ("", PASSWORD, "nobody has this password"):
        with pytest.raises(CredentialsWrong):
            await log_in(desk.tokens, "acme", "bob@example.com", password)
    assert set(desk.passwords.checked) == {None}


async def test_a_code_is_kept_as_a_digest(desk: Desk, admin: Author) -> None:
    code = await invite(desk, admin)
    assert code.secret not in repr(desk.store.state)


async def test_a_code_works_once(desk: Desk, admin: Author) -> None:
    code = await invite(desk, admin)
    tries = await asyncio.gather(
        *(accept_invitation(desk.tokens, code.secret, PASSWORD) for _ in range(5)),
        return_exceptions=True,
    )
    assert sum(isinstance(result, AccountCodeInvalid) for result in tries) == 4


async def test_a_refused_password_leaves_the_code_good(desk: Desk, admin: Author) -> None:
    code = await invite(desk, admin)
    with pytest.raises(PasswordRefused):
        await accept_invitation(desk.tokens, code.secret, "bob-bob-1")
    assert await accept_invitation(desk.tokens, code.secret, PASSWORD)


async def test_a_code_ends(desk: Desk, admin: Author, ada: User) -> None:
    invitation, reset = await invite(desk, admin), await reset_for(desk, admin, ada)
    desk.clock.advance(PASSWORD_RESET_LIFE)
    with pytest.raises(AccountCodeInvalid):
        await reset_password(desk.tokens, reset.secret, OTHER_PASSWORD)
    desk.clock.advance(INVITATION_LIFE - PASSWORD_RESET_LIFE)
    with pytest.raises(AccountCodeInvalid):
        await accept_invitation(desk.tokens, invitation.secret, PASSWORD)


async def test_a_code_of_one_purpose_serves_no_other(desk: Desk, admin: Author, ada: User) -> None:
    invitation, reset = await invite(desk, admin), await reset_for(desk, admin, ada)
    with pytest.raises(AccountCodeInvalid):
        await reset_password(desk.tokens, invitation.secret, OTHER_PASSWORD)
    with pytest.raises(AccountCodeInvalid):
        await accept_invitation(desk.tokens, reset.secret, OTHER_PASSWORD)
    assert await accept_invitation(desk.tokens, invitation.secret, PASSWORD)
    assert await reset_password(desk.tokens, reset.secret, OTHER_PASSWORD)


async def test_a_code_that_nobody_made_is_refused_without_a_slow_hash(desk: Desk) -> None:
    with pytest.raises(AccountCodeInvalid):
        await accept_invitation(desk.tokens, "guess", PASSWORD)
    assert desk.passwords.hashed == 0


async def test_a_renewed_invitation_voids_the_one_before(desk: Desk, admin: Author) -> None:
    first = await invite(desk, admin)
    second = await renew_invitation(desk.store, desk.clock, admin, first.user.user_id)
    with pytest.raises(AccountCodeInvalid):
        await accept_invitation(desk.tokens, first.secret, PASSWORD)
    assert await accept_invitation(desk.tokens, second.secret, PASSWORD)
    with pytest.raises(UserStateUnfit):
        await renew_invitation(desk.store, desk.clock, admin, first.user.user_id)


async def test_an_address_is_invited_once(desk: Desk, admin: Author) -> None:
    await invite(desk, admin)
    with pytest.raises(UserEmailTaken):
        await invite(desk, admin)


async def test_nobody_invites_into_a_role_that_may_more(desk: Desk, tenant: Tenant) -> None:
    customer = await keep_author(desk.store, tenant, "customer")
    with pytest.raises(RoleNotGrantable):
        await invite(desk, customer)


async def test_a_disabled_users_codes_are_void(desk: Desk, admin: Author) -> None:
    code = await invite(desk, admin)
    await disable_user(desk.store, desk.clock, admin, code.user.user_id, "")
    enabled = await enable_user(desk.store, admin, code.user.user_id, "")
    assert enabled.state is UserState.INVITED
    with pytest.raises(AccountCodeInvalid):
        await accept_invitation(desk.tokens, code.secret, PASSWORD)


async def test_a_reset_gives_a_new_password_and_ends_all_sessions(
    desk: Desk, admin: Author, ada: User
) -> None:
    issued = await log_in(desk.tokens, "acme", ada.email, PASSWORD)
    code = await reset_for(desk, admin, ada)
    assert await log_in(desk.tokens, "acme", ada.email, PASSWORD)
    await reset_password(desk.tokens, code.secret, OTHER_PASSWORD)
    with pytest.raises(RefreshTokenInvalid):
        await refresh(desk.tokens, issued.refresh_token)
    with pytest.raises(CredentialsWrong):
        await log_in(desk.tokens, "acme", ada.email, PASSWORD)
    assert await log_in(desk.tokens, "acme", ada.email, OTHER_PASSWORD)


async def test_only_people_who_can_log_in_get_a_reset(
    desk: Desk, admin: Author, tenant: Tenant
) -> None:
    robot = await keep_user(desk.store, a_client(tenant))
    with pytest.raises(UserNotFound):
        await reset_for(desk, admin, robot)
    invited = (await invite(desk, admin)).user
    with pytest.raises(UserStateUnfit) as caught:
        await reset_for(desk, admin, invited)
    assert caught.value.metadata == {"state": "INVITED"}


async def test_nobody_takes_over_an_account_that_may_more(desk: Desk, tenant: Tenant) -> None:
    agent = await keep_author(desk.store, tenant, "agent")
    boss = await keep_user(desk.store, a_user(tenant, roles=("admin",)))
    with pytest.raises(UserMayMore):
        await reset_for(desk, agent, boss)
    invited = replace(a_user(tenant, "eve@x.org", roles=("admin",)), is_invited=True)
    await keep_user(desk.store, invited, "")
    with pytest.raises(UserMayMore):
        await renew_invitation(desk.store, desk.clock, agent, invited.user_id)


async def test_another_tenants_user_is_not_found(desk: Desk, ada: User) -> None:
    stranger = await keep_author(desk.store, await keep_tenant(desk.store, "globex"))
    with pytest.raises(UserNotFound):
        await reset_for(desk, stranger, ada)
    with pytest.raises(UserNotFound):
        await renew_invitation(desk.store, desk.clock, stranger, ada.user_id)


async def change(desk: Desk, user: User, old: str, new: str, session_id: str = "") -> None:
    author = Author(user.tenant_id, user.user_id)
    await change_password(desk.tokens, author, SessionId(session_id), old, new)


async def test_a_changed_password_ends_every_session_but_this_one(desk: Desk, ada: User) -> None:
    here = await log_in(desk.tokens, "acme", ada.email, PASSWORD)
    there = await log_in(desk.tokens, "acme", ada.email, PASSWORD)
    await change(desk, ada, PASSWORD, OTHER_PASSWORD, here.opened.session.session_id)
    assert await refresh(desk.tokens, here.refresh_token)
    with pytest.raises(RefreshTokenInvalid):
        await refresh(desk.tokens, there.refresh_token)
    assert await log_in(desk.tokens, "acme", ada.email, OTHER_PASSWORD)


async def test_the_old_password_is_asked_for_and_guesses_are_counted(desk: Desk, ada: User) -> None:
    for _ in range(5):
        with pytest.raises(CredentialsWrong):
            await change(desk, ada, "guess", OTHER_PASSWORD)
    with pytest.raises(LoginThrottled):
        await change(desk, ada, PASSWORD, OTHER_PASSWORD)
    with pytest.raises(LoginThrottled):
        await log_in(desk.tokens, "acme", ada.email, PASSWORD)


async def test_a_weak_new_password_changes_nothing(desk: Desk, ada: User) -> None:
    with pytest.raises(PasswordRefused) as caught:
        await change(desk, ada, PASSWORD, "acme-ada")
    assert caught.value.violations[0].field == "new_password"
    assert await log_in(desk.tokens, "acme", ada.email, PASSWORD)


async def test_a_changed_password_voids_a_reset(desk: Desk, admin: Author, ada: User) -> None:
    code = await reset_for(desk, admin, ada)
    await change(desk, ada, PASSWORD, OTHER_PASSWORD)
    with pytest.raises(AccountCodeInvalid):
        await reset_password(desk.tokens, code.secret, PASSWORD)
