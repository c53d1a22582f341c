"""From the login page to a code: who has to log in, who is asked for consent."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.auth.authorization import BROWSER_SESSION_LIFE, REQUEST_LIFE
from services.auth.domain import SessionId, Tenant, TenantState, User
from services.auth.errors.credentials import CredentialsWrong
from services.auth.errors.oauth import AuthorizationExpired
from services.auth.errors.tenants import TenantSuspended
from services.auth.use_cases.authorization import (
    Browser,
    ConsentNeeded,
    Credentials,
    LoginNeeded,
    Redirect,
    Step,
    begin,
    decide,
    inspect,
    log_in_browser,
)
from tests.auth.builders import PASSWORD, a_user, keep_tenant, keep_user
from tests.auth.provider import BROWSER, ISSUER, WEB, Provider, a_tenants_client, answer, asking

SECOND = timedelta(seconds=1)
LOOPBACK = "http://127.0.0.1:5000/callback"


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
async def tenant(provider: Provider) -> Tenant:
    return await keep_tenant(provider.fakes.store)


@pytest.fixture
async def ada(provider: Provider, tenant: Tenant) -> User:
    return await keep_user(provider.fakes.store, a_user(tenant))


def logged_in(step: Step) -> Browser:
    assert step.session_secret
    return replace(BROWSER, session_secret=step.session_secret)


@pytest.mark.usefixtures("ada")
async def test_who_logs_in_goes_back_with_a_code(provider: Provider) -> None:
    step = await provider.log_in(asking())
    assert isinstance(step.next, Redirect)
    assert step.next.location.startswith(f"{WEB}?code=")
    assert answer(step)["state"] == "state-1"
    assert answer(step)["iss"] == ISSUER
    assert provider.known.requests == {}


@pytest.mark.usefixtures("ada")
async def test_a_wrong_password_gives_nothing(provider: Provider) -> None:
    step = await begin(provider.desk, asking(), BROWSER)
    assert isinstance(step.next, LoginNeeded)
    with pytest.raises(CredentialsWrong):
        await log_in_browser(
            provider.desk,
            step.next.request_secret,
            BROWSER,
            Credentials("acme", "ada@example.com", "wrong horse"),
        )
    assert provider.known.codes == {}
    assert provider.known.browsers == {}


@pytest.mark.usefixtures("ada")
async def test_a_page_is_worth_nothing_in_another_browser(provider: Provider) -> None:
    """Else somebody could log you in to an account of theirs, or send your consent."""
    step = await begin(provider.desk, asking(), BROWSER)
    assert isinstance(step.next, LoginNeeded)
    credentials = Credentials("acme", "ada@example.com", PASSWORD)
    with pytest.raises(AuthorizationExpired):
        await log_in_browser(
            provider.desk, step.next.request_secret, Browser("browser-2"), credentials
        )
    assert await log_in_browser(provider.desk, step.next.request_secret, BROWSER, credentials)


@pytest.mark.usefixtures("ada")
async def test_a_page_is_good_for_a_while_only(provider: Provider) -> None:
    step = await begin(provider.desk, asking(), BROWSER)
    assert isinstance(step.next, LoginNeeded)
    provider.pass_time(REQUEST_LIFE)
    with pytest.raises(AuthorizationExpired):
        await inspect(provider.desk, step.next.request_secret, BROWSER)


@pytest.mark.usefixtures("ada")
async def test_the_next_client_finds_the_user_logged_in(provider: Provider) -> None:
    browser = logged_in(await provider.log_in(asking()))
    assert "code" in answer(await begin(provider.desk, asking(), browser))
    assert "code" in answer(await begin(provider.desk, asking(prompt="none"), browser))


@pytest.mark.usefixtures("ada")
async def test_but_not_for_ever(provider: Provider) -> None:
    browser = logged_in(await provider.log_in(asking()))
    provider.pass_time(BROWSER_SESSION_LIFE)
    assert isinstance((await begin(provider.desk, asking(), browser)).next, LoginNeeded)


async def test_nobody_stays_logged_in_to_a_suspended_tenant(
    provider: Provider, tenant: Tenant, ada: User
) -> None:
    assert ada
    browser = logged_in(await provider.log_in(asking()))
    provider.fakes.store.state.tenants[tenant.tenant_id] = replace(
        tenant, state=TenantState.SUSPENDED
    )
    assert isinstance((await begin(provider.desk, asking(), browser)).next, LoginNeeded)
    with pytest.raises(TenantSuspended):
        await provider.log_in(asking())


async def test_a_disabled_user_does_not_stay_logged_in(provider: Provider, ada: User) -> None:
    browser = logged_in(await provider.log_in(asking()))
    key = ada.tenant_id, ada.user_id
    account = provider.fakes.store.state.accounts[key]
    disabled = replace(ada, disable_time=provider.fakes.clock())
    provider.fakes.store.state.accounts[key] = replace(account, user=disabled)
    assert isinstance((await begin(provider.desk, asking(), browser)).next, LoginNeeded)
    with pytest.raises(CredentialsWrong):
        await provider.log_in(asking())


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize("prompt", ["login", "select_account"])
async def test_a_client_may_want_the_user_to_log_in_again(provider: Provider, prompt: str) -> None:
    browser = logged_in(await provider.log_in(asking()))
    provider.pass_time(SECOND)
    step = await begin(provider.desk, asking(prompt=prompt), browser)
    assert isinstance(step.next, LoginNeeded)
    credentials = Credentials("acme", "ada@example.com", PASSWORD)
    again = await log_in_browser(provider.desk, step.next.request_secret, browser, credentials)
    assert "code" in answer(again)
    assert again.session_secret != browser.session_secret


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize(("max_age", "is_asked"), [("0", True), ("9", True), ("10", False)])
async def test_a_client_may_want_a_recent_login(
    provider: Provider, max_age: str, is_asked: bool
) -> None:
    browser = logged_in(await provider.log_in(asking()))
    provider.pass_time(10 * SECOND)
    step = await begin(provider.desk, asking(max_age=max_age), browser)
    assert isinstance(step.next, LoginNeeded if is_asked else Redirect)


@pytest.mark.usefixtures("ada")
async def test_the_login_page_of_another_tenant_does_not_take_this_login(
    provider: Provider,
) -> None:
    browser = logged_in(await provider.log_in(asking()))
    provider.pass_time(SECOND)
    step = await begin(provider.desk, asking(tenant_slug="globex"), browser)
    assert isinstance(step.next, LoginNeeded)
    assert step.next.tenant_slug == "globex"


@pytest.mark.usefixtures("ada")
async def test_another_user_than_the_client_means_is_not_passed_off(provider: Provider) -> None:
    browser = logged_in(await provider.log_in(asking()))
    bob = a_user(await keep_tenant(provider.fakes.store, "globex"))
    [code] = provider.known.codes.values()
    hint = await provider.id_tokens.sign(
        replace(code, user_id=bob.user_id), SessionId("session-1"), "", provider.fakes.clock()
    )
    told = answer(await begin(provider.desk, asking(prompt="none", id_token_hint=hint), browser))
    assert told["error"] == "login_required"


async def test_a_tenants_client_lets_nobody_in_from_elsewhere(
    provider: Provider, tenant: Tenant
) -> None:
    globex = await keep_tenant(provider.fakes.store, "globex")
    await keep_user(provider.fakes.store, a_user(globex, "eve@example.com"))
    client = provider.add_client(a_tenants_client(tenant))
    step = await begin(provider.desk, asking(client_id=client.client_id), BROWSER)
    assert isinstance(step.next, LoginNeeded)
    assert step.next.tenant_slug == "acme"
    with pytest.raises(CredentialsWrong):
        await log_in_browser(
            provider.desk,
            step.next.request_secret,
            BROWSER,
            Credentials("globex", "eve@example.com", PASSWORD),
        )


async def test_a_login_from_elsewhere_is_no_login_to_a_tenants_client(
    provider: Provider, tenant: Tenant
) -> None:
    globex = await keep_tenant(provider.fakes.store, "globex")
    await keep_user(provider.fakes.store, a_user(globex, "eve@example.com"))
    client = provider.add_client(a_tenants_client(tenant))
    step = await begin(provider.desk, asking(), BROWSER)
    assert isinstance(step.next, LoginNeeded)
    eve = await log_in_browser(
        provider.desk,
        step.next.request_secret,
        BROWSER,
        Credentials("globex", "eve@example.com", PASSWORD),
    )
    asked = asking(client_id=client.client_id)
    assert isinstance((await begin(provider.desk, asked, logged_in(eve))).next, LoginNeeded)


@pytest.mark.usefixtures("ada")
async def test_a_tenants_client_needs_consent_once(provider: Provider, tenant: Tenant) -> None:
    client = provider.add_client(a_tenants_client(tenant))
    asked = asking(client_id=client.client_id, scope="openid ticket.tickets.get")
    step = await provider.log_in(asked)
    assert isinstance(step.next, ConsentNeeded)
    browser = logged_in(step)
    done = await decide(provider.desk, step.next.request_secret, browser, approved=True)
    assert "code" in answer(done)
    assert "code" in answer(await begin(provider.desk, asked, browser))
    more = replace(asked, scope="openid ticket.tickets.get ticket.tickets.list")
    assert isinstance((await begin(provider.desk, more, browser)).next, ConsentNeeded)
    told = answer(await begin(provider.desk, replace(more, prompt="none"), browser))
    assert told["error"] == "consent_required"
    again = replace(asked, prompt="consent")
    assert isinstance((await begin(provider.desk, again, browser)).next, ConsentNeeded)


@pytest.mark.usefixtures("ada")
async def test_a_refusal_goes_back_to_the_client(provider: Provider, tenant: Tenant) -> None:
    client = provider.add_client(a_tenants_client(tenant))
    step = await provider.log_in(asking(client_id=client.client_id))
    assert isinstance(step.next, ConsentNeeded)
    refused = await decide(provider.desk, step.next.request_secret, logged_in(step), approved=False)
    assert answer(refused)["error"] == "access_denied"
    assert provider.known.codes == {}


@pytest.mark.usefixtures("ada")
async def test_one_page_gives_one_code(provider: Provider, tenant: Tenant) -> None:
    client = provider.add_client(a_tenants_client(tenant))
    step = await provider.log_in(asking(client_id=client.client_id))
    assert isinstance(step.next, ConsentNeeded)
    browser = logged_in(step)
    await decide(provider.desk, step.next.request_secret, browser, approved=True)
    with pytest.raises(AuthorizationExpired):
        await decide(provider.desk, step.next.request_secret, browser, approved=True)


@pytest.mark.usefixtures("ada")
async def test_nobody_consents_without_being_logged_in(provider: Provider, tenant: Tenant) -> None:
    client = provider.add_client(a_tenants_client(tenant))
    step = await provider.log_in(asking(client_id=client.client_id))
    assert isinstance(step.next, ConsentNeeded)
    unknown = await decide(provider.desk, step.next.request_secret, BROWSER, approved=True)
    assert isinstance(unknown.next, LoginNeeded)
    assert provider.known.codes == {}


@pytest.mark.usefixtures("ada")
async def test_a_program_on_the_users_machine_always_asks(provider: Provider) -> None:
    """Any other program there could pose as it."""
    asked = asking(client_id="helpdesk-cli", redirect_uri=LOOPBACK)
    step = await provider.log_in(asked)
    assert isinstance(step.next, ConsentNeeded)
    browser = logged_in(step)
    await decide(provider.desk, step.next.request_secret, browser, approved=True)
    assert isinstance((await begin(provider.desk, asked, browser)).next, ConsentNeeded)
