"""The documentation pages."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import grpc.aio
import pytest
from starlette.testclient import TestClient

from services.gateway.bridge.app import make_app
from services.mesh.settings import REPOSITORY


@pytest.fixture
async def client() -> AsyncIterator[TestClient]:
    document = REPOSITORY / "gen" / "openapi" / "helpdesk.json"
    async with grpc.aio.insecure_channel("127.0.0.1:1") as nowhere:
        yield TestClient(make_app(document, nowhere, "http://127.0.0.1:8080"))


def test_the_start_page_leads_to_the_documentation(client: TestClient) -> None:
    answer = client.get("/", follow_redirects=True)

    assert answer.status_code == 200
    assert "Helpdesk API" in answer.text


def test_every_file_that_the_page_asks_for_is_served_from_here(client: TestClient) -> None:
    page = client.get("/docs").text
    wanted = [name for name in re.findall(r'(?:src|href)="([^"]+)"', page) if name != "data:,"]

    assert wanted
    assert all(name.startswith("/") for name in wanted)
    assert {client.get(name).status_code for name in wanted} == {200}


def test_the_pages_own_code_names_no_other_host(client: TestClient) -> None:
    pages = Path(REPOSITORY / "services" / "gateway" / "bridge" / "pages")

    assert not [path for path in pages.rglob("*.*") if "://" in path.read_text()]


def test_the_browser_is_told_to_load_nothing_from_elsewhere(client: TestClient) -> None:
    assert "default-src 'self'" in client.get("/docs").headers["content-security-policy"]


def test_the_document_is_the_committed_one(client: TestClient) -> None:
    committed = (REPOSITORY / "gen" / "openapi" / "helpdesk.json").read_text()

    assert client.get("/openapi.json").text == committed
