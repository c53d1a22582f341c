"""Revocation by the client and logout by the user."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.auth.domain import Session, User
from services.auth.errors.oauth import OAuthRefused
from services.auth.use_cases.authorization import Browser, LoginNeeded, begin
from services.auth.use_cases.authorization_desk import ClientProof
from services.auth.use_cases.grant_endings import (
    LogoutRequest,
    log_out_browser,
    revoke_grant,
)
from services.auth.use_cases.grants import Granted, exchange
from services.auth.use_cases.user_info import get_user_info
from services.mesh.errors import TokenInvalid
from services.mesh.tokens import TokenClaims
from tests.auth.builders import a_user, keep_tenant, keep_user
from tests.auth.provider import BROWSER, LOGGED_OUT, Provider, answer, asking, exchanging

WEB_APP = ClientProof("helpdesk-web")


@pytest.fixture
async def provider() -> Provider:
    provider = Provider()
    await keep_user(provider.fakes.store, a_user(await keep_tenant(provider.fakes.store)))
    return provider


async def log_in(provider: Provider) -> tuple[Granted, Browser]:
    step = await provider.log_in(asking())
    tokens = await exchange(provider.desk, exchanging(answer(step)["code"]))
    return tokens, replace(BROWSER, session_secret=step.session_secret)


def claims_of(session: Session, user: User) -> TokenClaims:
    return TokenClaims(
        tenant_id=session.tenant_id,
        user_id=user.user_id,
        session_id=session.session_id,
        client_id=session.client_id,
        scope=session.scope,
        roles=frozenset(user.roles),
        expires_at=session.expire_time,
        token_id="token-1",
    )


def is_over(provider: Provider, tokens: Granted) -> bool:
    session = tokens.token.opened.session
    kept = provider.fakes.store.state.sessions[session.tenant_id, session.session_id]
    return not kept.is_open(provider.fakes.clock())


async def test_a_revoked_refresh_token_ends_its_session(provider: Provider) -> None:
    tokens, _ = await log_in(provider)
    await revoke_grant(provider.desk, WEB_APP, tokens.token.refresh_token)
    assert is_over(provider, tokens)


async def test_so_does_a_revoked_access_token(provider: Provider) -> None:
    tokens, _ = await log_in(provider)
    opened = tokens.token.opened
    provider.access_tokens.claims["a.b.c"] = claims_of(opened.session, opened.user)
    await revoke_grant(provider.desk, WEB_APP, "a.b.c")
    assert is_over(provider, tokens)


@pytest.mark.parametrize("token", ["made up", "made.up.token"])
async def test_what_is_dead_is_as_good_as_revoked(provider: Provider, token: str) -> None:
    await revoke_grant(provider.desk, WEB_APP, token)


async def test_another_clients_token_is_not_revoked(provider: Provider) -> None:
    tokens, _ = await log_in(provider)
    opened = tokens.token.opened
    provider.access_tokens.claims["a.b.c"] = claims_of(opened.session, opened.user)
    for token in (tokens.token.refresh_token, "a.b.c"):
        with pytest.raises(OAuthRefused) as caught:
            await revoke_grant(provider.desk, ClientProof("helpdesk-cli"), token)
        assert caught.value.error == "invalid_grant"
    assert not is_over(provider, tokens)


@pytest.mark.parametrize(
    ("client", "token", "error"),
    [(ClientProof("nobody"), "x", "invalid_client"), (WEB_APP, "", "invalid_request")],
)
async def test_a_bad_revocation_is_refused(
    provider: Provider, client: ClientProof, token: str, error: str
) -> None:
    with pytest.raises(OAuthRefused) as caught:
        await revoke_grant(provider.desk, client, token)
    assert caught.value.error == error


async def test_logging_out_ends_all_that_began_in_this_browser(provider: Provider) -> None:
    first, browser = await log_in(provider)
    code = answer(await begin(provider.desk, asking(), browser))["code"]
    second = await exchange(provider.desk, exchanging(code))
    elsewhere, _ = await log_in(provider)
    done = await log_out_browser(
        provider.desk,
        LogoutRequest(first.id_token, redirect_uri=LOGGED_OUT, state="s 1"),
        browser,
        confirmed=False,
    )
    assert done.location == f"{LOGGED_OUT}?state=s%201"
    assert is_over(provider, first)
    assert is_over(provider, second)
    assert not is_over(provider, elsewhere)
    assert isinstance((await begin(provider.desk, asking(), browser)).next, LoginNeeded)


async def test_a_logout_that_proves_nothing_has_to_be_confirmed(provider: Provider) -> None:
    tokens, browser = await log_in(provider)
    asked = LogoutRequest(client_id="helpdesk-web", redirect_uri=LOGGED_OUT)
    done = await log_out_browser(provider.desk, asked, browser, confirmed=False)
    assert done.needs_confirmation
    assert not is_over(provider, tokens)
    done = await log_out_browser(provider.desk, asked, browser, confirmed=True)
    assert done.location == LOGGED_OUT
    assert is_over(provider, tokens)


async def test_nobody_logs_somebody_else_out(provider: Provider) -> None:
    """With a token of their own, sent from the victim's browser."""
    globex = await keep_tenant(provider.fakes.store, "globex")
    tokens, browser = await log_in(provider)
    eve = a_user(globex, "eve@example.com")
    [code] = provider.known.codes.values()
    hint = await provider.id_tokens.sign(
        replace(code, user_id=eve.user_id, tenant_id=globex.tenant_id),
        tokens.token.opened.session.session_id,
        "",
        provider.fakes.clock(),
    )
    done = await log_out_browser(provider.desk, LogoutRequest(hint), browser, confirmed=False)
    assert done.needs_confirmation
    assert not is_over(provider, tokens)


async def test_an_old_id_token_still_logs_out_where_nobody_is_logged_in(
    provider: Provider,
) -> None:
    tokens, _ = await log_in(provider)
    provider.pass_time(timedelta(hours=13))
    done = await log_out_browser(
        provider.desk, LogoutRequest(tokens.id_token), BROWSER, confirmed=False
    )
    assert not done.needs_confirmation
    assert is_over(provider, tokens)


@pytest.mark.parametrize(
    "asked",
    [
        LogoutRequest("made up"),
        LogoutRequest(redirect_uri=LOGGED_OUT),
        LogoutRequest(client_id="helpdesk-web", redirect_uri="https://evil.example/"),
        LogoutRequest(client_id="helpdesk-cli", redirect_uri=LOGGED_OUT),
        LogoutRequest(client_id="nobody", redirect_uri=LOGGED_OUT),
    ],
)
async def test_a_logout_leads_nowhere_else(provider: Provider, asked: LogoutRequest) -> None:
    with pytest.raises(OAuthRefused) as caught:
        await log_out_browser(provider.desk, asked, BROWSER, confirmed=True)
    assert caught.value.error == "invalid_request"


async def test_an_id_token_of_another_client_is_refused(provider: Provider) -> None:
    tokens, browser = await log_in(provider)
    with pytest.raises(OAuthRefused):
        await log_out_browser(
            provider.desk,
            LogoutRequest(tokens.id_token, client_id="helpdesk-cli"),
            browser,
            confirmed=False,
        )
    assert not is_over(provider, tokens)


@pytest.mark.parametrize(
    ("scope", "told"),
    [
        ("openid", {}),
        ("openid profile", {"name": "Ada", "tenant_slug": "acme"}),
        ("openid email", {"email": "ada@example.com"}),
    ],
)
async def test_the_scope_says_what_a_client_learns(
    provider: Provider, scope: str, told: dict[str, str]
) -> None:
    tokens = await exchange(provider.desk, exchanging(await provider.code(asking(scope=scope))))
    opened = tokens.token.opened
    provider.access_tokens.claims["a.b.c"] = claims_of(opened.session, opened.user)
    info = await get_user_info(provider.desk, "a.b.c")
    assert info.user_id == opened.user.user_id
    shown = {"name": info.name, "tenant_slug": info.tenant_slug, "email": info.email}
    assert {name: value for name, value in shown.items() if value} == told


async def test_without_openid_a_client_learns_nothing(provider: Provider) -> None:
    code = await provider.code(asking(scope="profile email helpdesk"))
    opened = (await exchange(provider.desk, exchanging(code))).token.opened
    provider.access_tokens.claims["a.b.c"] = claims_of(opened.session, opened.user)
    with pytest.raises(OAuthRefused) as caught:
        await get_user_info(provider.desk, "a.b.c")
    assert caught.value.error == "insufficient_scope"
    with pytest.raises(TokenInvalid):
        await get_user_info(provider.desk, "made.up.token")
