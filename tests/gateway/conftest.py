from collections.abc import AsyncIterator

import grpc.aio
import httpx2
import pytest

from tests.gateway.mesh import Mesh, running_mesh
from tests.gateway.undefended import take_defences_down

ORIGIN = "https://desk.example"
MAX_BODY_BYTES = 64 * 1024


@pytest.fixture(scope="session")
async def shared_mesh(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Mesh]:
    settings = {"cors_origins": ORIGIN, "max_body_bytes": str(MAX_BODY_BYTES)}
    async with running_mesh(tmp_path_factory.mktemp("gateway"), settings) as mesh:
        yield mesh


@pytest.fixture(scope="session")
async def shared_undefended(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Mesh]:
    folder = tmp_path_factory.mktemp("undefended")
    async with running_mesh(folder, tamper=take_defences_down) as mesh:
        yield mesh


@pytest.fixture
def mesh(shared_mesh: Mesh) -> Mesh:
    """The one mesh of the session, with nothing noted of earlier tests."""
    shared_mesh.forget()
    return shared_mesh


@pytest.fixture
def undefended(shared_undefended: Mesh) -> Mesh:
    """The control: the same mesh behind a gateway without its defences."""
    shared_undefended.forget()
    return shared_undefended


@pytest.fixture
async def rest(mesh: Mesh) -> AsyncIterator[httpx2.AsyncClient]:
    """A client with a good token."""
    async with mesh.client() as client:
        yield client


@pytest.fixture
async def stranger(mesh: Mesh) -> AsyncIterator[httpx2.AsyncClient]:
    """A client without a token."""
    async with mesh.client(token="") as client:
        yield client


@pytest.fixture
async def channel(mesh: Mesh) -> AsyncIterator[grpc.aio.Channel]:
    async with mesh.channel() as channel:
        yield channel
