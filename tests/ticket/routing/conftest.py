"""A database of its own for each test: a router sees all tenants."""

from collections.abc import AsyncIterator

import pytest

from services.mesh.database import Database
from services.mesh.database_address import AnyAddress
from tests.ticket.conftest import MIGRATIONS
from tests.ticket.routing.routing_desk import RoutingDesk


@pytest.fixture
async def own_database(database_url: AnyAddress) -> AsyncIterator[Database]:
    database = Database(database_url)
    await database.migrate(MIGRATIONS)
    yield database
    await database.close()


@pytest.fixture
def desk(own_database: Database) -> RoutingDesk:
    return RoutingDesk(own_database)
