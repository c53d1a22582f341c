"""Somebody logs in at the company's own provider, set up from the command line."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.identity_provider.process import (
    CLIENT_ID,
    CLIENT_SECRET,
    ExternalProvider,
    external_provider,
)
from tests.support.chromium import running_chromium
from tests.support.installation import Installation
from tests.support.web_app import serving_web_app

PATIENCE = 20_000
NAME = "Company Login"
AUTHORIZE = {
    "client_id": "helpdesk-web",
    "response_type": "code",
    "scope": "openid profile email helpdesk",
    "state": "state-1",
    "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    "code_challenge_method": "S256",
}


@dataclass(frozen=True)
class Company:
    """The tenant acme with its own provider."""

    mesh: Installation
    external: ExternalProvider
    provider_id: str

    def run(self, *words: str, given: str = "") -> dict[str, object]:
        done = self.mesh.run(
            "identity-providers", *words, "--tenant", "acme", "--as", "admin", "-o", "json",
            input=given,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        answer: dict[str, object] = json.loads(done.stdout)
        return answer


@pytest.fixture(scope="module")
def company(mesh: Installation) -> Iterator[Company]:
    with external_provider(claims_in_userinfo=True) as external:
        company = Company(mesh, external, "")
        made = company.run(
            "create", "--name", NAME, "--issuer", external.issuer, "--client-id", CLIENT_ID,
            "--client-secret-stdin", "--scope", "email", "--scope", "profile", "--scope", "groups",
            "--map", "groups=support:agent", "--default-role", "customer", "--domain",
            "acme.example", "--create-users", given=f"{CLIENT_SECRET}\n",
        )  # fmt: skip
        external.allow_redirects_to(str(made["redirectUri"]))
        yield Company(mesh, external, str(made["identityProviderId"]))
        company.run("delete", NAME, "--yes")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with running_chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def web_app(web_app_port: int) -> Iterator[str]:
    with serving_web_app(web_app_port) as origin:
        yield origin


def log_in_at_the_company(page: Page, login: str) -> None:
    page.get_by_role("button", name=f"Continue with {NAME}").click()
    page.locator("input[name=login]").fill(login)
    page.locator("input[name=password]").fill("any")
    page.locator("button[type=submit]").first.click()
    page.locator("button[type=submit]", has_text="Continue").click()


def test_the_command_line_says_that_it_works(company: Company) -> None:
    assert company.run("test", NAME)["problems"] == []


def test_a_browser_goes_out_to_the_company_and_comes_back_logged_in(
    company: Company, chromium: Browser, web_app: str
) -> None:
    company.external.put_into_groups(grace=["support"])
    context = chromium.new_context()
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(f"{web_app}/?gateway={company.mesh.url}")
    expect(page.locator("output")).to_have_text("ready")
    page.evaluate("void manager.signinRedirect()")
    page.get_by_label("Organisation").fill("acme")
    page.get_by_role("button", name="Use my organisation's own login").click()
    log_in_at_the_company(page, "grace")
    expect(page.locator("output")).to_have_text("logged in: grace")
    user = page.evaluate("manager.getUser()")
    assert user["profile"]["email"] == "grace@acme.example"
    roles = page.evaluate(
        "([url, token]) => fetch(url, {headers: {authorization: `Bearer ${token}`}})"
        ".then((answer) => answer.json()).then((identity) => identity.user.roles)",
        [f"{company.mesh.url}/v1/identity", user["access_token"]],
    )
    assert roles == ["agent", "customer"]
    context.close()


def test_it_works_without_javascript(company: Company, chromium: Browser, web_app: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    asked = {**AUTHORIZE, "redirect_uri": f"{web_app}/callback.html", "tenant": "acme"}
    page.goto(f"{company.mesh.url}/oauth/authorize?{urlencode(asked)}")
    log_in_at_the_company(page, "linus")
    page.wait_for_url(f"{web_app}/callback.html?code=*")
    context.close()


def test_a_provider_that_is_switched_off_is_offered_to_nobody(
    company: Company, chromium: Browser, web_app: str
) -> None:
    context = chromium.new_context()
    page = context.new_page()
    asked = {**AUTHORIZE, "redirect_uri": f"{web_app}/callback.html", "tenant": "acme"}
    address = f"{company.mesh.url}/oauth/authorize?{urlencode(asked)}"
    button = page.get_by_role("button", name=f"Continue with {NAME}")
    page.goto(address)
    expect(button).to_be_visible()
    company.run("update", NAME, "--disable")
    page.goto(address)
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    expect(button).to_have_count(0)
    company.run("update", NAME, "--enable")
    context.close()
