"""The OpenID provider behind the gateway: no token asked, and who may call from elsewhere."""

import pytest

from tests.gateway.conftest import ORIGIN
from tests.gateway.mesh import Mesh

PREFLIGHT = {"origin": ORIGIN, "access-control-request-method": "POST"}


@pytest.mark.parametrize(
    "path",
    [
        "/.well-known/openid-configuration",
        "/oauth/token",
        "/oauth/revoke",
        "/oauth/userinfo",
        "/oauth/authorize?client_id=x",
        "/oauth/device",
        "/oauth/device_authorization",
        "/oauth/logout",
        "/oauth/style.css",
    ],
)
async def test_it_needs_no_token_and_goes_to_the_bridge(mesh: Mesh, path: str) -> None:
    """No bridge runs here: 503 says where the call went, 401 or 404 would say elsewhere."""
    async with mesh.client(token="") as client:
        assert (await client.get(path)).status_code == 503


async def test_what_only_looks_like_it_does_not(mesh: Mesh) -> None:
    async with mesh.client(token="") as client:
        assert (await client.get("/oauthx")).status_code == 401
        assert (await client.get("/.well-known/other")).status_code == 401


@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/userinfo", "/oauth/revoke"])
async def test_web_apps_of_the_named_origins_may_ask(mesh: Mesh, path: str) -> None:
    async with mesh.client(token="") as client:
        answer = await client.options(path, headers=PREFLIGHT)
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        stranger = await client.options(
            path, headers={**PREFLIGHT, "origin": "https://evil.example"}
        )
        assert "access-control-allow-origin" not in stranger.headers


@pytest.mark.parametrize("path", ["/oauth/authorize", "/oauth/login", "/oauth/consent"])
async def test_no_script_may_read_the_pages(mesh: Mesh, path: str) -> None:
    async with mesh.client(token="") as client:
        answer = await client.options(path, headers=PREFLIGHT)
        assert "access-control-allow-origin" not in answer.headers
