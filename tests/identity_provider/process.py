"""A real OpenID provider as a process of its own, and somebody who logs in there."""

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
from urllib.parse import urljoin, urlsplit

import httpx2 as httpx

FOLDER = Path(__file__).parent
CLIENT_ID, CLIENT_SECRET = "helpdesk", "of the client, with +/= in it"
_MOST_STEPS = 20


@dataclass(frozen=True)
class ExternalProvider:
    issuer: str

    def put_into_groups(self, **groups: list[str]) -> None:
        with httpx.Client(trust_env=False) as client:
            client.post(f"{self.issuer}/groups", json=groups).raise_for_status()


@contextmanager
def external_provider(
    redirect_uris: list[str], *, claims_in_userinfo: bool = False
) -> Iterator[ExternalProvider]:
    node = shutil.which("node")
    if node is None or not (FOLDER / "node_modules").exists():
        raise RuntimeError(f"needs Node.js and its packages: (cd {FOLDER} && npm ci)")
    settings = {
        "clientId": CLIENT_ID,
        "clientSecret": CLIENT_SECRET,
        "redirectUris": redirect_uris,
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


def log_in_there(url: str, login: str) -> str:
    """Walks from the authorization URL through the provider's pages, as a browser would.

    Returns the address that the provider sends the browser back to, without going there.
    """
    home = urlsplit(url).netloc
    with httpx.Client(trust_env=False) as browser:
        answer = browser.get(url)
        for _ in range(_MOST_STEPS):
            if answer.is_redirect:
                url = urljoin(url, answer.headers["location"])
                if urlsplit(url).netloc != home:
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
