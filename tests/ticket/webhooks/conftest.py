"""Two tenants that tell others, and a receiver."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.mesh.caller import TenantId
from services.mesh.database import Database
from tests.ticket.webhooks.house import House
from tests.ticket.webhooks.receiver import Receiver, receiving


@pytest.fixture
async def house(database: Database, tenant_id: TenantId) -> AsyncIterator[House]:
    house = House(database, tenant_id)
    yield house
    await house.clear()


@pytest.fixture
async def neighbour(database: Database, stranger_id: TenantId) -> AsyncIterator[House]:
    house = House(database, stranger_id)
    yield house
    await house.clear()


@pytest.fixture
async def receiver(tmp_path: Path) -> AsyncIterator[Receiver]:
    async with receiving(tmp_path) as receiver:
        yield receiver
