from collections.abc import AsyncIterator

import httpx2
import pytest

from tests.gateway.access_tokens import bearer
from tests.gateway.mesh import Mesh, running_mesh

PLENTY = "1000000"
ORIGIN = "https://desk.example"


@pytest.fixture(scope="session")
async def shared_mesh(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Mesh]:
    settings = {
        "cors_origins": ORIGIN,
        "tenant_requests_per_second": PLENTY,
        "tenant_burst": PLENTY,
        "anonymous_requests_per_second": PLENTY,
        "anonymous_burst": PLENTY,
        "max_body_bytes": "65536",
        "log_format": "text",
    }
    async with running_mesh(tmp_path_factory.mktemp("gateway"), **settings) as mesh:
        yield mesh


@pytest.fixture
def mesh(shared_mesh: Mesh) -> Mesh:
    """The one mesh of the session, with nothing noted of earlier tests."""
    for upstream in shared_mesh.upstreams.values():
        upstream.calls.clear()
        upstream.streams.clear()
        upstream.answers = {
            path: answer for path, answer in upstream.answers.items() if "SigningKeys" in path
        }
    return shared_mesh


@pytest.fixture
async def rest(mesh: Mesh) -> AsyncIterator[httpx2.AsyncClient]:
    """A client with a good token."""
    headers = bearer(mesh.token())
    async with httpx2.AsyncClient(base_url=mesh.edge.url, headers=headers) as client:
        yield client


@pytest.fixture
async def anonymous(mesh: Mesh) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=mesh.edge.url) as client:
        yield client
