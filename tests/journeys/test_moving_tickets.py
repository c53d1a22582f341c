"""Tickets leave as a file."""

import csv
import json
from pathlib import Path
from typing import Any

from tests.support.installation import Installation


def exported(mesh: Installation, file: Path, tenant: str = "acme") -> list[dict[str, Any]]:
    done = mesh.run("tickets", "export", str(file), "--tenant", tenant)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_an_export_has_every_ticket_with_its_comments_its_log_and_its_people(
    mesh: Installation, tmp_path: Path
) -> None:
    records = exported(mesh, tmp_path / "all.jsonl")
    with mesh.rest("acme", "agent") as agent:
        listed = agent.get("/v1/tickets?pageSize=100&orderBy=number").json()["tickets"]
        one = next(record for record in records if len(record["comments"]) > 1)
        path = f"/v1/tickets/{one['ticket']['ticketId']}"
        comments = agent.get(f"{path}/comments?pageSize=100").json()["comments"]
        events = agent.get(f"{path}/events?pageSize=100").json()["events"]

    assert [record["ticket"]["ticketId"] for record in records] == [
        ticket["ticketId"] for ticket in listed
    ]
    assert [comment["body"] for comment in one["comments"]] == [
        comment["body"] for comment in comments
    ]
    assert [event["seq"] for event in one["events"]] == [event["seq"] for event in events]
    assert "@" in one["people"][one["ticket"]["requesterId"]]["email"]


def test_an_export_that_was_cut_off_goes_on_where_it_stopped(
    mesh: Installation, tmp_path: Path
) -> None:
    whole, cut = tmp_path / "whole.jsonl", tmp_path / "cut.jsonl"
    exported(mesh, whole)
    written = whole.read_bytes()
    cut.write_bytes(written[: len(written) // 2])

    refused = mesh.run("tickets", "export", str(cut), "--tenant", "acme")
    assert refused.returncode == 1
    assert "exists already" in refused.stderr
    resumed = mesh.json("tickets", "export", str(cut), "--resume", "--tenant", "acme")

    assert cut.read_bytes() == written
    assert 0 < resumed["written"] < len(written.splitlines())


def test_a_filter_says_which_tickets_and_csv_has_a_row_for_each(
    mesh: Installation, tmp_path: Path
) -> None:
    subject = "=1+1, said\nthe sheet"
    with mesh.rest("acme", "agent") as agent:
        agent.post("/v1/tickets", json={"subject": subject, "tags": ["sheet"]})
    words = ("--filter", "tags:sheet OR tags:nothing", "--format", "csv", "--tenant", "acme")
    file = tmp_path / "some.csv"
    assert mesh.run("tickets", "export", str(file), *words).returncode == 0

    with file.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["subject"] for row in rows] == [f"'{subject}"]
    assert rows[0]["status"] == "new"
    assert rows[0]["requester"].endswith("@acme.example")
