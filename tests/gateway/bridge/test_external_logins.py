"""The pages around a login at an identity provider, with honest providers and others."""

import re
from collections.abc import AsyncIterator
from html import unescape
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest

from helpdesk.auth.v1 import identity_provider_service_pb2
from helpdesk.auth.v1.identity_provider_pb2 import (
    IDENTITY_PROVIDER_STATE_DISABLED,
    IdentityProvider,
    RoleRule,
)
from services.mesh.clock import utc_now
from tests.auth.foreign_tokens import CLIENT_ID
from tests.auth.running_auth import Person, RunningAuth
from tests.auth.stub_provider import StubProvider, stub_provider
from tests.gateway.bridge.browsing import ISSUER, Desk, asking, exchanging, hidden, told


@pytest.fixture
async def stub() -> AsyncIterator[StubProvider]:
    async with stub_provider(utc_now) as stub:
        yield stub


@pytest.fixture
async def admin(running: RunningAuth) -> Person:
    return await running.admin()


@pytest.fixture
async def provider(running: RunningAuth, admin: Person, stub: StubProvider) -> IdentityProvider:
    return await a_provider(running, admin, stub)


async def a_provider(
    running: RunningAuth, admin: Person, stub: StubProvider, name: str = "Acme <Login>"
) -> IdentityProvider:
    return await running.identity_providers.CreateIdentityProvider(
        identity_provider_service_pb2.CreateIdentityProviderRequest(
            identity_provider=IdentityProvider(
                display_name=name,
                issuer=stub.issuer,
                client_id=CLIENT_ID,
                client_secret="s3cret",
                default_roles=["customer"],
                role_rules=[RoleRule(claim="groups", value="support", role="agent")],
                creates_users=True,
            )
        ),
        metadata=admin.metadata,
    )


async def go_out(
    browser: httpx2.AsyncClient, slug: str, provider: IdentityProvider
) -> dict[str, str]:
    """As far as the provider; what it was asked."""
    page = await browser.get(asking(tenant=slug))
    fields = {"tenant": slug, "provider": provider.identity_provider_id}
    out = await browser.post("/oauth/external/start", data={**hidden(page), **fields})
    assert out.status_code == 200, out.text
    return asked_of(out)


def asked_of(page: httpx2.Response) -> dict[str, str]:
    found = re.search(r'<a class="go" href="([^"]+)"', page.text)
    assert found is not None, page.text
    query = parse_qs(urlsplit(unescape(found[1])).query)
    return {name: values[0] for name, values in query.items()}


def back(asked: dict[str, str], stub: StubProvider, **changes: str) -> str:
    """Where an honest provider sends the browser; the stub's code is the nonce itself."""
    answer = {"code": asked["nonce"], "state": asked["state"], "iss": stub.issuer, **changes}
    path = asked["redirect_uri"].removeprefix(ISSUER)
    return f"{path}?{urlencode({name: value for name, value in answer.items() if value})}"


async def test_a_user_comes_back_logged_in_and_the_client_gets_its_code(
    browser: httpx2.AsyncClient, admin: Person, provider: IdentityProvider, stub: StubProvider
) -> None:
    page = await browser.get(asking(tenant=admin.slug))
    assert "Continue with Acme &lt;Login&gt;" in page.text
    stub.claims = {"groups": ["support"]}
    asked = await go_out(browser, admin.slug, provider)
    assert asked["redirect_uri"] == provider.redirect_uri
    done = await browser.get(back(asked, stub))
    answer = told(done)
    assert (answer["state"], answer["iss"]) == ("state-1", ISSUER)
    assert "__Host-helpdesk-session=" in "".join(done.headers.get_list("set-cookie"))
    tokens = await browser.post("/oauth/token", data=exchanging(answer["code"]))
    bearer = {"authorization": f"Bearer {tokens.json()['access_token']}"}
    claims = (await browser.get("/oauth/userinfo", headers=bearer)).json()
    assert (claims["email"], claims["tenant"]) == ("ada@acme.example", admin.slug)


async def test_a_user_who_does_not_know_the_way_types_the_organisation(
    browser: httpx2.AsyncClient, admin: Person, provider: IdentityProvider
) -> None:
    page = await browser.get(asking())
    assert "own login" in page.text
    assert "Continue with" not in page.text
    form = {**hidden(page), "tenant": f" {admin.slug.upper()} "}
    chosen = await browser.post("/oauth/external", data=form)
    assert f'value="{provider.identity_provider_id}"' in chosen.text
    assert f'name="tenant" value="{admin.slug}"' in chosen.text


@pytest.mark.parametrize("typed", ["nowhere", ""])
async def test_an_organisation_without_a_provider_is_told_so(
    browser: httpx2.AsyncClient, typed: str
) -> None:
    page = await browser.get(asking())
    answer = await browser.post("/oauth/external", data={**hidden(page), "tenant": typed})
    assert answer.status_code == 400
    assert "organisation" in answer.text
    assert "<h1>Log in</h1>" in answer.text


async def test_the_way_out_works_without_a_script_and_leaves_no_trace(
    browser: httpx2.AsyncClient, admin: Person, provider: IdentityProvider, stub: StubProvider
) -> None:
    page = await browser.get(asking(tenant=admin.slug))
    fields = {"tenant": admin.slug, "provider": provider.identity_provider_id}
    out = await browser.post("/oauth/external/start", data={**hidden(page), **fields})
    assert f'<meta http-equiv="refresh" content="0;url={stub.issuer}/authorize?' in out.text
    assert "<script" not in out.text
    assert "default-src 'none'" in out.headers["content-security-policy"]
    assert out.headers["referrer-policy"] == "no-referrer"
    assert out.headers["cache-control"] == "no-store"


async def refused(answer: httpx2.Response, words: str, status: int = 400) -> None:
    assert answer.status_code == status, answer.text
    assert words in answer.text
    assert "__Host-helpdesk-session" not in "".join(answer.headers.get_list("set-cookie"))


async def test_an_answer_is_good_once(
    browser: httpx2.AsyncClient, admin: Person, provider: IdentityProvider, stub: StubProvider
) -> None:
    asked = await go_out(browser, admin.slug, provider)
    assert (await browser.get(back(asked, stub))).status_code == 303
    await refused(await browser.get(back(asked, stub)), "expired")


async def test_an_answer_in_another_browser_logs_nobody_in(
    desk: Desk,
    browser: httpx2.AsyncClient,
    admin: Person,
    provider: IdentityProvider,
    stub: StubProvider,
) -> None:
    """Login CSRF: a victim who follows the attacker's link must not become the attacker."""
    asked = await go_out(browser, admin.slug, provider)
    async with desk.browser() as victim:
        await victim.get(asking(tenant=admin.slug))
        await refused(await victim.get(back(asked, stub)), "expired")


async def test_the_control_of_it(
    desk: Desk,
    browser: httpx2.AsyncClient,
    admin: Person,
    provider: IdentityProvider,
    stub: StubProvider,
) -> None:
    """With the first browser's cookie the same link is good."""
    asked = await go_out(browser, admin.slug, provider)
    async with desk.browser() as victim:
        victim.cookies.update(browser.cookies)
        assert (await victim.get(back(asked, stub))).status_code == 303


async def test_a_page_of_another_browser_does_not_lead_out(
    desk: Desk, browser: httpx2.AsyncClient, admin: Person, provider: IdentityProvider
) -> None:
    page = await browser.get(asking(tenant=admin.slug))
    fields = {"tenant": admin.slug, "provider": provider.identity_provider_id}
    async with desk.browser() as stranger:
        answer = await stranger.post("/oauth/external/start", data={**hidden(page), **fields})
    await refused(answer, "expired")


async def test_an_answer_of_one_provider_is_never_redeemed_at_another(
    running: RunningAuth,
    browser: httpx2.AsyncClient,
    admin: Person,
    provider: IdentityProvider,
    stub: StubProvider,
) -> None:
    """Mix-up: the evil provider is asked, and sends the browser on to the honest one."""
    async with stub_provider(utc_now) as evil:
        other = await a_provider(running, admin, evil, "Evil")
        asked = await go_out(browser, admin.slug, other)
        # The honest provider answers on the only address that it knows: its own.
        mixed = {**asked, "redirect_uri": provider.redirect_uri}
        await refused(await browser.get(back(mixed, stub)), "expired")
        # And where both share one, as an attacker would wish, the issuer gives it away.
        asked = await go_out(browser, admin.slug, other)
        await refused(await browser.get(back(asked, stub)), "genuine")
        assert evil.calls("/token") == []
        # The control: what the provider that was asked answers itself is redeemed there.
        asked = await go_out(browser, admin.slug, other)
        await browser.get(back(asked, evil))
        assert len(evil.calls("/token")) == 1


@pytest.mark.parametrize(
    "changes",
    [{"iss": "https://evil.example"}, {"iss": ""}, {"code": "of-another-login"}],
    ids=str,
)
async def test_a_bent_answer_logs_nobody_in(
    browser: httpx2.AsyncClient,
    admin: Person,
    provider: IdentityProvider,
    stub: StubProvider,
    changes: dict[str, str],
) -> None:
    asked = await go_out(browser, admin.slug, provider)
    await refused(await browser.get(back(asked, stub, **changes)), "genuine")


@pytest.mark.parametrize(
    "changes", [{"state": "made-up"}, {"state": ""}, {"state": "s" * 200}, {"code": ""}], ids=str
)
async def test_a_made_up_answer_logs_nobody_in(
    browser: httpx2.AsyncClient,
    admin: Person,
    provider: IdentityProvider,
    stub: StubProvider,
    changes: dict[str, str],
) -> None:
    asked = await go_out(browser, admin.slug, provider)
    await refused(await browser.get(back(asked, stub, **changes)), "<h1>")
    assert stub.calls("/token") == []


async def test_a_refusal_at_the_provider_is_told_in_our_own_words(
    browser: httpx2.AsyncClient, admin: Person, provider: IdentityProvider, stub: StubProvider
) -> None:
    asked = await go_out(browser, admin.slug, provider)
    answer = await browser.get(
        back(asked, stub, code="", error="access_denied", error_description="Call 555-1234 now")
    )
    await refused(answer, "access_denied")
    assert "555-1234" not in answer.text


async def test_a_user_whom_the_tenant_does_not_want_is_told_so(
    browser: httpx2.AsyncClient, admin: Person, provider: IdentityProvider, stub: StubProvider
) -> None:
    stub.claims = {"email_verified": False}
    asked = await go_out(browser, admin.slug, provider)
    await refused(await browser.get(back(asked, stub)), "You may not log in here", 403)


async def test_a_provider_that_is_down_or_off_is_told_plainly(
    running: RunningAuth,
    browser: httpx2.AsyncClient,
    admin: Person,
    provider: IdentityProvider,
    stub: StubProvider,
) -> None:
    stub.discovery = {"issuer": "https://evil.example"}
    page = await browser.get(asking(tenant=admin.slug))
    fields = {"tenant": admin.slug, "provider": provider.identity_provider_id}
    out = await browser.post("/oauth/external/start", data={**hidden(page), **fields})
    await refused(out, "does not answer", 503)
    await running.identity_providers.UpdateIdentityProvider(
        identity_provider_service_pb2.UpdateIdentityProviderRequest(
            identity_provider=IdentityProvider(
                identity_provider_id=provider.identity_provider_id,
                state=IDENTITY_PROVIDER_STATE_DISABLED,
            )
        ),
        metadata=admin.metadata,
    )
    assert "Continue with" not in (await browser.get(asking(tenant=admin.slug))).text
    out = await browser.post("/oauth/external/start", data={**hidden(page), **fields})
    await refused(out, "does not exist", 404)


async def test_another_tenants_provider_leads_nowhere(
    running: RunningAuth, browser: httpx2.AsyncClient, provider: IdentityProvider
) -> None:
    stranger = await running.admin()
    page = await browser.get(asking(tenant=stranger.slug))
    fields = {"tenant": stranger.slug, "provider": provider.identity_provider_id}
    out = await browser.post("/oauth/external/start", data={**hidden(page), **fields})
    await refused(out, "does not exist", 404)
