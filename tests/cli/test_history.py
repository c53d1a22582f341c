"""`helpdesk kb history`, `diff`, `publish`, `archive` and `rollback`."""

from datetime import UTC, datetime, timedelta

import pytest

from helpdesk.search.v1 import publication_pb2, search_pb2
from tests.cli.conftest import Command
from tests.cli.fake_mesh import FakeMesh

DRAFT = publication_pb2.DOCUMENT_STATE_DRAFT
PUBLISHED = publication_pb2.DOCUMENT_STATE_PUBLISHED
ARCHIVED = publication_pb2.DOCUMENT_STATE_ARCHIVED
ACME = ("--tenant", "acme")


def a_version(
    number: int,
    state: publication_pb2.DocumentState.ValueType,
    title: str = "Press",
    restored_version: int = 0,
) -> search_pb2.DocumentVersion:
    version = search_pb2.DocumentVersion(
        version=number, state=state, title=title, restored_version=restored_version
    )
    version.create_time.FromJsonString("2026-03-02T12:00:00Z")
    if state != DRAFT:
        version.publish_time.FromJsonString("2026-03-03T12:00:00Z")
    return version


@pytest.fixture(autouse=True)
def article(acme: FakeMesh) -> search_pb2.KnowledgeDocument:
    document = search_pb2.KnowledgeDocument(
        document_id="document-1", source_uri="press.md", version=3, state=PUBLISHED
    )
    acme.search.documents["press.md"] = document
    acme.versions.versions = [
        a_version(3, DRAFT, "Press \x1b[31mtoday", restored_version=1),
        a_version(2, PUBLISHED),
        a_version(1, ARCHIVED, "Old press"),
    ]
    return document


def test_the_history_is_a_table_with_the_newest_first(helpdesk: Command) -> None:
    ended = helpdesk("kb", "history", "press.md", *ACME)
    assert ended.code == 0, ended.err
    rows = [
        line.split() for line in ended.out.splitlines() if line.split()[:1] in (["3"], ["2"], ["1"])
    ]
    assert [row[:2] for row in rows] == [["3", "draft"], ["2", "published"], ["1", "archived"]]
    assert "(version 1 again)" in ended.out
    assert "\x1b" not in ended.out
    assert "hint: helpdesk kb diff press.md 2 3" in ended.err


def test_dates_have_a_column_where_a_version_has_any(helpdesk: Command, acme: FakeMesh) -> None:
    assert "Holds" not in helpdesk("kb", "history", "press.md", *ACME).out
    dates = acme.versions.versions[0].effective_dates
    dates.effective_until.FromJsonString("2027-01-06T12:00:00Z")
    ended = helpdesk("kb", "history", "press.md", *ACME)
    assert "Holds" in ended.out
    assert "until 2027-01-06" in ended.out


def test_the_history_as_json_and_no_more_of_it_than_asked(helpdesk: Command) -> None:
    ended = helpdesk("kb", "history", "press.md", "--limit", "2", *ACME, "-o", "json")
    assert [one["version"] for one in ended.json["versions"]] == [3, 2]
    assert ended.json["versions"][0]["state"] == "DOCUMENT_STATE_DRAFT"
    assert "hint" not in ended.err


def test_a_difference_reads_like_that_of_other_tools(helpdesk: Command) -> None:
    ended = helpdesk("kb", "diff", "press.md", "1", "2", *ACME)
    assert ended.code == 0, ended.err
    assert ended.out.splitlines() == [
        "--- version 1",
        "+++ version 2",
        "@@ -1,2 +1,2 @@",
        " # Press",
        "-Ten[31m.",
        "+Forty.",
    ]
    assert "title: Old press → Press" in ended.err


def test_versions_left_out_are_the_newest_and_the_one_before(
    helpdesk: Command, acme: FakeMesh
) -> None:
    helpdesk("kb", "diff", "press.md", *ACME)
    helpdesk("kb", "diff", "press.md", "1", *ACME)
    assert acme.versions.compared == [(2, 3), (1, 3)]
    del acme.versions.versions[1:]
    ended = helpdesk("kb", "diff", "press.md", *ACME)
    assert ended.code == 1
    assert "The article has one version only." in ended.err


def test_the_same_content_is_said_to_be_the_same(helpdesk: Command) -> None:
    ended = helpdesk("kb", "diff", "press.md", "2", "2", *ACME)
    assert (ended.code, ended.out) == (0, "")
    assert "versions 2 and 2 have the same content" in ended.err


def test_an_article_is_archived_and_published_again(
    helpdesk: Command, article: search_pb2.KnowledgeDocument
) -> None:
    ended = helpdesk("kb", "archive", "press.md", *ACME)
    assert (ended.code, article.state) == (0, ARCHIVED)
    assert "press.md: archived" in ended.err
    ended = helpdesk("kb", "publish", "press.md", *ACME, "-o", "json")
    assert (ended.json["state"], article.state) == ("DOCUMENT_STATE_PUBLISHED", PUBLISHED)


def test_a_version_that_was_overtaken_is_not_published(helpdesk: Command) -> None:
    ended = helpdesk("kb", "publish", "press.md", "--version", "2", *ACME)
    assert ended.code == 1
    assert "A newer version has been put since version 2." in ended.err
    assert "helpdesk kb history" in ended.err


def test_a_rollback_says_which_version_came_of_it(helpdesk: Command) -> None:
    ended = helpdesk("kb", "rollback", "press.md", "1", *ACME)
    assert ended.code == 0, ended.err
    assert "press.md: version 4 says what version 1 said" in ended.err


def test_it_is_said_when_nobody_finds_what_was_published(
    helpdesk: Command, article: search_pb2.KnowledgeDocument
) -> None:
    article.effective_dates.effective_from.FromDatetime(datetime.now(UTC) + timedelta(days=2))
    ended = helpdesk("kb", "publish", "press.md", *ACME)
    assert "nobody finds it now: from " in ended.err
    article.effective_dates.effective_from.FromDatetime(datetime.now(UTC) - timedelta(days=2))
    assert "nobody finds" not in helpdesk("kb", "publish", "press.md", *ACME).err


def test_an_article_that_is_not_there(helpdesk: Command) -> None:
    for words in (("history",), ("diff", "1", "2"), ("publish",), ("archive",), ("rollback", "1")):
        ended = helpdesk("kb", words[0], "no-such.md", *words[1:], *ACME)
        assert ended.code == 1
        assert "There is no such document." in ended.err


def test_the_list_of_articles_has_states_where_they_say_something(
    helpdesk: Command, acme: FakeMesh, article: search_pb2.KnowledgeDocument
) -> None:
    assert "State" not in helpdesk("kb", "list", *ACME).out
    article.state, article.published_version = DRAFT, 2
    article.effective_dates.effective_until.FromJsonString("2027-01-06T12:00:00Z")
    listed = helpdesk("kb", "list", *ACME).out
    assert "State" in listed
    assert "draft, published is 2 until 2027-01-06" in listed
