"""A world whose encoder changes, with each kind of index."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from qdrant_client import AsyncQdrantClient

from services.mesh.database import Database
from services.search.server import MIGRATIONS
from services.search.settings import SearchSettings
from tests.search.encoder_server import EncoderServer, running_encoder_server
from tests.search.two_encoders import DIMENSIONS, Witness, World


@pytest.fixture(scope="session")
def witness() -> Witness:
    return Witness()


@pytest.fixture
def encoder_server() -> Iterator[EncoderServer]:
    with running_encoder_server() as server:
        server.dimensions = DIMENSIONS
        yield server


@pytest.fixture(params=["edge", "client"])
async def world(
    request: pytest.FixtureRequest, tmp_path: Path, encoder_server: EncoderServer
) -> AsyncIterator[World]:
    settings = SearchSettings(data=tmp_path)
    database = Database(settings.database_address("search"))
    await database.migrate(MIGRATIONS)
    client = AsyncQdrantClient(":memory:") if request.param == "client" else None
    yield World(tmp_path, database, encoder_server, client)
    await database.close()
