"""Files that cannot come along are named, and come when they can; nothing else comes for them."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.test_moving_tickets import PNG, a_new_tenant
from tests.support.installation import Installation

GZIP = b"\x1f\x8b\x08" + bytes(300)
PAGE = b"<html><script>alert(1)</script>"


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """The line of an export with four files, and their folder."""
    file = tmp_path / "kept.jsonl"
    folder = tmp_path / "kept.jsonl.files"
    folder.mkdir()
    contents = {"whole.png": PNG, "changed.txt": b"As it was.", "missing.gz": GZIP, "x.html": PAGE}
    attachments = []
    for name, content in contents.items():
        sha256 = hashlib.sha256(content).hexdigest()
        (folder / sha256).write_bytes(content)
        one = {"fileName": name, "sha256": sha256, "authorId": "u", "sizeBytes": len(content)}
        attachments.append(one | {"createTime": "2024-01-02T03:04:05.000006Z"})
    file.write_text(f"{json.dumps(a_line(attachments))}\n")
    return file


def a_line(attachments: list[dict[str, Any]]) -> dict[str, Any]:
    time = "2024-01-02T03:04:05Z"
    ticket = {"ticketId": "old-1", "subject": "Kiosk", "requesterId": "u"}
    ticket |= {"createTime": time, "updateTime": time, "status": "TICKET_STATUS_CLOSED"}
    return {
        "helpdesk": "ticket",
        "ticket": ticket
        | {"createTime": time, "updateTime": time, "status": "TICKET_STATUS_CLOSED"},
        "attachments": attachments,
        "people": {"u": {"email": "una@customer.example", "name": "Una"}},
    }


def test_each_file_that_is_left_out_is_named_with_the_reason_and_may_come_later(
    mesh: Installation, kept: Path, tmp_path: Path
) -> None:
    a_new_tenant(mesh, "files")
    line = json.loads(kept.read_text())
    names = {one["fileName"]: one["sha256"] for one in line["attachments"]}
    folder = kept.with_name("kept.jsonl.files")
    (folder / names["changed.txt"]).write_bytes(b"As it is.")
    (folder / names["missing.gz"]).rename(tmp_path / "aside")
    secret = tmp_path / "secret"
    secret.write_text("outside")
    link = hashlib.sha256(secret.read_bytes()).hexdigest()
    (folder / link).symlink_to(secret)
    for place, name in enumerate(("../secret", str(secret), link)):
        out = {"fileName": f"out-{place}.txt", "sha256": name}
        line["attachments"].append(line["attachments"][0] | out)
    kept.write_text(f"{json.dumps(line)}\n")

    words = ("tickets", "import", kept, "--create-customers", "--tenant", "files", "-o", "json")
    done = mesh.run(*words)
    assert done.returncode == 1, done.stderr
    counts = json.loads(done.stdout)
    assert (counts["imported"], counts["left_out"]) == (1, 0)
    assert (counts["files_imported"], counts["files_left_out"]) == (1, 6)
    report = [json.loads(each) for each in Path(counts["report"]).read_text().splitlines()]
    assert {each["outcome"] for each in report} == {"file left out"}
    reasons = [each["reason"] for each in report]
    for reason, said in zip(
        reasons,
        (
            "the file changed.txt: it has other bytes than it had",
            "the file missing.gz: it is missing in ",
            "the file x.html: content: is text/html, which no ticket takes",
            "the file out-0.txt: it is called what is no SHA-256",
            "the file out-1.txt: it is called what is no SHA-256",
            "the file out-2.txt: it cannot be read in ",
        ),
        strict=True,
    ):
        assert reason.startswith(said), reasons

    (folder / names["changed.txt"]).write_bytes(b"As it was.")
    (tmp_path / "aside").rename(folder / names["missing.gz"])
    again = json.loads(mesh.run(*words).stdout)
    assert (again["there_before"], again["files_there_before"]) == (1, 1)
    assert (again["files_imported"], again["files_left_out"]) == (2, 4)
    listed = mesh.json("tickets", "attachments", "1", "--tenant", "files")
    found = [(one["fileName"], one["sha256"]) for one in listed["attachments"]]
    assert sorted(found) == sorted((name, names[name]) for name in names if name != "x.html")
    assert {one["createTime"] for one in listed["attachments"]} == {"2024-01-02T03:04:05.000006Z"}


def test_a_sheet_names_the_files_and_an_export_that_was_cut_off_has_them_after_all(
    mesh: Installation, tmp_path: Path
) -> None:
    a_new_tenant(mesh, "sheets")
    note = tmp_path / "note.txt"
    note.write_text("In the note.")
    for _ in range(2):
        words = ("--subject", "Note", "--body", "x", "--tenant", "sheets")
        made = mesh.json("tickets", "create", *words)
        done = mesh.run("tickets", "attach", made["ticketId"], note, "--tenant", "sheets")
        assert done.returncode == 0, done.stderr
    sha256 = hashlib.sha256(note.read_bytes()).hexdigest()
    sheet, file = tmp_path / "all.csv", tmp_path / "all.jsonl"
    done = mesh.run("tickets", "export", sheet, "--format", "csv", "--tenant", "sheets")
    assert done.returncode == 0, done.stderr
    assert sheet.read_text().count(f"{sha256} note.txt") == 2
    assert not sheet.with_name("all.csv.files").exists()

    whole = mesh.json("tickets", "export", file, "--tenant", "sheets")
    assert (whole["written"], whole["files"]) == (2, 2)
    lines = file.read_bytes()
    file.write_bytes(lines[:-10])
    saved = file.with_name("all.jsonl.files") / sha256
    saved.unlink()
    saved.with_name(f"{sha256}.part").write_text("cut o")
    resumed = mesh.json("tickets", "export", file, "--resume", "--tenant", "sheets")
    assert (resumed["written"], resumed["files"]) == (1, 1)
    assert file.read_bytes() == lines
    assert [path.name for path in saved.parent.iterdir()] == [sha256]
    assert saved.read_text() == "In the note."
