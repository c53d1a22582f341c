"""`helpdesk kb import`: what is brought, what is skipped, what is named."""

import os
import signal
import subprocess
import threading
from pathlib import Path

import grpc
import pytest
from google.rpc import code_pb2

from helpdesk.search.v1 import search_pb2
from tests.cli.conftest import Command
from tests.cli.dummies import HELPDESK, environment
from tests.cli.fake_mesh import FakeMesh
from tests.cli.refuse import refusal


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "articles"
    (root / "tools").mkdir(parents=True)
    (root / "index.md").write_text("# Start\n\nHello.\n")
    (root / "tools" / "slack.md").write_bytes(b"# Slack\r\n\r\nAsk in #it.\r\n")
    (root / "notes.txt").write_text("Plain words.\n")
    return root


def test_all_articles_are_brought_under_their_paths(
    helpdesk: Command, acme: FakeMesh, folder: Path
) -> None:
    ended = helpdesk("kb", "import", str(folder), "--tenant", "acme")
    assert ended.code == 0, ended.err
    assert sorted(acme.search.documents) == ["index.md", "notes.txt", "tools/slack.md"]
    assert ended.out == "3 added, 0 updated, 0 unchanged, 0 failed; 6 passages\n"


def test_the_text_is_kept_to_the_letter(helpdesk: Command, acme: FakeMesh, folder: Path) -> None:
    helpdesk("kb", "import", str(folder), "--tenant", "acme")
    assert acme.search.documents["tools/slack.md"].content == "# Slack\r\n\r\nAsk in #it.\r\n"


def test_what_has_not_changed_is_not_sent_again(
    helpdesk: Command, acme: FakeMesh, folder: Path
) -> None:
    helpdesk("kb", "import", str(folder), "--tenant", "acme")
    acme.search.puts.clear()
    (folder / "index.md").write_text("# Start\n\nHello again.\n")
    ended = helpdesk("kb", "import", str(folder), "--tenant", "acme")
    assert acme.search.puts == ["index.md"]
    assert ended.out == "0 added, 1 updated, 2 unchanged, 0 failed; 2 passages\n"


def test_more_articles_than_one_page_are_recognised(
    helpdesk: Command, acme: FakeMesh, folder: Path
) -> None:
    for number in range(150):
        (folder / f"article-{number}.md").write_text(f"Article {number}.\n")
    helpdesk("kb", "import", str(folder), "--tenant", "acme")
    acme.search.puts.clear()
    ended = helpdesk("kb", "import", str(folder), "--tenant", "acme", "-o", "json")
    assert acme.search.puts == []
    assert len(ended.json["unchanged"]) == 153


def test_every_file_that_cannot_be_read_is_named_and_the_others_are_brought(
    helpdesk: Command, acme: FakeMesh, folder: Path
) -> None:
    (folder / "empty.md").write_text(" \n")
    (folder / "huge.md").write_bytes(b"x" * 100 * 1024 * 1024)
    (folder / "link.md").symlink_to(folder / "index.md")
    os.mkfifo(folder / "pipe.md")
    ended = helpdesk("kb", "import", str(folder), "--tenant", "acme")
    assert ended.code == 1
    assert [line for line in ended.err.splitlines() if line.startswith("not imported")] == [
        "not imported: empty.md: empty",
        "not imported: huge.md: 100.0 MiB, more than 8 MiB",
        "not imported: link.md: a symbolic link",
        "not imported: pipe.md: not a regular file",
    ]
    assert sorted(acme.search.documents) == ["index.md", "notes.txt", "tools/slack.md"]
    assert "3 added, 0 updated, 0 unchanged, 4 failed" in ended.out


def test_a_file_name_that_is_not_text_is_named(
    helpdesk: Command, acme: FakeMesh, folder: Path
) -> None:
    Path(os.fsdecode(os.fsencode(folder) + b"/bad-\xff.md")).write_text("text")
    ended = helpdesk("kb", "import", str(folder), "--tenant", "acme")
    assert ended.code == 1
    assert "not imported: bad-\ufffd.md: the file's name is not UTF-8" in ended.err


def test_other_files_are_named_but_are_no_failure(
    helpdesk: Command, acme: FakeMesh, folder: Path
) -> None:
    (folder / "logo.png").write_bytes(b"\x89PNG")
    (folder / ".git").mkdir()
    (folder / ".git" / "readme.md").write_text("not an article")
    ended = helpdesk("kb", "import", str(folder), "--tenant", "acme")
    assert ended.code == 0
    assert "ignored, of no format that can be imported: logo.png\n" in ended.err
    assert ".git" not in ended.err


def test_files_of_all_formats_are_brought_as_they_are(
    helpdesk: Command, acme: FakeMesh, folder: Path
) -> None:
    for name in ("page.html", "old.HTM", "guide.pdf", "steps.docx", "latin.md"):
        (folder / name).write_bytes(b"bytes of " + name.encode() + b" \xfc")
    ended = helpdesk("kb", "import", str(folder), "--tenant", "acme")
    assert ended.code == 0, ended.err
    assert {"page.html", "old.HTM", "guide.pdf", "steps.docx", "latin.md"} <= {
        *acme.search.documents
    }
    acme.search.puts.clear()
    helpdesk("kb", "import", str(folder), "--tenant", "acme")
    assert acme.search.puts == []


def test_a_document_that_was_put_as_text_is_recognised(
    helpdesk: Command, acme: FakeMesh, folder: Path
) -> None:
    helpdesk("kb", "import", str(folder), "--tenant", "acme")
    for document in acme.search.documents.values():
        document.source_sha256 = ""
    acme.search.puts.clear()
    ended = helpdesk("kb", "import", str(folder), "--tenant", "acme")
    assert acme.search.puts == []
    assert ended.out == "0 added, 0 updated, 3 unchanged, 0 failed; 0 passages\n"


def test_what_an_import_left_out_is_said(helpdesk: Command, acme: FakeMesh, folder: Path) -> None:
    acme.imports.warnings["index.md"] = "2 invisible characters were removed"
    ended = helpdesk("kb", "import", str(folder), "--tenant", "acme")
    assert ended.code == 0
    assert "imported, but index.md: 2 invisible characters were removed\n" in ended.err


@pytest.mark.parametrize(
    "reason",
    [
        "DOCUMENT_FORMAT_UNKNOWN",
        "DOCUMENT_FORMAT_MISMATCH",
        "DOCUMENT_DAMAGED",
        "DOCUMENT_ENCRYPTED",
        "DOCUMENT_ONLY_PICTURES",
        "DOCUMENT_TOO_LARGE",
        "DOCUMENT_UNSAFE",
        "DOCUMENT_TOO_COSTLY",
        "DOCUMENT_CONVERSION_FAILED",
        "DOCUMENT_ENCODING_UNCLEAR",
    ],
)
def test_a_file_that_cannot_be_converted_is_named_with_the_services_words(
    helpdesk: Command, acme: FakeMesh, folder: Path, reason: str
) -> None:
    def refuse_one(document: search_pb2.KnowledgeDocument, context: grpc.ServicerContext) -> None:
        if document.source_uri == "index.md":
            why = refusal(code_pb2.INVALID_ARGUMENT, reason, detail="broken {in two}")
            context.abort_with_status(why)

    acme.search.before_put = refuse_one
    ended = helpdesk("kb", "import", str(folder), "--tenant", "acme")
    assert ended.code == 1
    assert "not imported: index.md: broken {in two}" in ended.err
    assert sorted(acme.search.documents) == ["notes.txt", "tools/slack.md"]


def test_an_article_that_the_service_refuses_is_named_and_the_others_are_brought(
    helpdesk: Command, acme: FakeMesh, folder: Path
) -> None:
    def refuse_one(document: search_pb2.KnowledgeDocument, context: grpc.ServicerContext) -> None:
        if document.source_uri == "index.md":
            context.abort_with_status(refusal(code_pb2.INVALID_ARGUMENT, "DOCUMENT_NOT_TEXT"))

    acme.search.before_put = refuse_one
    ended = helpdesk("kb", "import", str(folder), "--tenant", "acme")
    assert ended.code == 1
    assert "not imported: index.md: not UTF-8 text" in ended.err
    assert sorted(acme.search.documents) == ["notes.txt", "tools/slack.md"]


def test_a_page_of_front_matter_only_is_named_but_is_no_failure(
    helpdesk: Command, acme: FakeMesh, folder: Path
) -> None:
    def refuse_one(document: search_pb2.KnowledgeDocument, context: grpc.ServicerContext) -> None:
        if document.source_uri == "index.md":
            context.abort_with_status(refusal(code_pb2.INVALID_ARGUMENT, "DOCUMENT_EMPTY"))

    acme.search.before_put = refuse_one
    ended = helpdesk("kb", "import", str(folder), "--tenant", "acme")
    assert ended.code == 0
    assert "no text to search in index.md\n" in ended.err
    assert ended.out == "2 added, 0 updated, 0 unchanged, 1 without text, 0 failed; 4 passages\n"


def test_a_full_database_stops_the_import_and_says_how_to_go_on(
    helpdesk: Command, acme: FakeMesh, folder: Path
) -> None:
    def full(document: search_pb2.KnowledgeDocument, context: grpc.ServicerContext) -> None:
        context.abort_with_status(refusal(code_pb2.RESOURCE_EXHAUSTED, "STORAGE_UNAVAILABLE"))

    acme.search.before_put = full
    ended = helpdesk("kb", "import", str(folder), "--tenant", "acme")
    assert ended.code == 1
    assert "The import stopped: The database cannot be written; nothing was stored." in ended.err
    assert "run the same command again" in ended.err


def test_an_import_that_was_killed_half_way_goes_on(
    helpdesk: Command, acme: FakeMesh, data: Path, folder: Path
) -> None:
    for number in range(30):
        (folder / f"article-{number:02}.md").write_text(f"Article {number}.\n")
    half_way, killed = threading.Event(), threading.Event()

    def wait_half_way(document: search_pb2.KnowledgeDocument, _: grpc.ServicerContext) -> None:
        if len(acme.search.puts) >= 15:
            half_way.set()
            killed.wait(10)

    acme.search.before_put = wait_half_way
    importing = subprocess.Popen(
        [*HELPDESK, "kb", "import", str(folder), "--tenant", "acme"],
        env=environment(data, HELPDESK_ADDRESS=acme.url),
    )
    assert half_way.wait(20)
    importing.send_signal(signal.SIGKILL)
    importing.wait()
    killed.set()

    acme.search.before_put = lambda document, context: None
    before = set(acme.search.documents)
    assert 15 <= len(before) < 33
    ended = helpdesk("kb", "import", str(folder), "--tenant", "acme", "-o", "json")
    assert ended.code == 0
    assert len(acme.search.documents) == 33
    assert all(document.version == 1 for document in acme.search.documents.values())
    assert set(ended.json["added"]).isdisjoint(before)


def test_a_folder_that_is_none(helpdesk: Command, acme: FakeMesh, tmp_path: Path) -> None:
    ended = helpdesk("kb", "import", str(tmp_path / "nothing"), "--tenant", "acme")
    assert (ended.code, ended.out) == (1, "")
    assert "is not a folder" in ended.err
