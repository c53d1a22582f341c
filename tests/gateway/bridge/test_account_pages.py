"""The pages that invitations and resets lead to."""

from urllib.parse import urlsplit

import httpx2
import pytest

from helpdesk.auth.v1 import auth_pb2, user_service_pb2
from tests.auth.builders import PASSWORD
from tests.auth.running_auth import password_grant
from tests.gateway.bridge.browsing import Desk, hidden

NEW_PASSWORD = "staple battery"
INVITATION, RESET = "/account/invitation", "/account/password-reset"


async def invite(desk: Desk, email: str) -> user_service_pb2.Invitation:
    admin = await desk.auth.log_in(desk.slug, "ada@example.com")
    request = user_service_pb2.InviteUserRequest(
        user=auth_pb2.User(email=email, display_name="Bob", roles=["customer"])
    )
    return await desk.auth.users.InviteUser(request, metadata=admin.metadata)


def target(link: str) -> str:
    parts = urlsplit(link)
    return f"{parts.path}?{parts.query}"


async def test_an_invited_user_chooses_a_password(desk: Desk, browser: httpx2.AsyncClient) -> None:
    invitation = await invite(desk, "bob@x.org")
    page = await browser.get(target(invitation.link))
    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "<script" not in page.text
    done = await browser.post(INVITATION, data={**hidden(page), "password": NEW_PASSWORD})
    assert "You can log in now" in done.text
    assert "bob@x.org" in done.text
    assert desk.slug in done.text
    assert await desk.auth.log_in(desk.slug, "bob@x.org", NEW_PASSWORD)
    again = await browser.post(INVITATION, data={**hidden(page), "password": NEW_PASSWORD})
    assert again.status_code == 400
    assert "This link has expired" in again.text


async def test_a_weak_password_is_asked_for_again_and_not_shown(
    desk: Desk, browser: httpx2.AsyncClient
) -> None:
    invitation = await invite(desk, "carol@x.org")
    page = await browser.get(target(invitation.link))
    answer = await browser.post(INVITATION, data={**hidden(page), "password": "password1"})
    assert answer.status_code == 400
    assert "guessed first" in answer.text
    assert "password1" not in answer.text
    short = await browser.post(INVITATION, data={**hidden(answer), "password": "short"})
    assert "fewer than 8 characters" in short.text
    done = await browser.post(INVITATION, data={**hidden(short), "password": NEW_PASSWORD})
    assert "You can log in now" in done.text


async def test_a_forgotten_password_is_replaced(desk: Desk, browser: httpx2.AsyncClient) -> None:
    admin = await desk.auth.log_in(desk.slug, "ada@example.com")
    person = await desk.auth.colleague(admin, "customer")
    request = user_service_pb2.CreatePasswordResetRequest(user_id=person.user.user_id)
    reset = await desk.auth.users.CreatePasswordReset(request, metadata=admin.metadata)
    page = await browser.get(target(reset.link))
    done = await browser.post(RESET, data={**hidden(page), "password": NEW_PASSWORD})
    assert "You can log in now" in done.text
    assert await desk.auth.tokens.IssueToken(
        password_grant(desk.slug, person.user.email, NEW_PASSWORD)
    )


@pytest.mark.parametrize("path", [INVITATION, RESET])
@pytest.mark.parametrize(
    "form",
    [
        {},
        {"code": "", "password": PASSWORD},
        {"code": "guess", "password": PASSWORD},
        {"code": "x" * 300, "password": PASSWORD},
    ],
)
async def test_a_code_that_nobody_made_opens_nothing(
    browser: httpx2.AsyncClient, path: str, form: dict[str, str]
) -> None:
    answer = await browser.post(path, data=form)
    assert answer.status_code == 400
    assert "You can log in now" not in answer.text


async def test_a_code_of_one_page_opens_no_other(desk: Desk, browser: httpx2.AsyncClient) -> None:
    invitation = await invite(desk, "dave@x.org")
    answer = await browser.post(RESET, data={"code": invitation.code, "password": NEW_PASSWORD})
    assert "This link has expired" in answer.text


async def test_a_page_without_a_code_says_so(browser: httpx2.AsyncClient) -> None:
    for path in (INVITATION, RESET):
        answer = await browser.get(path)
        assert answer.status_code == 400
        assert "This link has expired" in answer.text


async def test_what_stands_in_the_link_is_no_markup(browser: httpx2.AsyncClient) -> None:
    answer = await browser.get(INVITATION, params={"code": '"><b>bold'})
    assert "<b>bold" not in answer.text
