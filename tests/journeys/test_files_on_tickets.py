"""Files go onto tickets and come back: at the command line, over REST, and large ones."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from tests.support.installation import Installation

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4
LARGE_BYTES = 100_000_000
PIECE = 1024 * 1024
# What a service may hold more than before while a file of 100 MB goes through it.
MOST_HELD = 64 * 1024 * 1024


@pytest.fixture
def ticket_id(mesh: Installation) -> str:
    with mesh.rest("acme", "customer") as customer:
        made = customer.post("/v1/tickets", json={"subject": "Files"}).json()
    return str(made["ticketId"])


def test_files_are_attached_listed_saved_and_taken_away(
    mesh: Installation, ticket_id: str, tmp_path: Path
) -> None:
    screen, notes = tmp_path / "screen.png", tmp_path / "notes.txt"
    screen.write_bytes(PNG)
    notes.write_text("What happened.")

    made = mesh.json("tickets", "attach", ticket_id, screen, notes, "--tenant", "acme")
    assert [one["fileName"] for one in made["attachments"]] == ["screen.png", "notes.txt"]
    listed = mesh.json("tickets", "attachments", ticket_id, "--tenant", "acme")
    assert listed == made

    saved = tmp_path / "saved.png"
    there = ("tickets", "download", ticket_id, "screen.png", "--tenant", "acme", "-o", saved)
    done = mesh.run(*there)
    assert done.returncode == 0, done.stderr
    assert saved.read_bytes() == PNG
    again = mesh.run(*there)
    assert (again.returncode, "exists already" in again.stderr) == (1, True)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "notes.txt",
        "saved.png",
        "screen.png",
    ]

    gone = mesh.run("tickets", "detach", ticket_id, "notes.txt", "--tenant", "acme")
    assert gone.returncode == 0, gone.stderr
    missing = mesh.run("tickets", "download", ticket_id, "notes.txt", "--tenant", "acme")
    assert (missing.returncode, "no file notes.txt" in missing.stderr) == (1, True)


def test_what_is_refused_is_said(mesh: Installation, ticket_id: str, tmp_path: Path) -> None:
    page = tmp_path / "page.txt"
    page.write_text("<html><script>alert(1)</script>")
    for file, words in (
        (page, "is text/html, which no ticket takes"),
        (tmp_path / "none", "no such file"),
    ):
        done = mesh.run("tickets", "attach", ticket_id, file, "--tenant", "acme")
        assert done.returncode == 1
        assert words in done.stderr


def test_a_comment_brings_its_files(mesh: Installation, ticket_id: str, tmp_path: Path) -> None:
    log = tmp_path / "only for us.log"
    log.write_text("secret")
    comment = mesh.json(
        *("tickets", "comment", ticket_id, "See the log.", "--internal"),
        *("--attach", log, "--tenant", "acme"),
    )
    listed = mesh.json("tickets", "attachments", ticket_id, "--tenant", "acme")
    assert [(one["commentId"], one["internal"]) for one in listed["attachments"]] == [
        (comment["commentId"], True)
    ]
    theirs = mesh.json("tickets", "attachments", ticket_id, "--tenant", "acme", "--as", "customer")
    assert theirs["attachments"] == []


def test_the_log_names_what_came_to_agents_of_the_tenant_alone(
    mesh: Installation, ticket_id: str, tmp_path: Path
) -> None:
    log = tmp_path / "only for us.log"
    log.write_text("secret")
    words = ("tickets", "comment", ticket_id, "See the log.", "--internal", "--attach", log)
    assert mesh.run(*words, "--tenant", "acme").returncode == 0

    ours = mesh.run("tickets", "log", ticket_id, "--tenant", "acme")
    lines = [" ".join(line.split()[2:]) for line in ours.stdout.splitlines()]
    assert [" ".join(line.split()[1:2]) for line in lines] == ["opened", "attachment", "commented"]
    assert lines[1].endswith("only for us.log")
    for place, said in (
        ((ticket_id, "--tenant", "acme", "--as", "customer"), "lacks the permission"),
        ((ticket_id, "--tenant", "globex"), "There is no"),
        (("999999", "--tenant", "acme"), "There is no"),
    ):
        refused = mesh.run("tickets", "log", *place)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert said in refused.stderr


def test_files_go_over_rest_as_bodies(mesh: Installation, ticket_id: str) -> None:
    files = f"/v1/tickets/{ticket_id}/attachments"
    with mesh.rest("acme", "customer") as customer:
        made = customer.post(
            f"{files}?fileName=my%20screen.png", content=PNG, headers={"content-type": "image/png"}
        ).json()
        answer = customer.get(f"{files}/{made['attachmentId']}:download")
        refused = customer.post(f"{files}?fileName=a.png", content=b"", headers={})
        path = customer.post(f"{files}?fileName=..%2Fa.png", content=PNG)
        denied = customer.delete(f"{files}/{made['attachmentId']}")
    assert (made["fileName"], made["sizeBytes"]) == ("my screen.png", str(len(PNG)))
    assert answer.content == PNG
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-disposition"].startswith('attachment; filename="my screen.png"')
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "repr-digest" in answer.headers
    assert (refused.status_code, reason(refused)) == (400, "ATTACHMENT_EMPTY")
    assert (path.status_code, reason(path)) == (400, "ATTACHMENT_NAME_INVALID")
    assert (denied.status_code, reason(denied)) == (403, "PERMISSION_MISSING")
    with mesh.rest("globex", "agent") as stranger:
        assert stranger.get(f"{files}/{made['attachmentId']}:download").status_code == 404


def test_a_large_file_is_never_held(mesh: Installation, ticket_id: str, tmp_path: Path) -> None:
    """By the service or by the gateway, on its way in or out."""
    watched = {one["name"]: one["pid"] for one in mesh.processes()}
    pids = [watched["ticket"], *family(watched["gateway"])]
    before = {pid: memory(pid, "VmRSS") for pid in pids}
    digest = hashlib.sha256(b"".join(pieces())).hexdigest()

    files = f"/v1/tickets/{ticket_id}/attachments"
    with mesh.rest("acme", "customer") as customer:
        customer.timeout = httpx.Timeout(300)
        made = customer.post(f"{files}?fileName=large.gz", content=pieces()).json()
        assert made["sha256"] == digest, made
        came = hashlib.sha256()
        with customer.stream("GET", f"{files}/{made['attachmentId']}:download") as answer:
            for piece in answer.iter_bytes():
                came.update(piece)
    assert came.hexdigest() == digest
    held = {pid: memory(pid, "VmHWM") - before[pid] for pid in pids}
    assert max(held.values()) < MOST_HELD, held

    saved = tmp_path / "large.gz"
    done = mesh.run(
        *("tickets", "download", ticket_id, "large.gz", "--tenant", "acme", "-o", saved)
    )
    assert done.returncode == 0, done.stderr
    done = mesh.run("tickets", "attach", ticket_id, saved, "--tenant", "acme")
    assert done.returncode == 0, done.stderr
    held = {pid: memory(pid, "VmHWM") - before[pid] for pid in pids}
    assert max(held.values()) < MOST_HELD, held

    with saved.open("ab") as more:
        more.write(bytes(5_000_000))
    done = mesh.run("tickets", "attach", ticket_id, saved, "--tenant", "acme")
    assert (done.returncode, "must not exceed 104857600 bytes" in done.stderr) == (1, True), (
        done.stderr
    )


def pieces() -> Iterator[bytes]:
    yield b"\x1f\x8b\x08"
    left = LARGE_BYTES - 3
    while left:
        yield bytes(min(PIECE, left))
        left -= min(PIECE, left)


def family(pid: int) -> list[int]:
    """A process and those that it started."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += family(int(child))
    return found


def memory(pid: int, field: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith(f"{field}:"))
    return int(line.split()[1]) * 1024


def reason(answer: Any) -> str:  # noqa: ANN401
    return str(answer.json()["details"][0]["reason"])
