"""The two cookies: which browser this is, and who is logged in in it."""

import hashlib
import hmac
import re
import secrets
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

from helpdesk.auth.v1 import authorization_service_pb2 as messages

_SECRET = re.compile(r"[A-Za-z0-9_-]{43}\Z")


class Cookies:
    def __init__(self, public_url: str) -> None:
        # The prefix keeps neighbours under the same domain from setting them, and needs https.
        self._is_secure = public_url.startswith("https://")
        prefix = "__Host-" if self._is_secure else ""
        self._browser = f"{prefix}helpdesk-browser"
        self._session = f"{prefix}helpdesk-session"

    def browser(self, request: Request) -> messages.Browser:
        """With a new secret for a browser that has none."""
        return messages.Browser(
            browser_secret=_secret(request, self._browser) or secrets.token_urlsafe(32),
            session_secret=_secret(request, self._session),
        )

    def keep_browser(self, response: Response, browser: messages.Browser) -> None:
        self._set(response, self._browser, browser.browser_secret, None)

    def keep_session(self, response: Response, secret: str, life: timedelta) -> None:
        self._set(response, self._session, secret, int(life.total_seconds()))

    def forget_session(self, response: Response) -> None:
        self._set(response, self._session, "", 0)

    def _set(self, response: Response, name: str, value: str, max_age: int | None) -> None:
        # Lax, because clients send browsers here from other sites, and then must find the login.
        response.set_cookie(
            name, value, max_age, httponly=True, samesite="lax", secure=self._is_secure
        )


def form_mark(browser: messages.Browser, purpose: str) -> str:
    """Only a page that this browser was given can carry it back."""
    return hashlib.sha256(f"{purpose}\n{browser.browser_secret}".encode()).hexdigest()


def is_form_mark(browser: messages.Browser, purpose: str, mark: str) -> bool:
    return hmac.compare_digest(form_mark(browser, purpose).encode(), mark.encode())


def _secret(request: Request, name: str) -> str:
    value = request.cookies.get(name, "")
    return value if _SECRET.match(value) else ""
