"""Devices without a browser (RFC 8628)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.auth.authorization import DEVICE_INTERVAL, DEVICE_LIFE, USER_CODE_ALPHABET
from services.auth.domain import User
from services.auth.errors.oauth import AuthorizationExpired, OAuthRefused, UserCodeUnknown
from services.auth.oauth_clients import GrantType
from services.auth.use_cases.authorization import (
    Browser,
    ConsentNeeded,
    Credentials,
    DeviceDecided,
    LoginNeeded,
    begin_device_approval,
    decide,
    log_in_browser,
)
from services.auth.use_cases.authorization_desk import ClientProof
from services.auth.use_cases.devices import StartedDevice, start_device
from services.auth.use_cases.grants import Granted, TokenRequest, exchange
from tests.auth.builders import PASSWORD, a_user, keep_tenant, keep_user
from tests.auth.provider import BROWSER, Provider, asking, exchanging

CLI = ClientProof("helpdesk-cli")
SCOPE = "openid offline_access helpdesk"
SECOND = timedelta(seconds=1)


@pytest.fixture
async def provider() -> Provider:
    return Provider()


@pytest.fixture
async def ada(provider: Provider) -> User:
    return await keep_user(provider.fakes.store, a_user(await keep_tenant(provider.fakes.store)))


@pytest.fixture
async def device(provider: Provider, ada: User) -> StartedDevice:
    assert ada
    return await start_device(provider.desk, CLI, SCOPE)


async def poll(provider: Provider, device: StartedDevice, client: ClientProof = CLI) -> Granted:
    request = TokenRequest(GrantType.DEVICE_CODE, client, device_code=device.device_code)
    return await exchange(provider.desk, request)


async def refused(
    provider: Provider, device: StartedDevice, error: str, client: ClientProof = CLI
) -> None:
    with pytest.raises(OAuthRefused) as caught:
        await poll(provider, device, client)
    assert caught.value.error == error


async def consent_page(provider: Provider, device: StartedDevice) -> tuple[ConsentNeeded, Browser]:
    step = await begin_device_approval(provider.desk, device.user_code, BROWSER)
    assert isinstance(step.next, LoginNeeded)
    step = await log_in_browser(
        provider.desk,
        step.next.request_secret,
        BROWSER,
        Credentials("acme", "ada@example.com", PASSWORD),
    )
    assert isinstance(step.next, ConsentNeeded)
    return step.next, replace(BROWSER, session_secret=step.session_secret)


async def decide_on(provider: Provider, device: StartedDevice, *, approved: bool) -> None:
    page, browser = await consent_page(provider, device)
    step = await decide(provider.desk, page.request_secret, browser, approved=approved)
    assert step.next == DeviceDecided(page.client, approved)


def test_a_user_code_is_easy_to_type(device: StartedDevice) -> None:
    first, second = device.user_code.split("-")
    assert len(first) == len(second) == 4
    assert set(first + second) <= set(USER_CODE_ALPHABET)


async def test_an_approved_device_gets_tokens_once(
    provider: Provider, device: StartedDevice, ada: User
) -> None:
    await refused(provider, device, "authorization_pending")
    await decide_on(provider, device, approved=True)
    provider.pass_time(DEVICE_INTERVAL)
    tokens = await poll(provider, device)
    assert tokens.token.opened.user == ada
    assert tokens.token.refresh_token
    assert tokens.id_token
    provider.pass_time(DEVICE_INTERVAL)
    await refused(provider, device, "invalid_grant")
    [session] = provider.fakes.store.state.sessions.values()
    assert not session.is_open(provider.fakes.clock())


async def test_a_refused_device_is_told_so(provider: Provider, device: StartedDevice) -> None:
    await decide_on(provider, device, approved=False)
    await refused(provider, device, "access_denied")
    assert provider.known.codes == {}


async def test_a_device_that_waited_too_long_is_told_so(
    provider: Provider, device: StartedDevice
) -> None:
    provider.pass_time(DEVICE_LIFE)
    await refused(provider, device, "expired_token")
    with pytest.raises(UserCodeUnknown):
        await begin_device_approval(provider.desk, device.user_code, BROWSER)


async def test_an_impatient_device_waits_longer_and_longer(
    provider: Provider, device: StartedDevice
) -> None:
    await refused(provider, device, "authorization_pending")
    provider.pass_time(DEVICE_INTERVAL - SECOND)
    await refused(provider, device, "slow_down")
    provider.pass_time(2 * DEVICE_INTERVAL - SECOND)
    await refused(provider, device, "slow_down")
    provider.pass_time(3 * DEVICE_INTERVAL)
    await refused(provider, device, "authorization_pending")


async def test_another_client_cannot_fetch_a_devices_tokens(
    provider: Provider, device: StartedDevice
) -> None:
    await decide_on(provider, device, approved=True)
    other = replace(provider.desk.own_clients[0], client_id="other-cli")
    provider.add_client(other)
    await refused(provider, device, "invalid_grant", ClientProof("other-cli"))
    assert await poll(provider, device)


async def test_an_unknown_device_code_is_an_invalid_grant(provider: Provider) -> None:
    unknown = StartedDevice("made up", "", DEVICE_LIFE, DEVICE_INTERVAL)
    await refused(provider, unknown, "invalid_grant")
    await refused(provider, replace(unknown, device_code=""), "invalid_request")


@pytest.mark.usefixtures("ada")
async def test_a_code_of_one_kind_is_none_of_the_other(
    provider: Provider, device: StartedDevice
) -> None:
    code = await provider.code(asking())
    await refused(provider, replace(device, device_code=code), "invalid_grant")
    await decide_on(provider, device, approved=True)
    with pytest.raises(OAuthRefused) as caught:
        await exchange(provider.desk, exchanging(device.device_code, client=CLI))
    assert caught.value.error == "invalid_grant"


@pytest.mark.parametrize("typed", ["{}", " {} ", "{}".lower()])
async def test_a_user_code_may_be_typed_as_people_type(
    provider: Provider, device: StartedDevice, typed: str
) -> None:
    for code in (device.user_code, device.user_code.replace("-", ""), device.user_code.lower()):
        step = await begin_device_approval(provider.desk, typed.format(code), BROWSER)
        assert isinstance(step.next, LoginNeeded)


@pytest.mark.parametrize("code", ["BCDF-GHJK", "", "nothing"])
async def test_an_unknown_user_code_is_refused(provider: Provider, code: str) -> None:
    with pytest.raises(UserCodeUnknown):
        await begin_device_approval(provider.desk, code, BROWSER)


async def test_the_user_is_asked_also_when_logged_in(
    provider: Provider, device: StartedDevice
) -> None:
    """Else a link with somebody else's code would connect their device."""
    page, browser = await consent_page(provider, device)
    await decide(provider.desk, page.request_secret, browser, approved=True)
    second = await start_device(provider.desk, CLI, SCOPE)
    step = await begin_device_approval(provider.desk, second.user_code, browser)
    assert isinstance(step.next, ConsentNeeded)


@pytest.mark.usefixtures("ada")
async def test_also_for_a_client_that_needs_no_consent_elsewhere(provider: Provider) -> None:
    trusted = replace(provider.desk.own_clients[0], client_id="tv", needs_consent=False)
    provider.add_client(trusted)
    device = await start_device(provider.desk, ClientProof("tv"), SCOPE)
    page, _ = await consent_page(provider, device)
    assert page.client == trusted


async def test_a_device_is_decided_on_once(provider: Provider, device: StartedDevice) -> None:
    page, browser = await consent_page(provider, device)
    other, same = await consent_page(provider, device)
    await decide(provider.desk, page.request_secret, browser, approved=False)
    with pytest.raises(AuthorizationExpired):
        await decide(provider.desk, other.request_secret, same, approved=True)
    await refused(provider, device, "access_denied")


@pytest.mark.parametrize(
    ("client", "scope", "error"),
    [
        (ClientProof("helpdesk-web"), SCOPE, "unauthorized_client"),
        (ClientProof("nobody"), SCOPE, "invalid_client"),
        (CLI, "", "invalid_scope"),
        (CLI, "everything", "invalid_scope"),
    ],
)
async def test_a_device_login_is_refused(
    provider: Provider, client: ClientProof, scope: str, error: str
) -> None:
    with pytest.raises(OAuthRefused) as caught:
        await start_device(provider.desk, client, scope)
    assert caught.value.error == error
