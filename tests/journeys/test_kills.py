"""Whatever process is killed is back within seconds, and nothing acknowledged is missing."""

import os
import signal
import time
from typing import Any

import httpx2 as httpx
import pytest

from tests.support.installation import Installation

BACK_WITHIN_SECONDS = 5.0
PROCESSES = ("auth", "ticket", "search", "chat", "bridge", "gateway")


@pytest.mark.parametrize("name", PROCESSES)
def test_a_killed_process_is_back_and_nothing_acknowledged_is_missing(
    mesh: Installation, name: str
) -> None:
    written = write(mesh, f"before killing {name}")
    victim = process(mesh, name)

    os.kill(victim["pid"], signal.SIGKILL)
    killed = time.monotonic()
    while not is_back(mesh, name, victim["pid"]):
        assert time.monotonic() - killed < BACK_WITHIN_SECONDS, f"{name} is not back"
        time.sleep(0.1)

    assert read(mesh, written) == written


def write(mesh: Installation, text: str) -> dict[str, str]:
    """Writes a ticket and a document; returns what was acknowledged."""
    with mesh.rest("acme", "admin") as client:
        ticket = client.post("/v1/tickets", json={"subject": text}).json()
        document = client.post(
            "/v1/documents",
            json={"sourceUri": f"journeys/{text}.md", "content": f"# {text}\n\nWritten {text}."},
        ).json()
    return {
        "ticket_id": ticket["ticketId"],
        "subject": ticket["subject"],
        "document_id": document["documentId"],
        "content": document["content"],
    }


def read(mesh: Installation, written: dict[str, str]) -> dict[str, str]:
    with mesh.rest("acme", "admin") as client:
        ticket = patiently(client, f"/v1/tickets/{written['ticket_id']}")
        document = patiently(client, f"/v1/documents/{written['document_id']}")
    return {
        "ticket_id": ticket["ticketId"],
        "subject": ticket["subject"],
        "document_id": document["documentId"],
        "content": document["content"],
    }


def patiently(client: httpx.Client, path: str) -> dict[str, Any]:
    """Reads a resource, giving the gateway a moment to find a restarted service again."""
    for _ in range(50):
        answer = client.get(path)
        if answer.status_code != 503:
            break
        time.sleep(0.1)
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


def process(mesh: Installation, name: str) -> dict[str, Any]:
    return next(each for each in mesh.processes() if each["name"] == name)


def is_back(mesh: Installation, name: str, old_pid: int) -> bool:
    now = process(mesh, name)
    return bool(now["pid"] != old_pid and now["health"] == "serving")
