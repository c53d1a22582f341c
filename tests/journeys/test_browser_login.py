"""A person logs in with a browser, to a web app whose client library nobody here wrote."""

from collections.abc import Iterator
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.support.chromium import running_chromium
from tests.support.installation import Installation
from tests.support.web_app import serving_web_app

PATIENCE = 20_000
EMAIL = "joe.miller@acme.example"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with running_chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def web_app(web_app_port: int) -> Iterator[str]:
    with serving_web_app(web_app_port) as origin:
        yield origin


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context()
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, mesh: Installation, web_app: str) -> Page:
    page = context.new_page()
    page.goto(f"{web_app}/?gateway={mesh.url}")
    expect(page.locator("output")).to_have_text("ready")
    return page


def password(mesh: Installation) -> str:
    return mesh.password("acme", EMAIL)


def fill_in(page: Page, email: str, password: str) -> None:
    page.get_by_label("Organisation").fill("acme")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def log_in(page: Page, mesh: Installation) -> None:
    page.evaluate("void manager.signinRedirect()")
    fill_in(page, EMAIL, password(mesh))
    expect(page.locator("output")).to_have_text("logged in: Joe Miller")


def user(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate("manager.getUser()")
    return found


def ask(page: Page, mesh: Installation, token: str) -> int:
    """The status of a call that the web app makes."""
    status: int = page.evaluate(
        "([url, token]) => fetch(url, {headers: {authorization: `Bearer ${token}`}})"
        ".then((answer) => answer.status)",
        [f"{mesh.url}/v1/identity", token],
    )
    return status


def test_a_stock_client_logs_in_learns_who_it_is_renews_and_logs_out(
    page: Page, mesh: Installation
) -> None:
    log_in(page, mesh)
    first = user(page)
    assert first["profile"]["email"] == EMAIL
    assert first["profile"]["tenant"] == "acme"
    assert first["token_type"] == "Bearer"
    assert ask(page, mesh, first["access_token"]) == 200

    second = page.evaluate("manager.signinSilent()")
    assert second["access_token"] != first["access_token"]
    assert second["refresh_token"] != first["refresh_token"]
    assert ask(page, mesh, second["access_token"]) == 200

    page.evaluate("void manager.signoutRedirect()")
    expect(page.locator("output")).to_have_text("logged out")
    for token in (first["access_token"], second["access_token"]):
        assert ask(page, mesh, token) == 401
    page.evaluate("void manager.signinRedirect()")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()


def test_who_is_logged_in_need_not_log_in_again(
    page: Page, mesh: Installation, web_app: str
) -> None:
    log_in(page, mesh)
    again = page.context.new_page()
    again.goto(f"{web_app}/?gateway={mesh.url}")
    again.evaluate("void manager.signinRedirect()")
    expect(again.locator("output")).to_have_text("logged in: Joe Miller")


def test_a_wrong_password_is_said_where_a_screen_reader_hears_it(
    page: Page, mesh: Installation
) -> None:
    page.evaluate("void manager.signinRedirect()")
    fill_in(page, EMAIL, "not the password")
    fault = page.get_by_role("alert")
    expect(fault).to_contain_text("do not match")
    expect(fault).to_be_focused()
    expect(page.get_by_label("E-mail address")).to_have_value(EMAIL)
    expect(page.get_by_label("Password")).to_have_value("")


def test_the_login_page_cannot_be_framed(page: Page, mesh: Installation) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.evaluate(
        "(url) => new Promise((done) => { const frame = document.createElement('iframe');"
        "frame.onload = done; frame.src = url; document.body.append(frame); })",
        f"{mesh.url}/oauth/device",
    )
    assert any("frame-ancestors" in complaint for complaint in complaints), complaints


def test_the_pages_work_without_javascript(chromium: Browser, mesh: Installation) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{mesh.url}/oauth/device?user_code=BCDF-GHJK")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert")).to_contain_text("No device waits")
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_the_page_fits_and_can_be_read(
    chromium: Browser,
    mesh: Installation,
    scheme: Literal["light", "dark"],
    width: int,
) -> None:
    context = chromium.new_context(color_scheme=scheme, viewport={"width": width, "height": 700})
    page = context.new_page()
    page.goto(f"{mesh.url}/oauth/device")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    colours = page.evaluate(
        "['.lead', 'h1', 'button.primary'].map((one) => { const style = getComputedStyle("
        "document.querySelector(one)); return [style.color, style.backgroundColor]; })"
    )
    card = page.evaluate("getComputedStyle(document.querySelector('.card')).backgroundColor")
    for text, back in colours:
        behind = card if back == "rgba(0, 0, 0, 0)" else back
        assert contrast(text, behind) >= 4.5, (text, behind)
    context.close()


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, section 1.4.3."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    parts = [int(part) / 255 for part in colour.removeprefix("rgb(").rstrip(")").split(",")]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
