"""The token endpoint: each grant, and each refusal in the words of RFC 6749 and RFC 9700."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from services.auth.authorization import CODE_LIFE
from services.auth.credentials import digest_of
from services.auth.domain import ACCESS_TOKEN_LIFE, Tenant, TenantState, User
from services.auth.errors.oauth import OAuthRefused
from services.auth.oauth_clients import GrantType, OAuthClient
from services.auth.use_cases.authorization_desk import ClientProof
from services.auth.use_cases.grants import Granted, TokenRequest, exchange
from tests.auth.builders import a_client, a_user, keep_tenant, keep_user
from tests.auth.provider import (
    CLIENT_SECRET,
    WEB,
    Provider,
    a_tenants_client,
    asking,
    exchanging,
)

SECOND = timedelta(seconds=1)


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
async def tenant(provider: Provider) -> Tenant:
    return await keep_tenant(provider.fakes.store)


@pytest.fixture
async def ada(provider: Provider, tenant: Tenant) -> User:
    return await keep_user(provider.fakes.store, a_user(tenant))


@pytest.fixture
async def robot(provider: Provider, tenant: Tenant) -> OAuthClient:
    user = await keep_user(provider.fakes.store, a_client(tenant), digest_of(CLIENT_SECRET))
    return provider.add_client(a_tenants_client(tenant, user, list(GrantType)))


async def refused(provider: Provider, request: TokenRequest, error: str) -> OAuthRefused:
    with pytest.raises(OAuthRefused) as caught:
        await exchange(provider.desk, request)
    assert caught.value.error == error
    return caught.value


def open_sessions(provider: Provider) -> int:
    now = provider.fakes.clock()
    return sum(each.is_open(now) for each in provider.fakes.store.state.sessions.values())


async def granted(provider: Provider, **changes: object) -> Granted:
    return await exchange(provider.desk, exchanging(await provider.code(asking(**changes))))


async def test_a_code_gives_tokens_for_what_was_asked(provider: Provider, ada: User) -> None:
    tokens = await granted(provider)
    [session] = provider.fakes.store.state.sessions.values()
    assert session.user_id == ada.user_id
    assert session.client_id == "helpdesk-web"
    assert session.scope == {"openid", "offline_access", "helpdesk"}
    assert tokens.token.refresh_token
    assert tokens.id_token == f"{session.session_id} nonce-1"


@pytest.mark.usefixtures("ada")
async def test_what_was_not_asked_for_is_not_given(provider: Provider) -> None:
    tokens = await granted(provider, scope="ticket.tickets.get")
    assert tokens.id_token == ""
    assert tokens.token.refresh_token == ""


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize("name", ["code", "redirect_uri", "code_verifier", "grant_type"])
async def test_what_is_missing_is_named(provider: Provider, name: str) -> None:
    code = await provider.code(asking())
    incomplete = replace(exchanging(code), **{name: ""})  # type: ignore[arg-type]
    refusal = await refused(provider, incomplete, "invalid_request")
    assert name in refusal.message


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize(
    "fault",
    [
        {"code": "made up"},
        {"redirect_uri": "https://app.example/other"},
        {"redirect_uri": f"{WEB}/"},
        {"code_verifier": "w" * 43},
        {"code_verifier": "v" * 42},
        {"code_verifier": "v" * 129},
        {"code_verifier": "ü" * 43},
        {"client": ClientProof("helpdesk-cli")},
    ],
)
async def test_a_code_that_is_shown_wrongly_is_refused_and_burnt(
    provider: Provider, fault: dict[str, object]
) -> None:
    code = await provider.code(asking())
    await refused(
        provider,
        exchanging(code, **fault) if "code" not in fault else exchanging("x"),
        "invalid_grant",
    )
    assert open_sessions(provider) == 0
    if "code" not in fault:
        await refused(provider, exchanging(code), "invalid_grant")


@pytest.mark.usefixtures("ada")
async def test_a_code_lives_for_a_minute(provider: Provider) -> None:
    assert timedelta(seconds=60) >= CODE_LIFE
    code = await provider.code(asking())
    provider.pass_time(CODE_LIFE)
    await refused(provider, exchanging(code), "invalid_grant")


@pytest.mark.usefixtures("ada")
async def test_just_before_it_is_good(provider: Provider) -> None:
    code = await provider.code(asking())
    provider.pass_time(CODE_LIFE - timedelta(milliseconds=1))
    assert await exchange(provider.desk, exchanging(code))


@pytest.mark.usefixtures("ada")
async def test_a_code_used_twice_ends_what_it_has_opened(provider: Provider) -> None:
    code = await provider.code(asking())
    first = await exchange(provider.desk, exchanging(code))
    assert open_sessions(provider) == 1
    await refused(provider, exchanging(code), "invalid_grant")
    assert open_sessions(provider) == 0
    await refused(provider, refreshing(first), "invalid_grant")


@pytest.mark.usefixtures("ada")
async def test_also_long_after_it_has_expired(provider: Provider) -> None:
    code = await provider.code(asking())
    await exchange(provider.desk, exchanging(code))
    provider.pass_time(timedelta(hours=1))
    await refused(provider, exchanging(code), "invalid_grant")
    assert open_sessions(provider) == 0


@pytest.mark.usefixtures("ada")
async def test_of_many_at_once_one_gets_in_and_then_nobody(provider: Provider) -> None:
    code = await provider.code(asking())
    tries = [exchange(provider.desk, exchanging(code)) for _ in range(20)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(result, Granted) for result in results) == 1
    assert open_sessions(provider) == 0


async def test_a_vanished_user_gets_nothing(provider: Provider, ada: User) -> None:
    code = await provider.code(asking())
    del provider.fakes.store.state.accounts[ada.tenant_id, ada.user_id]
    await refused(provider, exchanging(code), "invalid_grant")


async def test_a_disabled_user_gets_nothing(provider: Provider, ada: User) -> None:
    tokens, code = await granted(provider), await provider.code(asking())
    account = provider.fakes.store.state.accounts[ada.tenant_id, ada.user_id]
    disabled = replace(ada, disable_time=provider.fakes.clock())
    provider.fakes.store.state.accounts[ada.tenant_id, ada.user_id] = replace(
        account, user=disabled
    )
    await refused(provider, exchanging(code), "invalid_grant")
    await refused(provider, refreshing(tokens), "invalid_grant")


@pytest.mark.usefixtures("ada")
async def test_a_suspended_tenants_users_and_clients_get_nothing(
    provider: Provider, tenant: Tenant, robot: OAuthClient
) -> None:
    tokens, code = await granted(provider), await provider.code(asking())
    provider.fakes.store.state.tenants[tenant.tenant_id] = replace(
        tenant, state=TenantState.SUSPENDED
    )
    await refused(provider, exchanging(code), "invalid_grant")
    await refused(provider, refreshing(tokens), "invalid_grant")
    proof = ClientProof(robot.client_id, CLIENT_SECRET)
    await refused(provider, TokenRequest("client_credentials", proof), "invalid_client")


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize(
    "proof",
    [
        ClientProof(""),
        ClientProof("nobody"),
        ClientProof("nobody", "secret"),
        ClientProof("helpdesk-web", "a public client has no secret"),
    ],
)
async def test_an_unknown_client_is_told_nothing_else(
    provider: Provider, proof: ClientProof
) -> None:
    code = await provider.code(asking())
    await refused(provider, exchanging(code, client=proof), "invalid_client")
    assert await exchange(provider.desk, exchanging(code))


@pytest.mark.parametrize("secret", ["", "wrong", CLIENT_SECRET + " "])
async def test_a_client_with_a_secret_must_show_it(
    provider: Provider, robot: OAuthClient, secret: str
) -> None:
    request = TokenRequest("client_credentials", ClientProof(robot.client_id, secret))
    await refused(provider, request, "invalid_client")


async def test_a_client_acts_for_itself(provider: Provider, robot: OAuthClient) -> None:
    proof = ClientProof(robot.client_id, CLIENT_SECRET)
    tokens = await exchange(provider.desk, TokenRequest("client_credentials", proof))
    assert tokens.token.refresh_token == ""
    assert tokens.id_token == ""
    [session] = provider.fakes.store.state.sessions.values()
    assert session.user_id == robot.client_id
    assert session.scope == {"helpdesk"}
    assert session.expire_time == provider.fakes.clock() + ACCESS_TOKEN_LIFE
    narrow = TokenRequest("client_credentials", proof, scope="ticket.tickets.get")
    assert (await exchange(provider.desk, narrow)).token.opened.scope == {"ticket.tickets.get"}


@pytest.mark.parametrize("scope", ["openid", "offline_access", "everything", "a  b"])
async def test_a_client_gets_no_scope_that_makes_no_sense(
    provider: Provider, robot: OAuthClient, scope: str
) -> None:
    proof = ClientProof(robot.client_id, CLIENT_SECRET)
    await refused(provider, TokenRequest("client_credentials", proof, scope=scope), "invalid_scope")


async def test_a_client_that_has_gone_meanwhile_is_unknown(
    provider: Provider, robot: OAuthClient, tenant: Tenant
) -> None:
    del provider.fakes.store.state.accounts[tenant.tenant_id, robot.client_id]
    proof = ClientProof(robot.client_id, CLIENT_SECRET)
    await refused(provider, TokenRequest("client_credentials", proof), "invalid_client")


@pytest.mark.parametrize("grant_type", ["password", "implicit", "CLIENT_CREDENTIALS", "x" * 100])
async def test_other_grants_do_not_exist(provider: Provider, grant_type: str) -> None:
    request = TokenRequest(grant_type, ClientProof("helpdesk-web"))
    await refused(provider, request, "unsupported_grant_type")


@pytest.mark.parametrize("grant_type", ["client_credentials", str(GrantType.DEVICE_CODE)])
async def test_a_client_uses_only_the_grants_that_it_has(
    provider: Provider, grant_type: str
) -> None:
    request = TokenRequest(grant_type, ClientProof("helpdesk-web"))
    await refused(provider, request, "unauthorized_client")


def refreshing(tokens: Granted, **changes: object) -> TokenRequest:
    request = TokenRequest(
        "refresh_token", ClientProof("helpdesk-web"), refresh_token=tokens.token.refresh_token
    )
    return replace(request, **changes)  # type: ignore[arg-type]


@pytest.mark.usefixtures("ada")
async def test_a_refresh_token_gives_a_new_one(provider: Provider) -> None:
    first = await granted(provider)
    second = await exchange(provider.desk, refreshing(first))
    assert second.token.refresh_token not in ("", first.token.refresh_token)
    assert second.token.opened.scope == first.token.opened.scope


@pytest.mark.usefixtures("ada")
async def test_a_refresh_token_used_twice_ends_the_session(provider: Provider) -> None:
    first = await granted(provider)
    second = await exchange(provider.desk, refreshing(first))
    await refused(provider, refreshing(first), "invalid_grant")
    await refused(provider, refreshing(second), "invalid_grant")
    assert open_sessions(provider) == 0


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"refresh_token": ""}, "invalid_request"),
        ({"refresh_token": "made up"}, "invalid_grant"),
        ({"client": ClientProof("helpdesk-cli")}, "invalid_grant"),
        ({"client": ClientProof("nobody")}, "invalid_client"),
        ({"scope": "everything"}, "invalid_scope"),
        ({"scope": "openid ticket.tickets.get"}, "invalid_scope"),
    ],
)
async def test_a_refresh_token_is_refused(
    provider: Provider, fault: dict[str, object], error: str
) -> None:
    first = await granted(provider, scope="openid offline_access ticket.tickets.list")
    await refused(provider, refreshing(first, **fault), error)
    assert open_sessions(provider) == 1
    assert await exchange(provider.desk, refreshing(first))


@pytest.mark.usefixtures("ada")
async def test_a_new_token_may_be_good_for_less(provider: Provider) -> None:
    first = await granted(provider)
    less = await exchange(provider.desk, refreshing(first, scope="ticket.tickets.get"))
    assert less.token.opened.scope == {"ticket.tickets.get"}
    again = await exchange(provider.desk, refreshing(less))
    assert again.token.opened.scope == first.token.opened.scope
