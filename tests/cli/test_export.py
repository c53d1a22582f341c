"""`helpdesk kb export`, and that an import brings back what it wrote, to the letter."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.search.v1 import publication_pb2, readers_pb2, search_pb2
from services.cli.knowledge.exported import document_of, file_of, is_exported
from services.cli.knowledge.files import Unreadable
from services.cli.knowledge.paths import Paths
from services.mesh.caller import acting_as
from services.search.convert import document_to, text_from
from services.search.domain import DocumentText, KnowledgeDocument
from services.search.publication import DocumentState, Period
from services.search.readers import Readers
from services.search.server import Parts, assemble
from services.search.use_cases import put_document
from tests.cli.conftest import Command
from tests.cli.fake_mesh import FakeMesh
from tests.search.builders import GLOBEX, somebody
from tests.search.clocks import TurnedClock
from tests.search.fakes import FakeDocumentStore, FakeEncoder, FakeIndex

ACME = ("--tenant", "acme")
CONTENT = "---\r\ntitle: Its own\r\n---\r\n\ufeff# Press\r\n\r\nOpen valve K-17.  \n\n---\n\nend"
OWN_FRONT_MATTER = st.sampled_from(
    ["", "---\ntitle: Own\n---\n", "---\nhelpdesk: article\ntitle: Trick\n---\n", "\ufeff", "---\n"]
)
# What no text may hold is refused long before an export.
CHARACTERS = st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\t\n\r\x1b\x85:#'\"")
NAMES = st.text("aAbé/ .-_0:\\\n*", min_size=1, max_size=30)
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@st.composite
def texts(draw: st.DrawFn) -> DocumentText:
    begin, end = draw(st.none() | MOMENTS), draw(st.none() | MOMENTS)
    if begin and end and end <= begin:
        begin, end = end, begin + timedelta(microseconds=1)
    roles = draw(st.lists(st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True), max_size=3))
    users = draw(st.lists(st.from_regex(r"[A-Za-z0-9._-]{1,8}", fullmatch=True), max_size=3))
    return DocumentText(
        source_uri=draw(NAMES | NAMES.map(lambda name: f"{name}.md")),
        title=draw(st.text(CHARACTERS, max_size=30)),
        category=draw(st.text(CHARACTERS, max_size=20)),
        content=f"{draw(OWN_FRONT_MATTER)}{draw(st.text(CHARACTERS, max_size=80))}\nwords",
        readers=Readers.of(roles, users),
        state=draw(st.sampled_from(DocumentState)),
        period=Period(begin, end),
    )


async def brought(parts: Parts, text: DocumentText) -> KnowledgeDocument:
    return await put_document(parts.library, text)


async def round_trip(given_texts: Sequence[DocumentText], folder: dict[str, bytes]) -> None:
    parts = assemble(FakeDocumentStore(), FakeIndex(), FakeEncoder(), TurnedClock())
    await parts.indexing.compare()
    with acting_as(somebody()):
        ours = [document_to(await brought(parts, text)) for text in given_texts]
    paths = Paths()
    for document in ours:
        path = paths.of(document.source_uri)
        folder[path] = file_of(document, path)
    with acting_as(somebody(GLOBEX)):
        theirs = [
            document_to(await brought(parts, text_from(document_of(data, path))))
            for path, data in folder.items()
        ]
    for one, other in zip(ours, theirs, strict=True):
        assert one.document_id != other.document_id
        for output_only in ("document_id", "create_time", "update_time"):
            one.ClearField(output_only)
            other.ClearField(output_only)
        assert one == other


@settings(deadline=None, max_examples=200)
@given(st.lists(texts(), min_size=1, max_size=4, unique_by=lambda text: text.source_uri))
def test_whatever_is_exported_comes_back_into_another_tenant_as_it_was(
    given_texts: list[DocumentText],
) -> None:
    folder: dict[str, bytes] = {}
    asyncio.run(round_trip(given_texts, folder))
    # On any file system: no two files are one, and no file is a folder.
    names = [path.casefold() for path in folder]
    assert len(set(names)) == len(given_texts)
    assert not any(other.startswith(f"{name}/") for name in names for other in names)
    for path in folder:
        assert not Path(path).is_absolute()
        assert all(name.strip(". ") and not name.startswith(".") for name in path.split("/"))
        assert all(len(name.encode()) <= 255 for name in path.split("/"))


@pytest.fixture
def filled(acme: FakeMesh) -> FakeMesh:
    context = None
    for document in (
        search_pb2.KnowledgeDocument(source_uri="press/coolant.md", content=CONTENT, category="hr"),
        search_pb2.KnowledgeDocument(
            source_uri="https://wiki.example/press?id=7",
            title="Press: the codes",
            content="Words.",
            readers=readers_pb2.Readers(roles=["agent"], user_ids=["7"]),
            state=publication_pb2.DOCUMENT_STATE_DRAFT,
        ),
        search_pb2.KnowledgeDocument(source_uri="../../etc/passwd.md", content="Words."),
    ):
        acme.search.put(document, context)  # type: ignore[arg-type]
    dates = acme.search.documents["press/coolant.md"].effective_dates
    dates.effective_until.FromJsonString("2027-01-06T12:00:00.000250Z")
    return acme


def test_each_article_is_a_file_with_all_that_belongs_to_it(
    helpdesk: Command, filled: FakeMesh, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    ended = helpdesk("kb", "export", str(folder), *ACME)
    assert ended.code == 0, ended.err
    assert ended.out == f"3 articles written to {folder}\n"
    written = (folder / "press" / "coolant.md").read_bytes()
    assert written == (
        b"---\nhelpdesk: article\ntitle: press/coolant.md\ncategory: hr\nreaders: '*'\n"
        b"state: published\neffective_until: '2027-01-06T12:00:00.000250Z'\n---\n"
        + CONTENT.encode()
    )
    inside = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.md"))
    assert [name.partition("/")[0] for name in inside] == [*["other-sources"] * 2, "press"]
    assert not (tmp_path.parent / "etc").exists()


def test_an_export_comes_back_unchanged_here_and_whole_elsewhere(
    helpdesk: Command, filled: FakeMesh, tmp_path: Path
) -> None:
    folder = str(tmp_path / "out")
    helpdesk("kb", "export", folder, *ACME)
    filled.search.puts.clear()
    ended = helpdesk("kb", "import", folder, *ACME)
    assert ended.out == "0 added, 0 updated, 3 unchanged, 0 failed; 0 passages\n"
    assert filled.search.puts == []

    before = dict(filled.search.documents)
    filled.search.documents.clear()
    ended = helpdesk("kb", "import", folder, *ACME)
    assert ended.out == "3 added, 0 updated, 0 unchanged, 0 failed; 6 passages\n"
    assert filled.search.documents.keys() == before.keys()
    for source_uri, document in filled.search.documents.items():
        assert document == before[source_uri]


def test_a_change_of_the_front_matter_alone_is_an_update(
    helpdesk: Command, filled: FakeMesh, tmp_path: Path
) -> None:
    helpdesk("kb", "export", str(tmp_path / "out"), *ACME)
    file = tmp_path / "out" / "press" / "coolant.md"
    file.write_bytes(file.read_bytes().replace(b"state: published", b"state: archived"))
    ended = helpdesk("kb", "import", str(tmp_path / "out"), *ACME)
    assert ended.out.startswith("0 added, 1 updated, 2 unchanged")
    state = filled.search.documents["press/coolant.md"].state
    assert state == publication_pb2.DOCUMENT_STATE_ARCHIVED


def test_only_a_new_or_empty_folder_is_written_to(
    helpdesk: Command, filled: FakeMesh, tmp_path: Path
) -> None:
    (tmp_path / "mine.md").write_text("Mine.\n")
    ended = helpdesk("kb", "export", str(tmp_path), *ACME)
    assert ended.code == 1
    assert "is not an empty folder" in ended.err
    assert (
        "is not an empty folder" in helpdesk("kb", "export", str(tmp_path / "mine.md"), *ACME).err
    )
    (tmp_path / "empty").mkdir()
    assert helpdesk("kb", "export", str(tmp_path / "empty"), *ACME).code == 0


def test_what_an_export_does_not_hold_is_said(
    helpdesk: Command, filled: FakeMesh, tmp_path: Path
) -> None:
    helpdesk("kb", "access", "set", "hr", "--reader", "agent", *ACME)
    draft = filled.search.documents["https://wiki.example/press?id=7"]
    draft.version, draft.published_version = 2, 1
    ended = helpdesk("kb", "export", str(tmp_path / "out"), *ACME, "-o", "json")
    assert "who may read the category hr is not in the export" in ended.err
    assert "the draft was written, not what is published: https://wiki.example" in ended.err
    assert len(ended.json["written"]) == 3


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("title: [a, b]\n", "`title` is no text"),
        ("readers: []\n", "`readers` must name roles, users, or be `*`"),
        ("readers: {role: agent}\n", "`readers` must name roles, users, or be `*`"),
        ("state: hidden\n", "`state` must be draft, published or archived"),
        ("effective_from: tomorrow\n", "`effective_from` is no date"),
        ("colour: red\n", "says what an exported article does not"),
        ("- list\n", "says what an exported article does not"),
        ("title: a: b\n", "cannot be read"),
        ("title: \xff\n", "not UTF-8 text"),
    ],
)
def test_front_matter_that_says_nothing_clear_is_named_and_nothing_is_put(
    helpdesk: Command, acme: FakeMesh, tmp_path: Path, said: str, reason: str
) -> None:
    (tmp_path / "a.md").write_bytes(
        f"---\nhelpdesk: article\n{said}---\nWords.\n".encode("latin-1")
    )
    (tmp_path / "b.md").write_text("Words.\n")
    ended = helpdesk("kb", "import", str(tmp_path), *ACME)
    assert ended.code == 1
    assert "not imported: a.md: " in ended.err
    assert reason in ended.err
    assert list(acme.search.documents) == ["b.md"]


def test_a_date_without_a_zone_is_of_utc_and_a_day_begins_at_midnight() -> None:
    said = b"effective_from: 2027-01-06\neffective_until: 2027-01-07T08:30\n"
    dates = document_of(b"---\nhelpdesk: article\n" + said + b"---\nWords.", "a.md").effective_dates
    assert dates.effective_from.ToJsonString() == "2027-01-06T00:00:00Z"
    assert dates.effective_until.ToJsonString() == "2027-01-07T08:30:00Z"


def test_an_author_s_front_matter_is_none_of_ours() -> None:
    assert not is_exported(b"---\ntitle: helpdesk: article\n---\nWords.")
    assert is_exported(b"\xef\xbb\xbf---\r\nhelpdesk: article\r\ntitle: A\r\n---\r\nWords.")
    with pytest.raises(Unreadable):
        document_of(b"---\nhelpdesk: article\ntitle: A\n", "a.md")
