"""Stores: the fake, SQLite and PostgreSQL."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import services.auth
from services.auth.ports import AuthStore
from services.auth.store import SqlAuthStore
from services.mesh.database import Database
from services.mesh.database_address import AnyAddress
from tests.auth.desk import Desk
from tests.auth.fake_store import FakeAuthStore
from tests.auth.news import News
from tests.auth.running_auth import RunningAuth, running_auth

MIGRATIONS = Path(services.auth.__file__).parent / "migrations"


@pytest.fixture
def news() -> News:
    return News()


@pytest.fixture
async def database(database_url: AnyAddress) -> AsyncIterator[Database]:
    database = Database(database_url)
    await database.migrate(MIGRATIONS)
    yield database
    await database.close()


@pytest.fixture(params=["fake", "sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest, news: News) -> AsyncIterator[AuthStore]:
    if request.param == "fake":
        yield FakeAuthStore(news)
        return
    database = Database(request.getfixturevalue(f"{request.param}_url"))
    await database.migrate(MIGRATIONS)
    yield SqlAuthStore(database, news)
    await database.close()


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture(scope="module")
async def auth(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningAuth]:
    """One server for the tests of a module, each of which makes its own tenants."""
    folder = tmp_path_factory.mktemp("auth")
    async with running_auth(folder, f"sqlite+aiosqlite:///{folder / 'auth.db'}") as auth:
        yield auth
