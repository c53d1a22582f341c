"""The bridge in front of a real auth, in one process."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from services.gateway.bridge.app import make_app
from services.mesh.channel import connect
from services.mesh.settings import REPOSITORY
from tests.auth.running_auth import RunningAuth, running_auth
from tests.gateway.bridge.browsing import ISSUER, WEB, Desk


@pytest.fixture(scope="session")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningAuth]:
    folder = tmp_path_factory.mktemp("bridge")
    url = f"sqlite+aiosqlite:///{folder / 'auth.db'}"
    settings = {
        "web_redirect_uris": WEB,
        "web_logout_redirect_uris": WEB,
        "public_url": ISSUER,
        "outbound_loopback": True,
    }
    async with running_auth(folder, url, **settings) as auth:
        yield auth


@pytest.fixture(scope="session")
async def shared_desk(running: RunningAuth) -> AsyncIterator[Desk]:
    settings = running.settings.model_copy(
        update={"auth_address": f"ipv4:127.0.0.1:{running.port}"}
    )
    document = REPOSITORY / "gen" / "openapi" / "helpdesk.json"
    async with connect(settings, caller_service="bridge", peer="auth") as channel:
        app = make_app(document, channel, ISSUER)
        person = await running.admin()
        yield Desk(app, person.slug, running)


@pytest.fixture
async def desk(shared_desk: Desk) -> Desk:
    return shared_desk


@pytest.fixture
async def browser(desk: Desk) -> AsyncIterator[httpx2.AsyncClient]:
    async with desk.browser() as browser:
        yield browser
