from collections.abc import AsyncIterator

import pytest

from services.mesh.settings import MeshSettings
from tests.mesh.scripted import SERVICES, Scripted
from tests.support.mesh_server import RunningServer, running_server


@pytest.fixture
def scripted() -> Scripted:
    return Scripted()


@pytest.fixture
async def server(scripted: Scripted, mesh_settings: MeshSettings) -> AsyncIterator[RunningServer]:
    async with running_server("auth", scripted.register, SERVICES, mesh_settings) as server:
        yield server
