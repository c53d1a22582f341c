"""A real OpenID provider as a process of its own, and somebody who logs in there."""

import base64
import hashlib
import html
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, quote, urlencode, urljoin, urlsplit

import httpx2 as httpx

FOLDER = Path(__file__).parent
CLIENT_ID, CLIENT_SECRET = "helpdesk", "of the client, with +/= in it"
_MOST_STEPS = 20
_VERIFIER = "v" * 43
_CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(_VERIFIER.encode()).digest()).rstrip(b"=").decode()
)


@dataclass(frozen=True)
class ExternalProvider:
    issuer: str

    def put_into_groups(self, **groups: list[str]) -> None:
        self._post("groups", groups)

    def allow_redirects_to(self, *uris: str) -> None:
        self._post("redirect-uris", uris)

    def id_token(self, login: str) -> str:
        """As any client of the provider gets one, with nothing of ours in between."""
        redirect = f"{self.issuer}/elsewhere"
        self.allow_redirects_to(redirect)
        asked = {
            "client_id": CLIENT_ID,
            "redirect_uri": redirect,
            "response_type": "code",
            "scope": "openid email profile groups",
            "code_challenge": _CHALLENGE,
            "code_challenge_method": "S256",
        }
        back = log_in_there(f"{self.issuer}/auth?{urlencode(asked)}", login, until=redirect)
        code = parse_qs(urlsplit(back).query)["code"][0]
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect,
            "code_verifier": _VERIFIER,
        }
        with httpx.Client(trust_env=False) as client:
            proof = httpx.BasicAuth(quote(CLIENT_ID, safe=""), quote(CLIENT_SECRET, safe=""))
            answer = client.post(f"{self.issuer}/token", data=form, auth=proof)
        answer.raise_for_status()
        return str(answer.json()["id_token"])

    def _post(self, what: str, value: object) -> None:
        with httpx.Client(trust_env=False) as client:
            client.post(f"{self.issuer}/{what}", json=value).raise_for_status()


@contextmanager
def external_provider(*, claims_in_userinfo: bool = False) -> Iterator[ExternalProvider]:
    node = shutil.which("node")
    if node is None or not (FOLDER / "node_modules").exists():
        raise RuntimeError(f"needs Node.js and its packages: (cd {FOLDER} && npm ci)")
    settings = {
        "clientId": CLIENT_ID,
        "clientSecret": CLIENT_SECRET,
        "claimsInUserinfo": claims_in_userinfo,
    }
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [node, FOLDER / "provider.js", json.dumps(settings)],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        try:
            yield ExternalProvider(_issuer(process))
        finally:
            process.terminate()
            process.wait(10)
            if process.stdout is not None:
                process.stdout.close()


def log_in_there(url: str, login: str, until: str = "") -> str:
    """Walks from the authorization URL through the provider's pages, as a browser would.

    Returns the address that the provider sends the browser back to, without going there: the first
    on another host, or the first that begins with `until`.
    """
    home = urlsplit(url).netloc
    with httpx.Client(trust_env=False) as browser:
        answer = browser.get(url)
        for _ in range(_MOST_STEPS):
            if answer.is_redirect:
                url = urljoin(url, answer.headers["location"])
                if urlsplit(url).netloc != home or (until and url.startswith(until)):
                    return url
                answer = browser.get(url)
                continue
            answer.raise_for_status()
            action = re.search(r'<form[^>]*action="([^"]+)"', answer.text)
            prompt = re.search(r'name="prompt" value="([^"]+)"', answer.text)
            assert action is not None, answer.text
            assert prompt is not None, answer.text
            form = {"prompt": prompt[1], "login": login, "password": "any"}
            url = urljoin(url, html.unescape(action[1]))
            answer = browser.post(url, data=form)
    raise AssertionError("the provider never came to an end")


def _issuer(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("http"):
            return line.strip()
    raise RuntimeError("the provider ended before it listened")
