"""Staying logged in, leaving, and what becomes of a stolen refresh token."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from services.auth.domain import REFRESH_TOKEN_LIFE, SESSION_LIFE, Session
from services.auth.errors.credentials import RefreshTokenInvalid
from services.auth.errors.oauth import ScopeRefused
from services.auth.use_cases.sessions import Opening, open_session, refresh, revoke
from services.auth.use_cases.tokens import get_identity, log_in
from tests.auth.builders import PASSWORD, a_user, keep_tenant, keep_user
from tests.auth.desk import Desk

SECOND = timedelta(seconds=1)
WIKI_SCOPE = frozenset({"openid", "ticket.tickets.get"})


@pytest.fixture
async def first_token(desk: Desk) -> str:
    await keep_user(desk.store, a_user(await keep_tenant(desk.store)))
    return (await log_in(desk.tokens, "acme", "ada@example.com", PASSWORD)).refresh_token


async def wiki_token(desk: Desk) -> str:
    """Of a session that another program opened, for a part of what its user may do."""
    user = await keep_user(desk.store, a_user(await keep_tenant(desk.store)))
    async with desk.store.writing(user.tenant_id) as records:
        opening = Opening(user.user_id, "the-wiki", WIKI_SCOPE)
        return (await open_session(records, opening, desk.clock())).refresh_token


def the_session(desk: Desk) -> Session:
    [session] = desk.store.state.sessions.values()
    return session


async def test_a_refresh_token_gives_a_new_pair_of_the_same_session(
    desk: Desk, first_token: str
) -> None:
    renewed = await refresh(desk.tokens, first_token)
    assert renewed.refresh_token not in ("", first_token)
    assert the_session(desk).session_id in renewed.access.text
    assert (await refresh(desk.tokens, renewed.refresh_token)).refresh_token


async def test_a_used_refresh_token_ends_the_session(desk: Desk, first_token: str) -> None:
    thiefs = await refresh(desk.tokens, first_token)
    with pytest.raises(RefreshTokenInvalid):
        await refresh(desk.tokens, first_token)
    assert the_session(desk).end_time == desk.clock()
    with pytest.raises(RefreshTokenInvalid):
        await refresh(desk.tokens, thiefs.refresh_token)


async def test_if_use_were_not_remembered_a_stolen_token_would_work_again(
    desk: Desk, first_token: str
) -> None:
    """The control of the test above."""
    await refresh(desk.tokens, first_token)
    tokens = desk.store.state.refresh_tokens
    for key, token in tokens.items():
        tokens[key] = replace(token, use_time=None)
    stolen = await refresh(desk.tokens, first_token)
    assert stolen.refresh_token
    assert the_session(desk).is_open(desk.clock())


async def test_without_reuse_the_session_lives_on(desk: Desk, first_token: str) -> None:
    second = await refresh(desk.tokens, first_token)
    assert the_session(desk).is_open(desk.clock())
    await refresh(desk.tokens, second.refresh_token)


async def test_reuse_ends_this_session_and_no_other(desk: Desk, first_token: str) -> None:
    elsewhere = await log_in(desk.tokens, "acme", "ada@example.com", PASSWORD)
    await refresh(desk.tokens, first_token)
    with pytest.raises(RefreshTokenInvalid):
        await refresh(desk.tokens, first_token)
    assert await refresh(desk.tokens, elsewhere.refresh_token)


async def test_of_two_uses_at_the_same_moment_one_wins_and_the_session_ends(
    desk: Desk, first_token: str
) -> None:
    both = await asyncio.gather(
        refresh(desk.tokens, first_token),
        refresh(desk.tokens, first_token),
        return_exceptions=True,
    )
    assert sum(isinstance(result, RefreshTokenInvalid) for result in both) == 1
    assert not the_session(desk).is_open(desk.clock())


async def test_an_unknown_refresh_token_is_refused(desk: Desk) -> None:
    with pytest.raises(RefreshTokenInvalid):
        await refresh(desk.tokens, "made up")


async def test_a_refresh_token_expires(desk: Desk, first_token: str) -> None:
    desk.clock.advance(REFRESH_TOKEN_LIFE)
    with pytest.raises(RefreshTokenInvalid):
        await refresh(desk.tokens, first_token)


async def test_no_chain_of_refresh_tokens_outlives_the_session(
    desk: Desk, first_token: str
) -> None:
    token, end = first_token, desk.clock() + SESSION_LIFE
    while desk.clock() + REFRESH_TOKEN_LIFE < end:
        desk.clock.advance(REFRESH_TOKEN_LIFE - SECOND)
        token = (await refresh(desk.tokens, token)).refresh_token
    desk.clock.now = end
    with pytest.raises(RefreshTokenInvalid):
        await refresh(desk.tokens, token)


async def test_a_revoked_session_cannot_be_renewed(desk: Desk, first_token: str) -> None:
    await revoke(desk.tokens, first_token)
    with pytest.raises(RefreshTokenInvalid):
        await refresh(desk.tokens, first_token)


async def test_an_older_refresh_token_revokes_the_session_too(desk: Desk, first_token: str) -> None:
    newer = await refresh(desk.tokens, first_token)
    await revoke(desk.tokens, first_token)
    with pytest.raises(RefreshTokenInvalid):
        await refresh(desk.tokens, newer.refresh_token)


async def test_revoking_twice_or_something_unknown_is_no_error(
    desk: Desk, first_token: str
) -> None:
    await revoke(desk.tokens, first_token)
    ended = the_session(desk).end_time
    desk.clock.advance(SECOND)
    await revoke(desk.tokens, first_token)
    await revoke(desk.tokens, "made up")
    assert the_session(desk).end_time == ended


async def test_only_the_digest_of_a_refresh_token_is_kept(desk: Desk, first_token: str) -> None:
    assert first_token not in repr(desk.store.state)


async def test_another_clients_refresh_token_is_refused(desk: Desk, first_token: str) -> None:
    with pytest.raises(RefreshTokenInvalid):
        await refresh(desk.tokens, first_token, client_id="the-wiki")
    assert await refresh(desk.tokens, first_token)


async def test_a_renewed_token_has_the_scope_of_its_session(desk: Desk) -> None:
    token = await wiki_token(desk)
    renewed = await refresh(desk.tokens, token, "the-wiki")
    assert renewed.opened.scope == WIKI_SCOPE
    assert desk.signer.scopes == [WIKI_SCOPE]


async def test_a_renewed_token_may_ask_for_less_but_not_for_more(desk: Desk) -> None:
    token = await wiki_token(desk)
    less = await refresh(desk.tokens, token, "the-wiki", frozenset({"openid"}))
    assert less.opened.scope == {"openid"}
    for beyond in ("helpdesk", "auth.users.create", "email"):
        more = frozenset({"openid", beyond})
        with pytest.raises(ScopeRefused):
            await refresh(desk.tokens, less.refresh_token, "the-wiki", more)


async def test_a_refusal_for_its_scope_does_not_use_the_token_up(desk: Desk) -> None:
    token = await wiki_token(desk)
    with pytest.raises(ScopeRefused):
        await refresh(desk.tokens, token, "the-wiki", frozenset({"helpdesk"}))
    assert await refresh(desk.tokens, token, "the-wiki")


async def test_an_identity_is_the_user_the_tenant_and_the_permissions(desk: Desk) -> None:
    tenant = await keep_tenant(desk.store)
    user = await keep_user(desk.store, a_user(tenant, roles=("agent",)))
    identity = await get_identity(desk.store, tenant.tenant_id, user.user_id)
    assert (identity.user, identity.tenant) == (user, tenant)
    assert "ticket.tickets.assign" in identity.permissions
    assert "auth.users.create" not in identity.permissions
