"""The same product on PostgreSQL, in the roles that `infra/postgresql/roles.sql` makes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.databases import running_postgresql
from tests.support.installation import Installation, fresh_environment
from tests.support.postgresql_installation import postgresql_environment

QUESTION = "I forgot my password. How do I reset it?"


@pytest.fixture(scope="module")
def on_postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with running_postgresql() as server:
        addresses = postgresql_environment(server)
        folder = tmp_path_factory.mktemp("installation")
        installation = Installation({**fresh_environment(folder), **addresses})
        started = installation.run("up", "--detach")
        try:
            assert started.returncode == 0, started.stdout + started.stderr
            yield installation
        finally:
            installation.run("down")


def test_a_customer_asks_opens_a_ticket_and_reads_it_back(on_postgresql: Installation) -> None:
    answer = on_postgresql.json("ask", "--tenant", "acme", QUESTION)
    assert answer["outcome"] == "ANSWER_OUTCOME_ANSWERED"
    assert answer["citations"]

    with on_postgresql.rest("acme") as customer:
        opened = customer.post(
            "/v1/tickets", json={"subject": "Scanner offline", "body": "Line 3 waits."}
        ).json()
    with on_postgresql.rest("acme", "agent") as agent:
        found = agent.get(f"/v1/tickets/{opened['ticketId']}")
    with on_postgresql.rest("globex", "agent") as stranger:
        missing = stranger.get(f"/v1/tickets/{opened['ticketId']}")
    assert found.json()["subject"] == "Scanner offline"
    assert missing.status_code == 404


def test_nothing_was_kept_in_files(on_postgresql: Installation) -> None:
    kept = [file for folder in on_postgresql.data.iterdir() for file in databases_in(folder)]
    assert kept == []


def databases_in(folder: Path) -> Iterator[Path]:
    return folder.glob("*.db") if folder.is_dir() else iter(())
