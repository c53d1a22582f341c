"""Authenticator apps: a second proof beside the password."""

import asyncio
from datetime import timedelta

import pyotp
import pytest

from services.auth.authenticators import SealedAuthenticators
from services.auth.domain import FREE_LOGIN_FAILURES, Tenant, User
from services.auth.errors.credentials import (
    CredentialsWrong,
    LoginThrottled,
    OneTimeCodeRequired,
    TotpEnrolled,
    TotpNotEnrolled,
)
from services.auth.errors.users import UserMayMore, UserNotFound
from services.auth.use_cases.authentication import authenticate
from services.auth.use_cases.granting import Author
from services.auth.use_cases.own_totp import (
    confirm_totp,
    disable_totp,
    enrol_totp,
    get_totp,
    remove_totp,
)
from services.mesh.errors import Internal
from services.mesh.sealed import Sealer
from tests.auth.builders import PASSWORD, a_user, keep_author, keep_tenant, keep_user
from tests.auth.desk import Desk

STEP = timedelta(seconds=30)


@pytest.fixture
async def tenant(desk: Desk) -> Tenant:
    return await keep_tenant(desk.store)


@pytest.fixture
async def ada(desk: Desk, tenant: Tenant) -> User:
    return await keep_user(desk.store, a_user(tenant))


class App:
    """What a user has in the hand."""

    def __init__(self, desk: Desk, user: User, secret: str) -> None:
        self._desk = desk
        self._generator = pyotp.TOTP(secret)
        self.author = Author(user.tenant_id, user.user_id)
        self.email = user.email
        self.recovery_codes: list[str] = []

    def code(self, later: timedelta = timedelta()) -> str:
        return self._generator.at(self._desk.clock() + later)

    async def log_in(self, code: str = "", password: str = PASSWORD) -> User:
        return await authenticate(self._desk.tokens, "acme", self.email, password, code)


async def enrol(desk: Desk, user: User) -> App:
    made = await enrol_totp(desk.tokens, Author(user.tenant_id, user.user_id), PASSWORD)
    return App(desk, user, made.secret)


@pytest.fixture
async def app(desk: Desk, ada: User) -> App:
    app = await enrol(desk, ada)
    app.recovery_codes = await confirm_totp(desk.tokens, app.author, app.code())
    desk.clock.advance(STEP)
    return app


async def test_a_login_needs_the_code_as_well(app: App, ada: User) -> None:
    with pytest.raises(OneTimeCodeRequired):
        await app.log_in()
    with pytest.raises(CredentialsWrong):
        await app.log_in("000000")
    assert await app.log_in(app.code()) == ada


async def test_only_who_knows_the_password_learns_that_a_code_is_needed(app: App) -> None:
    for code in ("", app.code()):
        with pytest.raises(CredentialsWrong):
            await app.log_in(code, "guess")
    assert await app.log_in(app.code())


async def test_without_an_app_a_code_is_ignored(desk: Desk, ada: User) -> None:
    assert await authenticate(desk.tokens, "acme", ada.email, PASSWORD, "123456") == ada


async def test_an_app_that_nobody_confirmed_is_not_asked_for(desk: Desk, ada: User) -> None:
    app = await enrol(desk, ada)
    assert await app.log_in() == ada


async def test_a_code_works_once(app: App) -> None:
    code = app.code()
    assert await app.log_in(code)
    with pytest.raises(CredentialsWrong):
        await app.log_in(code)


async def test_a_code_works_once_also_at_the_same_moment(app: App) -> None:
    code = app.code()
    tries = await asyncio.gather(*(app.log_in(code) for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(result, User) for result in tries) == 1


async def test_the_code_that_confirmed_does_not_log_in(desk: Desk, ada: User) -> None:
    app = await enrol(desk, ada)
    code = app.code()
    await confirm_totp(desk.tokens, app.author, code)
    with pytest.raises(CredentialsWrong):
        await app.log_in(code)


@pytest.mark.parametrize(("steps", "is_right"), [(-2, False), (-1, True), (1, True), (2, False)])
async def test_clocks_may_differ_by_one_step(
    desk: Desk, app: App, steps: int, is_right: bool
) -> None:
    desk.clock.advance(3 * STEP)
    if is_right:
        assert await app.log_in(app.code(steps * STEP))
        return
    with pytest.raises(CredentialsWrong):
        await app.log_in(app.code(steps * STEP))


async def test_an_older_code_than_the_last_one_is_refused(desk: Desk, app: App) -> None:
    desk.clock.advance(3 * STEP)
    assert await app.log_in(app.code())
    with pytest.raises(CredentialsWrong):
        await app.log_in(app.code(-STEP))


async def test_guesses_at_codes_are_counted_like_those_at_passwords(app: App) -> None:
    for _ in range(FREE_LOGIN_FAILURES):
        with pytest.raises(CredentialsWrong):
            await app.log_in("000000")
    with pytest.raises(LoginThrottled):
        await app.log_in(app.code())


async def test_the_right_password_alone_does_not_make_guesses_forgotten(app: App) -> None:
    for _ in range(FREE_LOGIN_FAILURES):
        with pytest.raises(OneTimeCodeRequired):
            await app.log_in()
        with pytest.raises(CredentialsWrong):
            await app.log_in("000000")
    with pytest.raises(LoginThrottled):
        await app.log_in()


async def test_a_recovery_code_stands_in_once(desk: Desk, app: App) -> None:
    assert len(set(app.recovery_codes)) == 10
    first = app.recovery_codes[0]
    assert await app.log_in(f" {first.upper()} ")
    with pytest.raises(CredentialsWrong):
        await app.log_in(first)
    assert (await get_totp(desk.store, app.author)).recovery_codes_left == 9


async def test_secrets_and_codes_are_not_readable_in_the_database(desk: Desk, ada: User) -> None:
    made = await enrol_totp(desk.tokens, Author(ada.tenant_id, ada.user_id), PASSWORD)
    app = App(desk, ada, made.secret)
    codes = await confirm_totp(desk.tokens, app.author, app.code())
    kept = repr(desk.store.state)
    assert made.secret in made.uri
    assert made.secret not in kept
    assert not any(code in kept or code.replace("-", "") in kept for code in codes)


async def test_a_secret_opens_for_its_user_only(desk: Desk, tenant: Tenant, app: App) -> None:
    eve = await keep_user(desk.store, a_user(tenant, "eve@x.org"))
    totp = desk.store.state.totp[tenant.tenant_id, app.author.user_id]
    with pytest.raises(Internal):
        desk.authenticators.step_of(totp, eve, app.code(), desk.clock())
    other = SealedAuthenticators(Sealer({"k": bytes([1] * 32)}))
    with pytest.raises(Internal):
        other.step_of(totp, eve, app.code(), desk.clock())


async def test_enrolling_asks_for_the_password(desk: Desk, ada: User) -> None:
    with pytest.raises(CredentialsWrong):
        await enrol_totp(desk.tokens, Author(ada.tenant_id, ada.user_id), "guess")


async def test_a_wrong_code_confirms_nothing(desk: Desk, ada: User) -> None:
    app = await enrol(desk, ada)
    with pytest.raises(CredentialsWrong):
        await confirm_totp(desk.tokens, app.author, "000000")
    assert not (await get_totp(desk.store, app.author)).is_enrolled


async def test_an_app_is_on_once(desk: Desk, ada: User, app: App) -> None:
    with pytest.raises(TotpEnrolled):
        await enrol(desk, ada)
    with pytest.raises(TotpEnrolled):
        await confirm_totp(desk.tokens, app.author, app.code())


async def test_an_app_is_turned_off_with_a_code(desk: Desk, app: App) -> None:
    with pytest.raises(CredentialsWrong):
        await disable_totp(desk.tokens, app.author, "000000")
    await disable_totp(desk.tokens, app.author, app.code())
    assert await app.log_in()
    state = await get_totp(desk.store, app.author)
    assert (state.is_enrolled, state.recovery_codes_left) == (False, 0)
    with pytest.raises(TotpNotEnrolled):
        await disable_totp(desk.tokens, app.author, app.code())
    with pytest.raises(TotpNotEnrolled):
        await confirm_totp(desk.tokens, app.author, app.code())


async def test_an_app_is_turned_off_with_a_recovery_code(desk: Desk, app: App) -> None:
    await disable_totp(desk.tokens, app.author, app.recovery_codes[3])
    assert await app.log_in()


async def test_an_admin_removes_the_app_of_who_has_lost_it(
    desk: Desk, tenant: Tenant, app: App
) -> None:
    admin = await keep_author(desk.store, tenant)
    await remove_totp(desk.store, admin, app.author.user_id)
    assert await app.log_in()


async def test_nobody_removes_the_own_app_without_a_code(desk: Desk, app: App) -> None:
    with pytest.raises(OneTimeCodeRequired):
        await remove_totp(desk.store, app.author, app.author.user_id)


async def test_nobody_removes_the_app_of_who_may_more_or_of_strangers(
    desk: Desk, tenant: Tenant, ada: User
) -> None:
    agent = await keep_author(desk.store, tenant, "agent")
    boss = await keep_user(desk.store, a_user(tenant, "boss@x.org", roles=("admin",)))
    with pytest.raises(UserMayMore):
        await remove_totp(desk.store, agent, boss.user_id)
    stranger = await keep_author(desk.store, await keep_tenant(desk.store, "globex"))
    with pytest.raises(UserNotFound):
        await remove_totp(desk.store, stranger, ada.user_id)
