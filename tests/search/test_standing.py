"""States and dates behind the index: the same questions to the fake and to both databases."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from services.mesh.database import Database
from services.mesh.ids import new_id
from services.search.domain import Category, Chunk, KnowledgeDocument, next_version
from services.search.ports import DocumentStore
from services.search.publication import (
    ALWAYS,
    BEGINNING,
    IN_FORCE,
    DocumentState,
    Period,
    Standing,
)
from services.search.readers import EVERYBODY, Reader, Readers, curator
from services.search.revisions import Revision
from services.search.server import MIGRATIONS
from services.search.store import SqlDocumentStore
from tests.search.builders import ACME, GLOBEX, NOON, a_chunk, an_article, an_embedding
from tests.search.clocks import TurnedClock
from tests.search.fakes import FakeDocumentStore

JOE = Reader(ACME, frozenset({"role:customer", "user:joe"}))
DANA = curator(ACME)
NEXT_WEEK, IN_TWO_WEEKS = NOON + timedelta(days=7), NOON + timedelta(days=14)
DRAFT, PUBLISHED, ARCHIVED = DocumentState.DRAFT, DocumentState.PUBLISHED, DocumentState.ARCHIVED


@dataclass
class Archive:
    store: DocumentStore
    clock: TurnedClock

    async def keep(
        self,
        content: str,
        state: DocumentState | None = None,
        period: Period | None = None,
        category: str = "",
    ) -> tuple[KnowledgeDocument, Chunk]:
        async with self.store.transaction(DANA) as documents:
            claimed = await documents.claim("a.md", new_id(), self.clock())
            text = an_article(
                content,
                source_uri="a.md",
                title=content,
                category=category,
                state=state,
                period=period,
            )
            document = next_version(claimed, text, 1, self.clock())
            chunk = a_chunk(content, document_id=document.document_id, version=document.version)
            await documents.keep(document, [chunk], [an_embedding(chunk)])
        return document, chunk

    async def publish(self, document_id: str, chunk: Chunk | None = None) -> None:
        async with self.store.transaction(DANA) as documents:
            locked = await documents.lock(document_id)
            assert locked is not None
            published = replace(
                locked, published_version=locked.version, archive_time=None, chunk_count=1
            )
            chunks = [chunk] if chunk else []
            vectors = [an_embedding(one) for one in chunks]
            await documents.publish(published, chunks, vectors, self.clock())

    async def archive(self, document_id: str) -> None:
        async with self.store.transaction(DANA) as documents:
            locked = await documents.lock(document_id)
            assert locked is not None
            await documents.archive(replace(locked, archive_time=self.clock()))

    async def ways_in(self, reader: Reader, document_id: str, chunk: Chunk) -> list[str]:
        async with self.store.transaction(reader) as documents:
            found = {
                "find": await documents.find(document_id),
                "find_by_source_uri": await documents.find_by_source_uri("a.md"),
                "find_version": await documents.find_version(document_id, chunk.version),
                "is_known": await documents.is_known(document_id),
                "list_documents": await documents.list_documents(limit=9, after=""),
                "terms_of": await documents.terms_of([chunk.chunk_id]),
                "passages": await documents.passages([chunk.chunk_id]),
                "terms": await documents.terms(),
                "lock": await documents.lock(document_id),
                "set_readers": await documents.set_readers(document_id, EVERYBODY),
                "revision_of": await documents.revision_of(document_id),
                "indexed_text": await documents.indexed_text(document_id),
            }
        return [name for name, answer in found.items() if answer]


EVERY_WAY = 12
ONCE_SHOWN = ["find_version", "is_known"]
OF_SEARCH = {"passages", "terms"}


@pytest.fixture(params=["fake", "sqlite", "postgresql"])
async def archive(request: pytest.FixtureRequest) -> AsyncIterator[Archive]:
    clock = TurnedClock()
    if request.param == "fake":
        yield Archive(FakeDocumentStore(clock), clock)
        return
    database = Database(request.getfixturevalue(f"{request.param}_url"))
    await database.migrate(MIGRATIONS)
    yield Archive(SqlDocumentStore(database, clock), clock)
    await database.close()


async def test_a_draft_is_shown_to_those_only_who_see_all(archive: Archive) -> None:
    draft, chunk = await archive.keep("One.", DRAFT)
    assert await archive.ways_in(JOE, draft.document_id, chunk) == []
    assert await archive.ways_in(Reader(GLOBEX, sees_all=True), draft.document_id, chunk) == []
    async with archive.store.reading(DANA) as documents:
        assert await documents.find(draft.document_id) == draft
        assert await documents.list_documents(limit=9, after="") == [replace(draft, content="")]
        assert await documents.passages([chunk.chunk_id]) == {}
        assert await documents.terms() == []
        assert await documents.revision_of(draft.document_id) is None
        assert await documents.indexed_text(draft.document_id) is None
        version = await documents.find_version(draft.document_id, 1)
    assert await archive.store.revisions() == {}
    assert version is not None
    assert (version.state, version.publish_time, version.content) == (DRAFT, None, "One.")


async def test_others_go_on_with_the_published_version_of_a_draft(archive: Archive) -> None:
    first, chunk = await archive.keep("One.", category="plant")
    draft, new_chunk = await archive.keep("Two.", DRAFT, category="hr")
    assert draft.published_version == 1
    async with archive.store.reading(JOE) as documents:
        shown = await documents.find(first.document_id)
        listed = await documents.list_documents(limit=9, after="")
        assert await documents.list_categories() == [Category("plant", EVERYBODY, 1)]
        assert await documents.find_version(first.document_id, 2) is None
        passages = await documents.passages([chunk.chunk_id, new_chunk.chunk_id])
    assert shown == first
    assert listed == [replace(first, content="")]
    assert {one.title for one in passages.values()} == {"One."}
    async with archive.store.reading(DANA) as documents:
        assert await documents.find(first.document_id) == draft
        assert await documents.list_categories() == [Category("hr", EVERYBODY, 1)]
        text = await documents.indexed_text(first.document_id)
    assert text is not None
    assert text.revision == Revision(1, 1, "plant")
    assert await archive.store.revisions() == {(ACME, first.document_id): text.revision}


async def test_a_draft_of_another_category_opens_nothing(archive: Archive) -> None:
    document, chunk = await archive.keep("One.", category="plant")
    async with archive.store.transaction(DANA) as documents:
        await documents.set_category_readers("plant", Readers.of(["agent"], []), new_id())
    await archive.keep("Two.", DRAFT, category="open")
    assert await archive.ways_in(JOE, document.document_id, chunk) == []
    # Control: published in the open category, it is open.
    second, chunk = await archive.keep("Three.", PUBLISHED, category="open")
    assert len(await archive.ways_in(JOE, second.document_id, chunk)) == EVERY_WAY


async def test_publishing_a_draft_makes_its_chunks_the_documents(archive: Archive) -> None:
    _, old_chunk = await archive.keep("One.")
    draft, _ = await archive.keep("Two.", DRAFT, Period(None, NEXT_WEEK))
    chunk = a_chunk("Two.", document_id=draft.document_id, version=2)
    archive.clock.turn(hours=1)
    await archive.publish(draft.document_id, chunk)
    async with archive.store.reading(JOE) as documents:
        found = await documents.find(draft.document_id)
        assert set(await documents.passages([old_chunk.chunk_id, chunk.chunk_id])) == {
            chunk.chunk_id
        }
        old = await documents.find_version(draft.document_id, 1)
        version = await documents.find_version(draft.document_id, 2)
    assert found is not None
    assert (found.version, found.content, found.state, found.chunk_count) == (
        2,
        "Two.",
        PUBLISHED,
        1,
    )
    assert old is not None
    assert version is not None
    assert (old.state, version.state) == (ARCHIVED, PUBLISHED)
    assert (version.create_time, version.publish_time) == (NOON, NOON + timedelta(hours=1))
    assert version.period == Period(None, NEXT_WEEK)


async def test_an_archived_document_keeps_its_chunks_out_of_sight(archive: Archive) -> None:
    document, chunk = await archive.keep("One.")
    await archive.archive(document.document_id)
    assert await archive.ways_in(JOE, document.document_id, chunk) == ONCE_SHOWN
    assert OF_SEARCH.isdisjoint(await archive.ways_in(DANA, document.document_id, chunk))
    async with archive.store.reading(DANA) as documents:
        text = await documents.indexed_text(document.document_id)
        version = await documents.find_version(document.document_id, 1)
    assert text is not None
    assert text.standing == Standing(is_archived=True)
    assert await archive.store.revisions() == {(ACME, document.document_id): text.revision}
    assert version is not None
    assert version.state is ARCHIVED
    await archive.publish(document.document_id)
    assert len(await archive.ways_in(JOE, document.document_id, chunk)) == EVERY_WAY
    assert (await archive.store.revisions())[ACME, document.document_id].standing == IN_FORCE


async def test_the_clock_alone_opens_and_closes(archive: Archive) -> None:
    document, chunk = await archive.keep("One.", period=Period(NEXT_WEEK, IN_TWO_WEEKS))
    just_before = timedelta(microseconds=1)
    for moment, ways in (
        (NOON, 0),
        (NEXT_WEEK - just_before, 0),
        (NEXT_WEEK, EVERY_WAY),
        (IN_TWO_WEEKS - just_before, EVERY_WAY),
        (IN_TWO_WEEKS, len(ONCE_SHOWN)),
    ):
        archive.clock.now = moment
        assert len(await archive.ways_in(JOE, document.document_id, chunk)) == ways
        of_search = OF_SEARCH.intersection(await archive.ways_in(DANA, document.document_id, chunk))
        assert bool(of_search) == (ways == EVERY_WAY)
    standing = (await archive.store.revisions())[ACME, document.document_id].standing
    assert standing == Standing(period=Period(NEXT_WEEK, IN_TWO_WEEKS))


async def test_a_view_changes_when_something_begins_or_ends_and_not_before(
    archive: Archive,
) -> None:
    async def since(reader: Reader) -> object:
        async with archive.store.reading(reader) as documents:
            return (await documents.view()).since

    await archive.keep("One.", period=Period(NEXT_WEEK, IN_TWO_WEEKS))
    for moment, last in (
        (NOON, BEGINNING),
        (NEXT_WEEK, NEXT_WEEK),
        (NEXT_WEEK + timedelta(days=3), NEXT_WEEK),
        (IN_TWO_WEEKS + timedelta(days=3), IN_TWO_WEEKS),
    ):
        archive.clock.now = moment
        assert await since(JOE) == await since(DANA) == last
        assert await since(Reader(GLOBEX)) == BEGINNING


@pytest.mark.parametrize("how", ["replaced", "archived", "archived by a put", "deleted"])
async def test_what_was_taken_back_before_it_began_is_never_shown(
    archive: Archive, how: str
) -> None:
    document, chunk = await archive.keep("One.", period=Period(NEXT_WEEK))
    if how == "replaced":
        await archive.keep("Two.", period=ALWAYS)
    elif how == "archived":
        await archive.archive(document.document_id)
    elif how == "archived by a put":
        await archive.keep("Two.", ARCHIVED)
    else:
        async with archive.store.transaction(DANA) as documents:
            await documents.remove(document.document_id, archive.clock())
    archive.clock.now = IN_TWO_WEEKS
    assert "find_version" not in await archive.ways_in(JOE, document.document_id, chunk)


async def test_a_deleted_document_has_nothing_published_any_more(archive: Archive) -> None:
    document, chunk = await archive.keep("One.")
    async with archive.store.transaction(DANA) as documents:
        await documents.remove(document.document_id, archive.clock())
    draft, _ = await archive.keep("Two.", DRAFT)
    assert (draft.version, draft.published_version) == (2, 0)
    assert await archive.ways_in(JOE, document.document_id, chunk) == ONCE_SHOWN
