"""`helpdesk eval`."""

from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.cli.fake_mesh import FakeMesh

QUESTIONS = """
questions:
  - question: How do I get in from home?
    documents: [vpn.md, remote.md]
  - question: Who changes the toner?
    documents: [ink.md]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    written = tmp_path / "questions.yaml"
    written.write_text(QUESTIONS)
    return written


def test_a_file_becomes_a_golden_set(helpdesk: Command, acme: FakeMesh, file: Path) -> None:
    ended = helpdesk("eval", "put", "mine", str(file))
    assert ended.code == 0, ended.err
    assert "mine: 2 questions" in ended.err
    assert "helpdesk eval retrieval --set mine" in ended.err
    (kept,) = acme.evaluations.kept.values()
    assert [list(one.source_uris) for one in kept.questions] == [
        ["vpn.md", "remote.md"],
        ["ink.md"],
    ]


def test_its_figures_are_printed_with_their_intervals(
    helpdesk: Command, acme: FakeMesh, file: Path
) -> None:
    helpdesk("eval", "put", "mine", str(file))
    acme.evaluations.missing = ["old.md"]
    ended = helpdesk("eval", "retrieval", "--set", "mine")
    assert ended.code == 0, ended.err
    assert "recall@5" in ended.out
    assert "0.500 (0.25 to 0.75)" in ended.out
    assert "no article has the source old.md" in ended.err
    assert helpdesk("eval", "retrieval", "--set", "mine", "-o", "json").json["questionCount"] == 2


def test_a_set_is_found_by_its_name_on_every_page(
    helpdesk: Command, acme: FakeMesh, file: Path
) -> None:
    for name in ("a", "b", "c"):
        helpdesk("eval", "put", name, str(file))
    assert helpdesk("eval", "retrieval", "--set", "c").code == 0
    assert len(helpdesk("eval", "list", "-o", "json").json["goldenSets"]) == 3
    assert len(acme.evaluations.kept) == 3


def test_a_deleted_set_is_gone(helpdesk: Command, acme: FakeMesh, file: Path) -> None:
    helpdesk("eval", "put", "mine", str(file))
    assert helpdesk("eval", "delete", "mine", "--yes").code == 0
    assert acme.evaluations.kept == {}
    again = helpdesk("eval", "delete", "mine", "--yes")
    assert again.code == 1
    assert "There is no golden set mine." in again.err


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("questions: [", "is not YAML"),
        ("- just a list", "holds no questions"),
        ("questions: []", "holds no questions"),
        ("questions: [{documents: [a.md]}]", "says no `question` at number 1"),
        ("questions: [{question: why}]", "names no `documents` at number 1"),
    ],
)
def test_a_file_that_says_something_else_is_named_with_what_is_wrong(
    helpdesk: Command, acme: FakeMesh, tmp_path: Path, content: str, what: str
) -> None:
    written = tmp_path / "wrong.yaml"
    written.write_text(content)
    ended = helpdesk("eval", "put", "mine", str(written))
    assert ended.code == 1
    assert str(written) in ended.err
    assert what in ended.err
    assert acme.evaluations.kept == {}
