"""Tickets leave as a file, and come into another tenant as what they were."""

import csv
import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

from services.mesh.settings import REPOSITORY
from tests.support.installation import HELPDESK, Installation

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4


def bytes_of(folder: Path) -> dict[str, bytes]:
    """By the SHA-256 that they have."""
    found = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert all(hashlib.sha256(content).hexdigest() == name for name, content in found.items())
    return found


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


def a_new_tenant(mesh: Installation, slug: str) -> None:
    password = "a horse that nobody guesses"
    address = f"ada@{slug}.example"
    words = ("tenants", "create", slug, "--admin-email", address, "--password-stdin")
    made = mesh.run(*words, input=password)
    assert made.returncode == 0, made.stderr
    words = ("login", "--tenant", slug, "--email", address, "--password-stdin")
    login = mesh.run(*words, input=password)
    assert login.returncode == 0, login.stderr


def with_own_fields(mesh: Installation, tenant: str) -> None:
    product = ("product", "Product", "--type", "choice", "--option", "X", "--for-customers")
    for field in (product, ("copies", "Copies", "--type", "number")):
        made = mesh.run("fields", "create", *field, "--tenant", tenant)
        assert made.returncode == 0, made.stderr


def by_address(value: Any, people: dict[str, Any]) -> Any:  # noqa: ANN401 - any part of a record
    """With addresses for the ids of people, and without ids that are each tenant's own."""
    own = {"ticketId", "commentId", "attachmentId", "seq", "etag"}
    if isinstance(value, dict):
        return {name: by_address(each, people) for name, each in value.items() if name not in own}
    if isinstance(value, list):
        return [by_address(each, people) for each in value]
    return people[value]["email"] if isinstance(value, str) and value in people else value


def compared(record: dict[str, Any]) -> dict[str, Any]:
    parts = {name: record[name] for name in ("ticket", "comments")}
    places = {comment["commentId"]: n for n, comment in enumerate(record["comments"])}
    parts["attachments"] = [
        one | {"comment": places.get(one.get("commentId"))} for one in record["attachments"]
    ]
    parts["events"] = [e for e in record["events"] if not tells_of_the_import(e)]
    found: dict[str, Any] = by_address(parts, record["people"])
    for event in found["events"]:
        # What was told names no files: their ids mean nothing elsewhere.
        event.pop("attachments", None)
        event.get("changes", {}).get("followerIds", []).sort()
    found["ticket"].get("followerIds", []).sort()
    return found


def tells_of_the_import(event: dict[str, Any]) -> bool:
    return event["kind"] == "TICKET_EVENT_KIND_IMPORTED" or event.get("cause") == "imported"


def with_files(mesh: Installation, folder: Path) -> None:
    """On a ticket that is closed afterwards: a customer's, an agent's and a comment's."""
    for name in ("theirs.txt", "ours.png", "answer.txt"):
        (folder / name).write_bytes(PNG if name == "ours.png" else f"In {name}.".encode())
    opened = ("--subject", "Files", "--body", "x", "--as", "customer", "--tenant", "acme")
    made = mesh.json("tickets", "create", *opened)
    attach, comment = (("tickets", verb, made["ticketId"]) for verb in ("attach", "comment"))
    for words in (
        (*attach, folder / "theirs.txt", "--as", "customer"),
        (*attach, folder / "ours.png", "--internal"),
        (*comment, "See there.", "--attach", folder / "answer.txt"),
        *(("tickets", verb, made["ticketId"]) for verb in ("resolve", "close")),
    ):
        done = mesh.run(*words, "--tenant", "acme")
        assert done.returncode == 0, done.stderr


def test_an_export_that_is_imported_into_an_empty_tenant_is_equal_there(
    mesh: Installation, tmp_path: Path
) -> None:
    with mesh.rest("acme", "agent") as agent:
        agent.post("/v1/tickets/1:follow", json={}).raise_for_status()
    with mesh.rest("acme", "admin") as admin:
        admin.post("/v1/queues", json={"name": "network"}).raise_for_status()
        admin.patch("/v1/tickets/1?updateMask=queue", json={"queue": "network"}).raise_for_status()
    with_own_fields(mesh, "acme")
    with mesh.rest("acme", "agent") as agent:
        masked = "/v1/tickets/1?updateMask=fields.product,fields.copies"
        fields = {"product": {"choice": "X"}, "copies": {"number": 2.5}}
        agent.patch(masked, json={"fields": fields}).raise_for_status()
        bare = agent.patch("/v1/tickets/2", json={"fields": {"copies": {"number": 7}}})
        assert bare.json()["fields"] == {"copies": {"number": 7.0}}
        found = agent.get("/v1/tickets?filter=fields.copies < 3").json()["tickets"]
        assert [(ticket["number"], ticket["fields"]) for ticket in found] == [(1, fields)]
    with_files(mesh, tmp_path)
    sheet = tmp_path / "acme.csv"
    words = ("--format", "csv", "--filter", "number = 1", "--tenant", "acme")
    assert mesh.run("tickets", "export", str(sheet), *words).returncode == 0
    with sheet.open(newline="") as stream:
        [row] = csv.DictReader(stream)
    assert (row["field:product"], row["field:copies"]) == ("X", "2.5")
    file = tmp_path / "acme.jsonl"
    left = exported(mesh, file)
    a_new_tenant(mesh, "fresh")
    with_own_fields(mesh, "fresh")

    refused = mesh.run("tickets", "import", str(file), "--tenant", "fresh")
    assert refused.returncode == 1
    assert "unknown here" in refused.stderr
    report = [json.loads(line) for line in Path(f"{file}.report.jsonl").read_text().splitlines()]
    assert len(report) == len(left)
    assert {line["outcome"] for line in report} == {"left out"}
    assert all("no user of this tenant: " in line["reason"] for line in report)

    words = ("tickets", "import", str(file), "--create-customers", "--tenant", "fresh")
    first = mesh.json(*words)
    again = mesh.json(*words)
    arrived = exported(mesh, tmp_path / "fresh.jsonl", "fresh")

    assert (first["imported"], first["left_out"]) == (len(left), 0)
    assert (again["imported"], again["there_before"]) == (0, len(left))
    assert [compared(record) for record in arrived] == [compared(record) for record in left]
    files = [one["sha256"] for record in left for one in record["attachments"]]
    assert len(files) >= 3
    assert (first["files_imported"], again["files_there_before"]) == (len(files), len(files))
    assert (again["files_imported"], first["files_left_out"]) == (0, 0)
    contents = [bytes_of(tmp_path / f"{name}.jsonl.files") for name in ("acme", "fresh")]
    assert contents[0] == contents[1]
    assert contents[0].keys() == set(files)
    causes = [[event.get("cause", "") for event in record["events"]] for record in arrived]
    assert all(any("imported from helpdesk" in one for one in each) for each in causes)

    home = mesh.json("tickets", "import", str(file), "--tenant", "acme")
    assert (home["imported"], home["there_before"]) == (0, len(left))


def of_zendesk(number: int, **fields: object) -> dict[str, Any]:
    return {
        "id": number,
        "subject": f"Kiosk {number}",
        "description": "It is dark.",
        "status": "solved",
        "priority": "low",
        "requester": {"id": 900, "name": "Ivy Fern", "email": "ivy@customer.example"},
        "created_at": "2023-05-06T07:08:09Z",
        "updated_at": "2023-05-07T07:08:09Z",
        **fields,
    }


def test_an_import_that_is_killed_goes_on_where_it_stopped_and_names_what_is_broken(
    mesh: Installation, tmp_path: Path
) -> None:
    a_new_tenant(mesh, "moved")
    broken: dict[str, dict[str, Any]] = {
        "ticket.subject: must not contain the character U+0000": {"subject": "a\0b"},
        "ticket.create_time: must not lie in the future": {"created_at": "2999-01-01T00:00:00Z"},
        "ticket.update_time: must not lie before create_time": {
            "updated_at": "2022-01-01T00:00:00Z"
        },
        "ticket.body: has 10000000 characters, 20000 are allowed": {"description": "x" * 10**7},
        "its id is there twice, first at line 1": {"id": 1},
        "ticket.subject: must not be blank": {"subject": " ", "description": " "},
    }
    whole = [of_zendesk(number) for number in range(1, 301)]
    others = [of_zendesk(400 + place, **each) for place, each in enumerate(broken.values())]
    file = tmp_path / "zendesk.json"
    file.write_text("".join(f"{json.dumps(each)}\n" for each in [*whole, *others]))
    words = ["tickets", "import", str(file), "--from", "zendesk", "--create-customers"]
    words += ["--tenant", "moved", "-o", "json"]

    running = subprocess.Popen(
        [HELPDESK, *words], env=mesh.environment, cwd=REPOSITORY, stdout=subprocess.DEVNULL
    )
    while not mesh.json("tickets", "list", "--tenant", "moved", "--limit", "1").get("tickets"):
        assert running.poll() is None
    running.kill()
    running.wait()
    again = mesh.run(*words)
    assert again.returncode == 1, again.stderr
    counts = json.loads(again.stdout)
    report = [json.loads(line) for line in Path(counts["report"]).read_text().splitlines()]
    tickets = exported(mesh, tmp_path / "moved.jsonl", "moved")

    assert counts["there_before"] > 0
    assert counts["imported"] + counts["there_before"] == len(whole)
    assert [record["ticket"]["number"] for record in tickets] == [each["id"] for each in whole]
    assert {record["ticket"]["status"] for record in tickets} == {"TICKET_STATUS_RESOLVED"}
    assert {line["reason"] for line in report} == broken.keys()
    assert [line["place"] for line in report] == [f"line {301 + n}" for n in range(len(broken))]
