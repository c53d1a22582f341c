"""Authlib's client, which nobody here wrote, against the provider behind the gateway."""

import re
from collections.abc import AsyncIterator
from html import unescape
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.support.installation import Installation

EMAIL = "joe.miller@acme.example"
NONCE = "nonce-of-a-stock-client"
VERIFIER = "a-verifier-that-is-long-enough-for-the-standard-1"


@pytest.fixture
async def browser(mesh: Installation) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=mesh.url, timeout=20) as browser:
        yield browser


@pytest.fixture
async def provider(browser: httpx2.AsyncClient) -> dict[str, str]:
    found: dict[str, str] = (await browser.get("/.well-known/openid-configuration")).json()
    return found


@pytest.fixture
async def client(web_app_port: int) -> AsyncIterator[AsyncOAuth2Client]:
    async with AsyncOAuth2Client(
        client_id="helpdesk-web",
        token_endpoint_auth_method="none",
        redirect_uri=f"http://127.0.0.1:{web_app_port}/callback.html",
        scope="openid profile email offline_access helpdesk",
        code_challenge_method="S256",
        timeout=20,
    ) as client:
        yield client


async def answered_by(browser: httpx2.AsyncClient, mesh: Installation, url: str) -> str:
    """Logs in on the page that this address leads to, and returns where it leads then."""
    page = await browser.get(url)
    secret = re.search(r'name="request" value="([^"]+)"', page.text)
    assert secret, page.text
    form = {
        "request": unescape(secret[1]),
        "tenant": "acme",
        "email": EMAIL,
        "password": mesh.password("acme", EMAIL),
    }
    return str((await browser.post("/oauth/login", data=form)).headers["location"])


async def test_a_stock_client_gets_tokens_that_it_believes(
    mesh: Installation,
    browser: httpx2.AsyncClient,
    provider: dict[str, str],
    client: AsyncOAuth2Client,
) -> None:
    url, state = client.create_authorization_url(
        provider["authorization_endpoint"], nonce=NONCE, code_verifier=VERIFIER
    )
    location = await answered_by(browser, mesh, url)
    assert dict(parse_qsl(urlsplit(location).query))["iss"] == provider["issuer"] == mesh.url
    token = await client.fetch_token(
        provider["token_endpoint"],
        authorization_response=location,
        state=state,
        code_verifier=VERIFIER,
    )

    keys = KeySet.import_key_set((await browser.get(provider["jwks_uri"])).json())
    decoded = jwt.decode(token["id_token"], keys, algorithms=["ES256"])
    claims = CodeIDToken(
        decoded.claims,
        decoded.header,
        options={
            "iss": {"essential": True, "value": provider["issuer"]},
            "aud": {"essential": True, "value": "helpdesk-web"},
            "nonce": {"essential": True, "value": NONCE},
        },
        params={"nonce": NONCE, "client_id": "helpdesk-web", "access_token": token["access_token"]},
    )
    claims.validate()

    info = (await client.get(provider["userinfo_endpoint"])).json()
    assert info["sub"] == claims["sub"]
    assert info["email"] == EMAIL
    assert (await client.get(f"{mesh.url}/v1/tickets")).status_code == 200

    renewed = await client.refresh_token(provider["token_endpoint"])
    assert renewed["refresh_token"] != token["refresh_token"]
    await client.revoke_token(
        provider["revocation_endpoint"], token=renewed["refresh_token"], client_id="helpdesk-web"
    )
    with pytest.raises(OAuthError) as refused:
        await client.refresh_token(provider["token_endpoint"])
    assert refused.value.error == "invalid_grant"
    assert (await client.get(provider["userinfo_endpoint"])).status_code == 401


async def test_a_stock_client_cannot_use_a_code_with_another_verifier(
    mesh: Installation,
    browser: httpx2.AsyncClient,
    provider: dict[str, str],
    client: AsyncOAuth2Client,
) -> None:
    url, state = client.create_authorization_url(
        provider["authorization_endpoint"], code_verifier=VERIFIER
    )
    location = await answered_by(browser, mesh, url)
    with pytest.raises(OAuthError) as refused:
        await client.fetch_token(
            provider["token_endpoint"],
            authorization_response=location,
            state=state,
            code_verifier=VERIFIER.upper(),
        )
    assert refused.value.error == "invalid_grant"
