"""What a browser and a client do at the bridge, without a browser."""

import base64
import hashlib
import re
from dataclasses import dataclass
from html import unescape
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx2
from starlette.applications import Starlette

from tests.auth.builders import PASSWORD
from tests.auth.running_auth import RunningAuth

ISSUER = "https://desk.example"
WEB = "https://app.example/callback"
VERIFIER = "v" * 43
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
)

GOOD = {
    "client_id": "helpdesk-web",
    "redirect_uri": WEB,
    "response_type": "code",
    "scope": "openid profile email offline_access helpdesk",
    "state": "state-1",
    "nonce": "nonce-1",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}
CLI = {"client_id": "helpdesk-cli", "redirect_uri": "http://127.0.0.1:5000/callback"}


@dataclass(frozen=True)
class Desk:
    app: Starlette
    slug: str
    auth: RunningAuth

    def browser(self) -> httpx2.AsyncClient:
        """Keeps cookies and follows nothing."""
        return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=self.app), base_url=ISSUER)

    async def log_in(
        self, browser: httpx2.AsyncClient, page: httpx2.Response, password: str = PASSWORD
    ) -> httpx2.Response:
        fields = {"tenant": self.slug, "email": "ada@example.com", "password": password}
        return await browser.post("/oauth/login", data={**hidden(page), **fields})

    async def code(self, browser: httpx2.AsyncClient, **changes: str) -> str:
        page = await browser.get(asking(**changes))
        done = await self.log_in(browser, page) if page.status_code == 200 else page
        return told(done)["code"]

    async def tokens(self, browser: httpx2.AsyncClient, **changes: str) -> dict[str, str]:
        answer = await browser.post(
            "/oauth/token", data=exchanging(await self.code(browser, **changes))
        )
        assert answer.status_code == 200, answer.text
        found: dict[str, str] = answer.json()
        return found


def asking(**changes: str) -> str:
    """The address of a good authorization request; an empty change leaves a parameter out."""
    asked = {name: value for name, value in {**GOOD, **changes}.items() if value}
    return f"/oauth/authorize?{urlencode(asked)}"


def exchanging(code: str, /, **changes: str) -> dict[str, str]:
    good = {
        "grant_type": "authorization_code",
        "client_id": "helpdesk-web",
        "code": code,
        "redirect_uri": WEB,
        "code_verifier": VERIFIER,
    }
    return {name: value for name, value in {**good, **changes}.items() if value}


def hidden(page: httpx2.Response) -> dict[str, str]:
    """The hidden fields of a page's form."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.text)
    assert found, page.text
    return {name: unescape(value) for name, value in found}


def told(answer: httpx2.Response) -> dict[str, str]:
    """What a redirect tells the client."""
    assert answer.status_code == 303, (answer.status_code, answer.text)
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))
