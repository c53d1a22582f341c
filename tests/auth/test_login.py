"""Logging in as a person or a client, and what is done about guessing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from services.auth.credentials import digest_of
from services.auth.domain import (
    ACCESS_TOKEN_LIFE,
    FREE_ADDRESS_FAILURES,
    FREE_LOGIN_FAILURES,
    SESSION_LIFE,
    SessionId,
    Tenant,
    User,
)
from services.auth.errors.credentials import CredentialsWrong, LoginThrottled
from services.auth.use_cases.login_turns import LoginTurns
from services.auth.use_cases.sessions import IssuedToken
from services.auth.use_cases.token_desk import TokenDesk
from services.auth.use_cases.tokens import log_in, log_in_client
from services.mesh.call import begin_call
from tests.auth.builders import HASH, PASSWORD, a_client, a_user, keep_tenant, keep_user
from tests.auth.desk import Desk

SECOND = timedelta(seconds=1)


@pytest.fixture
async def tenant(desk: Desk) -> Tenant:
    return await keep_tenant(desk.store)


@pytest.fixture
async def ada(desk: Desk, tenant: Tenant) -> User:
    return await keep_user(desk.store, a_user(tenant))


class NoTurns(LoginTurns):
    @asynccontextmanager
    async def turn(self, account: str) -> AsyncIterator[None]:
        yield


async def try_log_in(desk: TokenDesk, password: str = PASSWORD) -> IssuedToken:
    return await log_in(desk, "acme", "ada@example.com", password)


async def fail_often(desk: TokenDesk, times: int) -> None:
    for _ in range(times):
        with pytest.raises(CredentialsWrong):
            await try_log_in(desk, "wrong horse")


async def test_a_person_gets_an_access_token_and_a_refresh_token(desk: Desk, ada: User) -> None:
    issued = await log_in(desk.tokens, "acme", " ADA@example.com", PASSWORD)
    [session] = desk.store.state.sessions.values()
    assert issued.access.text == f"{ada.user_id} in {session.session_id}"
    assert issued.access.expire_time == desk.clock() + ACCESS_TOKEN_LIFE
    assert session.expire_time == desk.clock() + SESSION_LIFE
    [token] = desk.store.state.refresh_tokens.values()
    assert token.digest == digest_of(issued.refresh_token)


@pytest.mark.parametrize(
    ("slug", "email", "password"),
    [
        ("acme", "ada@example.com", "wrong horse"),
        ("acme", "bob@example.com", PASSWORD),
        ("globex", "ada@example.com", PASSWORD),
    ],
)
@pytest.mark.usefixtures("ada")
async def test_no_wrong_credential_is_told_from_another(
    desk: Desk, slug: str, email: str, password: str
) -> None:
    with pytest.raises(CredentialsWrong) as caught:
        await log_in(desk.tokens, slug, email, password)
    assert str(caught.value) == str(CredentialsWrong())


@pytest.mark.usefixtures("ada")
async def test_a_password_is_checked_also_where_there_is_no_user(desk: Desk) -> None:
    with pytest.raises(CredentialsWrong):
        await log_in(desk.tokens, "acme", "bob@example.com", PASSWORD)
    with pytest.raises(CredentialsWrong):
        await log_in(desk.tokens, "nowhere", "ada@example.com", PASSWORD)
    assert desk.passwords.checked == [None, None]


async def test_a_client_cannot_log_in_with_a_password(desk: Desk, tenant: Tenant) -> None:
    await keep_user(desk.store, a_client(tenant), HASH)
    with pytest.raises(CredentialsWrong):
        await log_in(desk.tokens, "acme", "", PASSWORD)


@pytest.mark.usefixtures("ada")
async def test_too_many_failures_make_even_the_right_password_wait(desk: Desk) -> None:
    await fail_often(desk.tokens, FREE_LOGIN_FAILURES)
    looked_at = len(desk.passwords.checked)
    with pytest.raises(LoginThrottled) as caught:
        await try_log_in(desk.tokens)
    assert caught.value.retry_after == SECOND
    assert len(desk.passwords.checked) == looked_at


@pytest.mark.usefixtures("ada")
async def test_one_failure_less_does_not(desk: Desk) -> None:
    await fail_often(desk.tokens, FREE_LOGIN_FAILURES - 1)
    assert (await try_log_in(desk.tokens)).refresh_token


@pytest.mark.usefixtures("ada")
async def test_after_the_wait_the_right_password_works_and_clears_the_count(desk: Desk) -> None:
    await fail_often(desk.tokens, FREE_LOGIN_FAILURES)
    desk.clock.advance(SECOND)
    await try_log_in(desk.tokens)
    await fail_often(desk.tokens, FREE_LOGIN_FAILURES - 1)
    await try_log_in(desk.tokens)


@pytest.mark.usefixtures("ada")
async def test_a_failure_after_the_wait_doubles_it(desk: Desk) -> None:
    await fail_often(desk.tokens, FREE_LOGIN_FAILURES)
    desk.clock.advance(SECOND)
    await fail_often(desk.tokens, 1)
    with pytest.raises(LoginThrottled) as caught:
        await try_log_in(desk.tokens)
    assert caught.value.retry_after == 2 * SECOND


async def test_another_users_failures_do_not_count(desk: Desk, tenant: Tenant, ada: User) -> None:
    await keep_user(desk.store, a_user(tenant, "bob@example.com"))
    await fail_often(desk.tokens, FREE_LOGIN_FAILURES)
    assert await log_in(desk.tokens, "acme", "bob@example.com", PASSWORD)
    assert ada.email == "ada@example.com"


async def test_failures_count_alike_where_there_is_no_user(desk: Desk) -> None:
    await fail_often(desk.tokens, FREE_LOGIN_FAILURES)
    with pytest.raises(LoginThrottled):
        await try_log_in(desk.tokens)


@pytest.mark.usefixtures("ada")
async def test_guesses_at_the_same_moment_do_not_slip_past_the_count(desk: Desk) -> None:
    guesses = [try_log_in(desk.tokens, f"guess {number}") for number in range(50)]
    refusals = await asyncio.gather(*guesses, return_exceptions=True)
    wrong = sum(isinstance(refusal, CredentialsWrong) for refusal in refusals)
    throttled = sum(isinstance(refusal, LoginThrottled) for refusal in refusals)
    assert (wrong, throttled) == (FREE_LOGIN_FAILURES, 50 - FREE_LOGIN_FAILURES)


@pytest.mark.usefixtures("ada")
async def test_without_turns_they_would(desk: Desk) -> None:
    """The control of the test above."""
    crowd = replace(desk.tokens, turns=NoTurns())
    guesses = [try_log_in(crowd, f"guess {number}") for number in range(50)]
    refusals = await asyncio.gather(*guesses, return_exceptions=True)
    wrong = sum(isinstance(refusal, CredentialsWrong) for refusal in refusals)
    assert wrong > FREE_LOGIN_FAILURES


async def test_what_is_typed_at_a_login_is_not_kept(desk: Desk) -> None:
    with pytest.raises(CredentialsWrong):
        await log_in(desk.tokens, "acme", "my-password-in-the-wrong-field", "x")
    assert "my-password" not in repr(desk.store.state)


async def test_a_hash_of_an_older_scheme_is_replaced_at_login(desk: Desk, ada: User) -> None:
    desk.passwords.scheme = "better"
    await try_log_in(desk.tokens)
    async with desk.store.reading(ada.tenant_id) as records:
        account = await records.person(ada.email)
    assert account is not None
    assert account.secret_hash == f"better:{PASSWORD}"


async def test_a_client_gets_an_access_token_only(desk: Desk, tenant: Tenant) -> None:
    client = await keep_user(desk.store, a_client(tenant), digest_of("secret"))
    issued = await log_in_client(desk.tokens, client.user_id, "secret")
    assert issued.access.text.startswith(client.user_id)
    assert issued.refresh_token == ""
    session_id = SessionId(issued.access.text.rpartition(" ")[2])
    async with desk.store.reading(tenant.tenant_id) as records:
        session = await records.session(session_id)
    assert session is not None
    assert session.expire_time == issued.access.expire_time


async def test_a_wrong_client_secret_is_refused(desk: Desk, tenant: Tenant) -> None:
    client = await keep_user(desk.store, a_client(tenant), digest_of("secret"))
    with pytest.raises(CredentialsWrong):
        await log_in_client(desk.tokens, client.user_id, "secrets")


async def test_an_unknown_client_is_refused(desk: Desk) -> None:
    with pytest.raises(CredentialsWrong):
        await log_in_client(desk.tokens, "nobody", "secret")


async def test_a_person_cannot_log_in_as_a_client(desk: Desk, ada: User) -> None:
    with pytest.raises(CredentialsWrong):
        await log_in_client(desk.tokens, ada.user_id, PASSWORD)


def calling_from(address: str) -> None:
    begin_call("/login", {"x-forwarded-for": [address]}).caller_service = "gateway"


async def test_failures_of_one_address_are_counted_whatever_the_account(desk: Desk) -> None:
    calling_from("203.0.113.7")
    for number in range(FREE_ADDRESS_FAILURES):
        with pytest.raises(CredentialsWrong):
            await log_in(desk.tokens, "acme", f"user{number}@x.org", PASSWORD)
    with pytest.raises(LoginThrottled):
        await log_in(desk.tokens, "globex", "nobody@x.org", PASSWORD)
    assert "203.0.113.7" not in repr(desk.store.state)
    calling_from("203.0.113.8")
    with pytest.raises(CredentialsWrong):
        await log_in(desk.tokens, "globex", "nobody@x.org", PASSWORD)


async def test_a_right_password_does_not_clear_its_address(
    desk: Desk, tenant: Tenant, ada: User
) -> None:
    calling_from("203.0.113.7")
    for number in range(FREE_ADDRESS_FAILURES - 1):
        with pytest.raises(CredentialsWrong):
            await log_in(desk.tokens, "acme", f"user{number}@x.org", PASSWORD)
    assert await log_in(desk.tokens, "acme", ada.email, PASSWORD)
    with pytest.raises(CredentialsWrong):
        await log_in(desk.tokens, "acme", "one-more@x.org", PASSWORD)
    with pytest.raises(LoginThrottled):
        await log_in(desk.tokens, "acme", ada.email, PASSWORD)
    assert ada.tenant_id == tenant.tenant_id
