"""What an authorization request may ask for, and who is told that it may not."""

import pytest

from services.auth.errors.oauth import OAuthRefused
from services.auth.use_cases.authorization import LoginNeeded, begin
from tests.auth.builders import a_user, keep_tenant, keep_user
from tests.auth.provider import BROWSER, ISSUER, Provider, a_tenants_client, answer, asking


@pytest.fixture
async def provider() -> Provider:
    provider = Provider()
    tenant = await keep_tenant(provider.fakes.store)
    await keep_user(provider.fakes.store, a_user(tenant))
    provider.add_client(a_tenants_client(tenant, grants=()))
    return provider


async def test_a_good_request_leads_to_the_login(provider: Provider) -> None:
    step = await begin(provider.desk, asking(), BROWSER)
    assert isinstance(step.next, LoginNeeded)
    assert step.next.client.display_name == "Helpdesk"
    assert len(provider.known.requests) == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"client_id": "nobody"},
        {"client_id": ""},
        {"redirect_uri": ""},
        {"redirect_uri": "https://app.example/callback/"},
        {"redirect_uri": "https://app.example/callback?x=1"},
        {"redirect_uri": "https://APP.example/callback"},
        {"redirect_uri": "https://app.example:443/callback"},
        {"redirect_uri": "https://app.example.evil.example/callback"},
        {"redirect_uri": "https://app.example/callback#fragment"},
        {"redirect_uri": "http://app.example/callback"},
        {"redirect_uri": "https://app.example/%63allback"},
        {"repeated": ("redirect_uri",)},
        {"repeated": ("client_id",)},
    ],
)
async def test_a_fault_in_client_or_address_is_never_redirected(
    provider: Provider, fault: dict[str, object]
) -> None:
    with pytest.raises(OAuthRefused) as caught:
        await begin(provider.desk, asking(**fault), BROWSER)
    assert caught.value.error == "invalid_request"
    assert provider.known.requests == {}


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"response_type": ""}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"scope": ""}, "invalid_scope"),
        ({"scope": "openid  profile"}, "invalid_scope"),
        ({"scope": "everything"}, "invalid_scope"),
        ({"scope": 'openid "><script>'}, "invalid_scope"),
        ({"state": "line\nbreak"}, "invalid_request"),
        ({"state": "schön"}, "invalid_request"),
        ({"nonce": "nul\0"}, "invalid_request"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge_method": ""}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "often"}, "invalid_request"),
        ({"prompt": "none"}, "login_required"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"max_age": "1.5"}, "invalid_request"),
        ({"max_age": "9" * 30}, "invalid_request"),
        ({"id_token_hint": "made up"}, "invalid_request"),
        ({"repeated": ("scope",)}, "invalid_request"),
        ({"unsupported": ("request",)}, "request_not_supported"),
        ({"unsupported": ("request_uri",)}, "request_uri_not_supported"),
        ({"unsupported": ("registration",)}, "registration_not_supported"),
        ({"client_id": "client-1"}, "unauthorized_client"),
    ],
)
async def test_every_other_fault_is_told_to_the_client(
    provider: Provider, fault: dict[str, object], error: str
) -> None:
    told = answer(await begin(provider.desk, asking(**fault), BROWSER))
    assert told["error"] == error
    assert told["iss"] == ISSUER
    assert "code" not in told
    assert provider.known.requests == {}


async def test_the_clients_mark_comes_back_with_the_fault(provider: Provider) -> None:
    told = answer(await begin(provider.desk, asking(response_type="token", state="a&b=c"), BROWSER))
    assert told["state"] == "a&b=c"


async def test_a_description_holds_only_signs_that_it_may_hold(provider: Provider) -> None:
    told = answer(await begin(provider.desk, asking(scope='openid "é\\'), BROWSER))
    assert told["error_description"] == "There is no scope ???."


@pytest.mark.parametrize(
    ("uri", "is_good"),
    [
        ("http://127.0.0.1:49152/callback", True),
        ("http://[::1]:49152/callback", True),
        ("http://127.0.0.1/callback", True),
        ("http://127.0.0.1:49152/other", False),
        ("http://127.0.0.1:49152/callback/", False),
        ("http://127.0.0.1:evil/callback", False),
        ("http://127.0.0.1:1@evil.example/callback", False),
        ("https://127.0.0.1:49152/callback", False),
        ("http://localhost:49152/callback", False),
        ("http://127.0.0.2:49152/callback", False),
        ("http://127.0.0.1:49152/callback\n", False),
    ],
)
async def test_a_program_on_the_users_machine_may_take_any_port(
    provider: Provider, uri: str, is_good: bool
) -> None:
    asked = asking(client_id="helpdesk-cli", redirect_uri=uri)
    if is_good:
        assert isinstance((await begin(provider.desk, asked, BROWSER)).next, LoginNeeded)
    else:
        with pytest.raises(OAuthRefused):
            await begin(provider.desk, asked, BROWSER)
