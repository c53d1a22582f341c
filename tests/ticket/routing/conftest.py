"""A database of its own for each test: a router sees all tenants."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from services.mesh.database import Database
from services.mesh.database_address import AnyAddress
from tests.ticket.conftest import MIGRATIONS
from tests.ticket.routing.routing_desk import RoutingDesk
from tests.ticket.routing.temporal_desk import TemporalDesk
from tests.ticket.routing.temporal_server import running_temporal


@pytest.fixture
async def own_database(database_url: AnyAddress) -> AsyncIterator[Database]:
    database = Database(database_url)
    await database.migrate(MIGRATIONS)
    yield database
    await database.close()


@pytest.fixture(scope="session")
def temporal_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_temporal(tmp_path_factory.mktemp("temporal")) as address:
        yield address


@pytest.fixture(params=["in_process", "temporal"])
async def desk(
    request: pytest.FixtureRequest, own_database: Database, tmp_path: Path
) -> AsyncIterator[RoutingDesk]:
    if request.param == "in_process":
        yield RoutingDesk(own_database)
        return
    if own_database.is_postgresql:
        pytest.skip("what Temporal drives is driven in the same database")
    address = request.getfixturevalue("temporal_address")
    async with TemporalDesk(own_database, address, tmp_path / "keys").working() as temporal_desk:
        yield temporal_desk
