"""The pages that people see, their defences, and what they refuse."""

import time
from urllib.parse import urlencode

import httpx2
import pyotp
import pytest

from helpdesk.auth.v1 import totp_service_pb2, totp_service_pb2_grpc
from tests.auth.builders import PASSWORD
from tests.gateway.bridge.browsing import CLI, GOOD, ISSUER, WEB, Desk, asking, hidden, told


async def test_a_login_leads_back_with_a_code(desk: Desk, browser: httpx2.AsyncClient) -> None:
    page = await browser.get(asking())
    assert page.status_code == 200
    assert "<h1>Log in</h1>" in page.text
    answer = await desk.log_in(browser, page)
    assert answer.headers["location"].startswith(f"{WEB}?code=")
    assert told(answer)["state"] == "state-1"
    assert told(answer)["iss"] == ISSUER


async def test_a_request_may_come_as_a_form(browser: httpx2.AsyncClient) -> None:
    page = await browser.post("/oauth/authorize", data=GOOD)
    assert "<h1>Log in</h1>" in page.text


async def test_the_form_is_filled_in_as_the_client_wishes(browser: httpx2.AsyncClient) -> None:
    page = await browser.get(asking(tenant="acme", login_hint='joe"@example.com'))
    assert 'name="tenant" value="acme"' in page.text
    assert 'value="joe&#34;@example.com"' in page.text


async def test_a_wrong_password_is_said_on_the_page(
    desk: Desk, browser: httpx2.AsyncClient
) -> None:
    page = await browser.get(asking())
    answer = await desk.log_in(browser, page, "wrong horse")
    assert answer.status_code == 400
    assert "do not match" in answer.text
    assert 'value="ada@example.com"' in answer.text
    assert "wrong horse" not in answer.text
    assert "code" in told(await desk.log_in(browser, answer))


async def test_guessing_is_told_to_wait(desk: Desk, browser: httpx2.AsyncClient) -> None:
    page = await browser.get(asking())
    fields = {"tenant": desk.slug, "email": "guessed@example.com", "password": "guess"}
    for _ in range(5):
        await browser.post("/oauth/login", data={**hidden(page), **fields})
    answer = await browser.post("/oauth/login", data={**hidden(page), **fields})
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1
    assert "Wait" in answer.text


async def test_guessing_is_counted_by_where_the_browser_is(
    desk: Desk, browser: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last entry is the edge's own; what stands before it anybody may claim."""
    monkeypatch.setattr("services.auth.use_cases.authentication.FREE_ADDRESS_FAILURES", 3)
    page = await browser.get(asking())

    async def guess(number: int, forwarded: str) -> int:
        fields = {"tenant": desk.slug, "email": f"guess-{number}@example.com", "password": "x"}
        headers = {"x-forwarded-for": forwarded}
        form = {**hidden(page), **fields}
        return (await browser.post("/oauth/login", data=form, headers=headers)).status_code

    claims = [await guess(number, f"198.51.100.{number}, 203.0.113.9") for number in range(3)]
    assert claims == [400] * 3
    assert await guess(3, "203.0.113.9") == 429
    assert await guess(4, "203.0.113.9, 198.51.100.7") == 400


async def test_an_authenticator_app_is_asked_for_on_the_page(
    desk: Desk, browser: httpx2.AsyncClient
) -> None:
    person = await desk.auth.admin()
    totp = totp_service_pb2_grpc.TotpServiceStub(desk.auth.channel)
    enrolled = await totp.EnrolTotp(
        totp_service_pb2.EnrolTotpRequest(password=PASSWORD), metadata=person.metadata
    )
    code = pyotp.TOTP(enrolled.secret)
    await totp.ConfirmTotp(
        totp_service_pb2.ConfirmTotpRequest(code=code.now()), metadata=person.metadata
    )
    page = await browser.get(asking())
    fields = {"tenant": person.slug, "email": "ada@example.com", "password": PASSWORD}
    answer = await browser.post("/oauth/login", data={**hidden(page), **fields})
    assert answer.status_code == 400
    assert "authenticator app, with your password" in answer.text
    assert "<details open>" in answer.text
    # The code of this half minute was used up by the confirmation.
    fields["one_time_code"] = code.at(time.time() + 30)
    answer = await browser.post("/oauth/login", data={**hidden(answer), **fields})
    assert "code" in told(answer)


@pytest.mark.parametrize("field", ["tenant", "email", "password", "one_time_code"])
async def test_overlong_answers_are_no_match(
    desk: Desk, browser: httpx2.AsyncClient, field: str
) -> None:
    page = await browser.get(asking())
    fields = {"tenant": desk.slug, "email": "ada@example.com", "password": PASSWORD}
    answer = await browser.post("/oauth/login", data={**hidden(page), **fields, field: "x" * 300})
    assert answer.status_code == 400
    assert "do not match" in answer.text


async def test_a_page_is_worth_nothing_in_another_browser(
    desk: Desk, browser: httpx2.AsyncClient
) -> None:
    page = await browser.get(asking())
    async with desk.browser() as stranger:
        answer = await desk.log_in(stranger, page)
    assert answer.status_code == 400
    assert "expired" in answer.text
    assert "set-cookie" not in answer.headers


async def test_the_control_of_it(desk: Desk, browser: httpx2.AsyncClient) -> None:
    """With the browser's cookie the same form is good, so it is the cookie that counts."""
    page = await browser.get(asking())
    async with desk.browser() as stranger:
        stranger.cookies.update(browser.cookies)
        assert "code" in told(await desk.log_in(stranger, page))


async def test_the_cookies_are_out_of_reach(desk: Desk, browser: httpx2.AsyncClient) -> None:
    page = await browser.get(asking())
    answer = await desk.log_in(browser, page)
    cookies = page.headers.get_list("set-cookie") + answer.headers.get_list("set-cookie")
    assert len(cookies) == 3
    for cookie in cookies:
        assert cookie.startswith("__Host-helpdesk-")
        for attribute in ("; HttpOnly", "; Secure", "; SameSite=lax", "; Path=/"):
            assert attribute in cookie
        assert "domain" not in cookie.lower()


async def test_a_session_is_new_with_each_login(desk: Desk, browser: httpx2.AsyncClient) -> None:
    """A session that somebody planted before does not become the user's."""
    browser.cookies.set("__Host-helpdesk-session", "p" * 43, domain="desk.example")
    answer = await desk.log_in(browser, await browser.get(asking()))
    assert "p" * 43 not in answer.headers["set-cookie"]
    assert "__Host-helpdesk-session=" in "".join(answer.headers.get_list("set-cookie"))


async def test_no_page_can_be_framed_scripted_or_kept(browser: httpx2.AsyncClient) -> None:
    for path in (asking(), "/oauth/device", asking(client_id="nobody"), "/oauth/logout"):
        page = await browser.get(path)
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe-inline" not in policy
        assert "script-src" not in policy
        assert page.headers["x-frame-options"] == "DENY"
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["referrer-policy"] == "no-referrer"
        assert "<script" not in page.text
        assert " style=" not in page.text


async def test_a_form_leads_to_the_client_and_nowhere_else(browser: httpx2.AsyncClient) -> None:
    page = await browser.get(asking())
    assert "form-action 'self' https://app.example;" in page.headers["content-security-policy"]
    page = await browser.get(asking(**CLI))
    assert "form-action 'self' http://127.0.0.1:5000;" in page.headers["content-security-policy"]


@pytest.mark.parametrize(
    "fault", [{"client_id": "nobody"}, {"redirect_uri": "https://evil.example/"}]
)
async def test_a_bad_client_or_address_is_shown_and_not_followed(
    browser: httpx2.AsyncClient, fault: dict[str, str]
) -> None:
    page = await browser.get(asking(**fault))
    assert page.status_code == 400
    assert "location" not in page.headers
    assert "invalid_request" in page.text


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ("&scope=openid", "invalid_request"),
        ("&state=other", "invalid_request"),
        ("&request=e30.e30.", "request_not_supported"),
        ("&request_uri=https://evil.example", "request_uri_not_supported"),
        ("&registration=x", "registration_not_supported"),
    ],
)
async def test_what_is_wrong_otherwise_is_told_to_the_client(
    browser: httpx2.AsyncClient, more: str, error: str
) -> None:
    answer = await browser.get(asking() + more)
    assert told(answer)["error"] == error
    assert told(answer)["state"] == "state-1"


@pytest.mark.parametrize("more", ["&client_id=helpdesk-web", f"&redirect_uri={WEB}"])
async def test_two_clients_or_addresses_are_one_too_many(
    browser: httpx2.AsyncClient, more: str
) -> None:
    answer = await browser.get(asking() + more)
    assert answer.status_code == 400
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    "query", ["state=%ff", "state=%00", "state=" + "x" * 2049, "&".join(["a=b"] * 100)]
)
async def test_what_cannot_be_read_is_refused(browser: httpx2.AsyncClient, query: str) -> None:
    answer = await browser.get(f"{asking(state='')}&{query}")
    assert answer.status_code == 400
    assert "invalid_request" in answer.text


async def test_unknown_parameters_are_ignored_also_twice(browser: httpx2.AsyncClient) -> None:
    page = await browser.get(asking() + "&resource=a&resource=b&ui_locales=de")
    assert page.status_code == 200


async def test_consent_names_the_client_and_what_it_wants(
    desk: Desk, browser: httpx2.AsyncClient
) -> None:
    asked = asking(**CLI, scope="openid ticket.tickets.list")
    page = await desk.log_in(browser, await browser.get(asked))
    assert page.status_code == 200
    for words in ("Helpdesk command line", "Know that it is you", "List tickets", "Ada"):
        assert words in page.text
    answer = await browser.post("/oauth/consent", data={**hidden(page), "decision": "allow"})
    assert answer.headers["location"].startswith("http://127.0.0.1:5000/callback?code=")
    again = await browser.post("/oauth/consent", data={**hidden(page), "decision": "allow"})
    assert again.status_code == 400
    assert "expired" in again.text


@pytest.mark.parametrize("decision", ["refuse", "", "ALLOW"])
async def test_anything_but_allow_is_a_refusal(
    desk: Desk, browser: httpx2.AsyncClient, decision: str
) -> None:
    page = await desk.log_in(browser, await browser.get(asking(**CLI)))
    answer = await browser.post("/oauth/consent", data={**hidden(page), "decision": decision})
    assert told(answer)["error"] == "access_denied"


@pytest.mark.parametrize("path", ["/oauth/login", "/oauth/consent"])
@pytest.mark.parametrize("form", [{}, {"request": "x" * 200}, {"request": "made up"}])
async def test_an_incomplete_form_is_refused(
    browser: httpx2.AsyncClient, path: str, form: dict[str, str]
) -> None:
    answer = await browser.post(path, data={**form, "email": "a", "decision": "allow"})
    assert answer.status_code == 400
    assert "location" not in answer.headers


async def test_a_form_of_another_kind_is_refused(browser: httpx2.AsyncClient) -> None:
    """What other sites can send without asking first, but as text."""
    answer = await browser.post(
        "/oauth/login", content=urlencode(GOOD), headers={"content-type": "text/plain"}
    )
    assert answer.status_code == 400


async def test_the_style_sheet_is_the_only_thing_loaded(browser: httpx2.AsyncClient) -> None:
    assert (await browser.get("/oauth/style.css")).headers["content-type"].startswith("text/css")
