"""A deleted tenant leaves no row in any table of any service, though all of them are killed."""

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from services.search.encoder.onnx import OnnxEncoder
from services.search.server import make_index
from services.search.settings import SearchSettings
from tests.support.databases import running_postgresql
from tests.support.installation import Installation, fresh_environment
from tests.support.postgresql_installation import postgresql_environment
from tests.support.row_counts import SERVICES, Counts, count_rows

QUESTION = "I forgot my password. How do I reset it?"
PATIENCE_SECONDS = 60.0

# What goes on in the other tenant meanwhile: its people log in, and auth keeps its audit.
RESTLESS = ("sessions", "refresh_tokens", "audit_records", "audit_heads", "remembered_replies")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def installation(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    with ExitStack() as stack:
        addresses = {}
        if request.param == "postgresql":
            addresses = postgresql_environment(stack.enter_context(running_postgresql()))
        folder = tmp_path_factory.mktemp("installation")
        installation = Installation({**fresh_environment(folder), **addresses})
        started = installation.run("up", "--detach")
        try:
            assert started.returncode == 0, started.stdout + started.stderr
            yield installation
        finally:
            installation.run("down")


def test_nothing_is_left_of_it_and_everything_of_the_others(installation: Installation) -> None:
    use_everything(installation)
    acme, globex = (installation.json("tenants", "show", slug) for slug in ("acme", "globex"))
    before, others_before = rows(installation, acme), rows(installation, globex)
    for table in ("auth.users", "ticket.tickets", "search.embeddings", "chat.citations"):
        assert before[table] > 0, table

    deleted = installation.json("tenants", "delete", "acme", "--yes", "--no-wait")
    assert deleted["state"] == "DELETING"
    for service in SERVICES:
        kill(installation, service)
    wait_until_gone(installation, acme["tenantId"])

    left = {table: count for table, count in rows(installation, acme).items() if count}
    assert left == {"auth.tombstones": 1}
    assert steady(rows(installation, globex)) == steady(others_before)
    wait_until_back(installation)
    assert installation.json("ask", "--tenant", "globex", QUESTION)["citations"]
    assert_that_its_slug_is_free(installation, acme["tenantId"])
    assert installation.run("down").returncode == 0
    indexed = asyncio.run(indexed_tenants(installation))
    assert globex["tenantId"] in indexed
    assert acme["tenantId"] not in indexed


def use_everything(installation: Installation) -> None:
    """The demo has everything but conversations and what they quote."""
    assert installation.json("ask", "--tenant", "acme", QUESTION)["citations"]
    assert installation.json("ask", "--tenant", "globex", QUESTION)["citations"]
    installation.json("tickets", "create", "--tenant", "acme", "--subject", "Scanner offline")


def assert_that_its_slug_is_free(installation: Installation, tenant_id: str) -> None:
    made = installation.run(
        *("tenants", "create", "acme", "--admin-email", "ada@example.com", "--password-stdin"),
        *("-o", "json"),
        input="a horse that nobody guesses\n",
    )
    assert made.returncode == 0, made.stderr
    assert tenant_id not in made.stdout


def rows(installation: Installation, tenant: dict[str, Any]) -> Counts:
    return asyncio.run(count_rows(installation.settings, tenant["tenantId"]))


def steady(counts: Counts) -> Counts:
    return {name: count for name, count in counts.items() if name.split(".")[1] not in RESTLESS}


def kill(installation: Installation, service: str) -> None:
    [process] = [each for each in installation.processes() if each["name"] == service]
    os.kill(process["pid"], signal.SIGKILL)


def wait_until_gone(installation: Installation, tenant_id: str) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        shown = installation.run("tenants", "show", tenant_id, "-o", "json")
        if "TENANT_NOT_FOUND" in shown.stderr:
            return
        assert time.monotonic() < until, shown.stdout + shown.stderr


def wait_until_back(installation: Installation) -> None:
    """The killed services find one another again."""
    until = time.monotonic() + PATIENCE_SECONDS
    while installation.run("ask", "--tenant", "globex", QUESTION).returncode != 0:
        assert time.monotonic() < until


async def indexed_tenants(installation: Installation) -> set[str]:
    settings = SearchSettings.model_validate(installation.settings.model_dump())
    index = make_index(settings, OnnxEncoder(threads=1))
    await index.open()
    try:
        return {tenant_id for tenant_id, _ in await index.revisions()}
    finally:
        await index.close()
