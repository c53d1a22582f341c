"""A database of its own for each test: a sweep sees all tenants."""

from collections.abc import AsyncIterator

import pytest

from services.mesh.database import Database
from services.mesh.database_address import AnyAddress
from tests.ticket.conftest import MIGRATIONS
from tests.ticket.sla.late_desk import LateDesk


@pytest.fixture
async def own_database(database_url: AnyAddress) -> AsyncIterator[Database]:
    database = Database(database_url)
    await database.migrate(MIGRATIONS)
    yield database
    await database.close()


@pytest.fixture
async def late_desk(own_database: Database) -> LateDesk:
    """It has promised an answer within an hour, at any time of the week."""
    desk = LateDesk(own_database)
    await desk.promise()
    return desk
