from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.mesh.settings import MeshSettings
from tests.mesh.notes import FIRST_MIGRATION
from tests.mesh.scripted import SERVICES, Scripted
from tests.support.mesh_server import RunningServer, running_server


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    versions = tmp_path / "migrations" / "versions"
    versions.mkdir(parents=True)
    (versions / "0001_create_notes.py").write_text(FIRST_MIGRATION)
    return versions.parent


@pytest.fixture
def scripted() -> Scripted:
    return Scripted()


@pytest.fixture
async def server(scripted: Scripted, mesh_settings: MeshSettings) -> AsyncIterator[RunningServer]:
    async with running_server("auth", scripted.register, SERVICES, mesh_settings) as server:
        yield server
