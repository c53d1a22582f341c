"""`helpdesk kb access` and `kb import --reader`: who may read which articles."""

from pathlib import Path

import pytest

from helpdesk.auth.v1 import auth_pb2
from helpdesk.search.v1 import readers_pb2
from tests.cli.conftest import Command
from tests.cli.fake_mesh import PASSWORD, FakeMesh

AGENTS = readers_pb2.Readers(roles=["agent"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "articles"
    root.mkdir()
    (root / "codes.md").write_text("# Codes\n\nKept in the safe.\n")
    return root


def test_an_import_names_category_and_readers(
    helpdesk: Command, acme: FakeMesh, folder: Path
) -> None:
    options = ("--tenant", "acme", "--category", "plant", "--reader", "agent", "--reader", "user:7")
    ended = helpdesk("kb", "import", str(folder), *options)
    assert ended.code == 0, ended.err
    stored = acme.search.documents["codes.md"]
    assert stored.category == "plant"
    assert stored.readers == readers_pb2.Readers(roles=["agent"], user_ids=["7"])
    acme.search.puts.clear()
    assert "1 unchanged" in helpdesk("kb", "import", str(folder), *options).out
    assert acme.search.puts == []


def test_an_import_without_readers_leaves_them_alone(
    helpdesk: Command, acme: FakeMesh, folder: Path
) -> None:
    helpdesk("kb", "import", str(folder), "--tenant", "acme", "--reader", "agent")
    (folder / "codes.md").write_text("# Codes\n\nKept in the red safe.\n")
    ended = helpdesk("kb", "import", str(folder), "--tenant", "acme")
    assert ended.out == "0 added, 1 updated, 0 unchanged, 0 failed; 2 passages\n"
    assert acme.search.documents["codes.md"].readers == AGENTS


def test_an_import_with_other_readers_is_an_update(
    helpdesk: Command, acme: FakeMesh, folder: Path
) -> None:
    helpdesk("kb", "import", str(folder), "--tenant", "acme")
    ended = helpdesk("kb", "import", str(folder), "--tenant", "acme", "--reader", "agent")
    assert ended.out == "0 added, 1 updated, 0 unchanged, 0 failed; 0 passages\n"
    assert acme.search.documents["codes.md"].version == 1


def test_a_category_is_closed_shown_and_opened(
    helpdesk: Command, acme: FakeMesh, folder: Path
) -> None:
    helpdesk("kb", "import", str(folder), "--tenant", "acme", "--category", "plant")
    closed = helpdesk("kb", "access", "set", "plant", "--tenant", "acme", "--reader", "agent")
    assert (closed.code, closed.out) == (0, "")
    assert "plant: for agent\n" in closed.err
    assert acme.categories.readers["plant"] == AGENTS
    shown = helpdesk("kb", "access", "show", "plant", "--tenant", "acme", "-o", "json")
    (category,) = shown.json["categories"]
    assert (category["category"], category["readers"]["roles"]) == ("plant", ["agent"])
    opened = helpdesk("kb", "access", "set", "plant", "--tenant", "acme", "--everybody")
    assert "plant: for everybody\n" in opened.err
    assert acme.categories.readers["plant"] == readers_pb2.Readers()


def test_a_category_may_be_closed_before_there_is_anything_in_it(
    helpdesk: Command, acme: FakeMesh
) -> None:
    ended = helpdesk("kb", "access", "set", "plant", "--tenant", "acme", "--reader", "agent")
    assert "no article is in this category yet" in ended.err


def test_a_category_that_nobody_knows_is_named(helpdesk: Command, acme: FakeMesh) -> None:
    ended = helpdesk("kb", "access", "show", "plant", "--tenant", "acme")
    assert ended.code == 1
    assert "No article is in the category plant" in ended.err


def test_an_article_is_restricted_by_its_source_and_listed_so(
    helpdesk: Command, acme: FakeMesh, folder: Path
) -> None:
    helpdesk("kb", "import", str(folder), "--tenant", "acme")
    assert "Readers" not in helpdesk("kb", "list", "--tenant", "acme").out
    ended = helpdesk("kb", "access", "article", "codes.md", "--tenant", "acme", "--reader", "agent")
    assert "codes.md: for agent\n" in ended.err
    assert acme.search.documents["codes.md"].readers == AGENTS
    assert "agent" in helpdesk("kb", "list", "--tenant", "acme").out


def test_an_address_stands_for_its_user(helpdesk: Command, acme: FakeMesh) -> None:
    bob = acme.people.add(auth_pb2.User(email="Bob@acme.example"), PASSWORD)
    options = ("--tenant", "acme", "--reader", "bob@acme.example")
    assert helpdesk("kb", "access", "set", "plant", *options).code == 0
    assert acme.categories.readers["plant"] == readers_pb2.Readers(user_ids=[bob.user_id])


def test_an_address_of_nobody_is_named_and_nothing_is_set(
    helpdesk: Command, acme: FakeMesh
) -> None:
    options = ("--tenant", "acme", "--reader", "eve@acme.example")
    ended = helpdesk("kb", "access", "set", "plant", *options)
    assert ended.code == 1
    assert "eve@acme.example is not a user of this tenant" in ended.err
    assert acme.categories.readers == {}


@pytest.mark.parametrize("options", [(), ("--everybody", "--reader", "agent")])
def test_who_may_read_has_to_be_said(
    helpdesk: Command, acme: FakeMesh, options: tuple[str, ...]
) -> None:
    ended = helpdesk("kb", "access", "set", "plant", "--tenant", "acme", *options)
    assert ended.code == 1
    assert "--reader once or more, or --everybody" in ended.err
    assert acme.categories.readers == {}
