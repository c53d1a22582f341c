"""The same questions to the fake and to both databases."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from services.mesh.caller import TenantId
from services.mesh.database import Database
from services.mesh.database_address import AnyAddress, DatabaseAddress
from services.mesh.ids import new_id
from services.search.domain import Chunk, Embedding, KnowledgeDocument, next_version
from services.search.golden_sets import GoldenQuestion
from services.search.ports import DocumentStore, StoredTerms
from services.search.readers import Readers, curator
from services.search.revisions import Revision
from services.search.server import MIGRATIONS
from services.search.store import SqlDocumentStore
from services.search.tables import Table as SqlTable
from tests.search.builders import ACME, GLOBEX, NOON, a_chunk, an_article, an_embedding
from tests.search.fakes import FakeDocumentStore
from tests.support.unguarded import unguarded

LATER = NOON + timedelta(hours=1)
AGENTS = Readers.of(["agent"], [])


@pytest.fixture
async def database(database_url: AnyAddress) -> AsyncIterator[Database]:
    database = Database(database_url)
    await database.migrate(MIGRATIONS)
    yield database
    await database.close()


@pytest.fixture(params=["fake", "sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[DocumentStore]:
    if request.param == "fake":
        yield FakeDocumentStore()
        return
    database = Database(request.getfixturevalue(f"{request.param}_url"))
    await database.migrate(MIGRATIONS)
    yield SqlDocumentStore(database)
    await database.close()


async def kept(
    store: DocumentStore,
    *texts: str,
    source_uri: str = "a.md",
    tenant_id: TenantId = ACME,
    recipe: str = "recipe-1",
) -> tuple[KnowledgeDocument, list[Chunk], list[Embedding]]:
    async with store.transaction(curator(tenant_id)) as documents:
        claimed = await documents.claim(source_uri, new_id(), NOON)
        article = an_article(" ".join(texts), source_uri=source_uri, title="A title")
        document = next_version(claimed, article, len(texts), LATER)
        chunks = [
            a_chunk(
                piece,
                document_id=document.document_id,
                version=document.version,
                position=position,
            )
            for position, piece in enumerate(texts)
        ]
        embeddings = [an_embedding(chunk, recipe=recipe) for chunk in chunks]
        await documents.keep(document, chunks, embeddings)
    return document, chunks, embeddings


async def test_a_kept_document_is_found_by_id_and_by_source_uri(store: DocumentStore) -> None:
    document, _, _ = await kept(store, "One.", "Two.")
    async with store.reading(curator(ACME)) as documents:
        assert await documents.find(document.document_id) == document
        assert await documents.find_by_source_uri("a.md") == document
        assert await documents.revision_of(document.document_id) == Revision(1, 2)


async def test_another_tenant_sees_nothing_of_it(store: DocumentStore) -> None:
    document, chunks, _ = await kept(store, "One.")
    async with store.reading(curator(GLOBEX)) as documents:
        assert await documents.find(document.document_id) is None
        assert await documents.find_by_source_uri("a.md") is None
        assert await documents.find_version(document.document_id, 1) is None
        assert not await documents.is_known(document.document_id)
        assert await documents.revision_of(document.document_id) is None
        assert await documents.list_documents(limit=10, after="") == []
        assert await documents.passages([chunks[0].chunk_id]) == {}
        assert await documents.indexed_text(document.document_id) is None
        assert await documents.terms() == []


async def test_two_tenants_may_use_the_same_source_uri(store: DocumentStore) -> None:
    ours, _, _ = await kept(store, "Ours.")
    theirs, _, _ = await kept(store, "Theirs.", tenant_id=GLOBEX)
    assert ours.document_id != theirs.document_id
    async with store.reading(curator(ACME)) as documents:
        assert await documents.find_by_source_uri("a.md") == ours


async def test_a_new_version_takes_the_place_of_the_one_before(store: DocumentStore) -> None:
    first, old_chunks, _ = await kept(store, "Old.")
    second, chunks, embeddings = await kept(store, "New.", "Newer.")
    assert (second.document_id, second.version) == (first.document_id, 2)
    async with store.reading(curator(ACME)) as documents:
        held = await documents.indexed_text(first.document_id)
        assert held is not None
        assert (held.version, held.chunks, held.embeddings) == (2, chunks, embeddings)
        assert await documents.passages([old_chunks[0].chunk_id]) == {}
        old = await documents.find_version(first.document_id, 1)
        assert old is not None
        assert (old.content, old.title, old.create_time) == ("Old.", "A title", LATER)


async def test_passages_come_with_title_and_source(store: DocumentStore) -> None:
    _, chunks, embeddings = await kept(store, "One.", "Two.")
    async with store.reading(curator(ACME)) as documents:
        asked = [chunks[1].chunk_id, new_id()]
        found, [terms] = await documents.passages(asked), await documents.terms_of(asked)
    assert terms == StoredTerms(
        chunks[1].chunk_id, chunks[1].document_id, bytes(embeddings[1].terms)
    )
    assert found.keys() == {chunks[1].chunk_id}
    assert found[chunks[1].chunk_id].chunk == chunks[1]
    assert found[chunks[1].chunk_id].title == "A title"
    assert found[chunks[1].chunk_id].source_uri == "a.md"


async def test_documents_are_listed_by_source_uri_without_content(store: DocumentStore) -> None:
    for source_uri in ("b.md", "B.md", "a/z.md", "é.md"):
        await kept(store, "One.", source_uri=source_uri)
    async with store.reading(curator(ACME)) as documents:
        first = await documents.list_documents(limit=2, after="")
        rest = await documents.list_documents(limit=9, after=first[-1].source_uri)
    assert [one.source_uri for one in first + rest] == ["B.md", "a/z.md", "b.md", "é.md"]
    assert {one.content for one in first + rest} == {""}


async def test_a_removed_document_is_gone_but_its_versions_stay(store: DocumentStore) -> None:
    document, chunks, _ = await kept(store, "One.")
    async with store.transaction(curator(ACME)) as documents:
        await documents.remove(document.document_id, LATER)
    async with store.reading(curator(ACME)) as documents:
        assert await documents.find(document.document_id) is None
        assert await documents.find_by_source_uri("a.md") is None
        assert await documents.list_documents(limit=9, after="") == []
        assert await documents.passages([chunks[0].chunk_id]) == {}
        assert await documents.indexed_text(document.document_id) is None
        assert await documents.terms() == []
        assert await documents.is_known(document.document_id)
        version = await documents.find_version(document.document_id, 1)
        assert version is not None
        assert version.content == "One."
    assert await store.revisions() == {}


async def test_a_removed_document_is_claimed_again_with_its_version(store: DocumentStore) -> None:
    document, _, _ = await kept(store, "One.")
    async with store.transaction(curator(ACME)) as documents:
        await documents.remove(document.document_id, LATER)
    again, _, _ = await kept(store, "One.")
    assert (again.document_id, again.version) == (document.document_id, 2)


async def test_revisions_are_of_all_tenants(store: DocumentStore) -> None:
    ours, _, _ = await kept(store, "One.", "Two.")
    await kept(store, "Theirs.", tenant_id=GLOBEX)
    theirs, _, _ = await kept(store, "Theirs again.", tenant_id=GLOBEX)
    assert await store.revisions() == {
        (ACME, ours.document_id): Revision(1, 2),
        (GLOBEX, theirs.document_id): Revision(2, 1),
    }


async def test_terms_are_those_of_every_chunk(store: DocumentStore) -> None:
    _, _, first = await kept(store, "One.")
    _, _, second = await kept(store, "Two.", source_uri="b.md")
    async with store.reading(curator(ACME)) as documents:
        assert await documents.terms() == sorted(
            (one.chunk_id, one.terms) for one in first + second
        )


async def test_embeddings_are_replaced_and_those_without_a_chunk_passed_over(
    store: DocumentStore,
) -> None:
    document, chunks, embeddings = await kept(store, "One.", "Two.")
    newer = [replace(one, recipe="recipe-2") for one in embeddings]
    async with store.transaction(curator(ACME)) as documents:
        await documents.keep_embeddings([*newer, an_embedding(a_chunk("Gone."))])
    async with store.reading(curator(ACME)) as documents:
        held = await documents.indexed_text(document.document_id)
    assert held is not None
    assert (held.chunks, held.embeddings) == (chunks, newer)


async def test_nothing_is_kept_when_the_transaction_breaks(store: DocumentStore) -> None:
    document_id = new_id()

    async def breaks_off() -> None:
        async with store.transaction(curator(ACME)) as documents:
            claimed = await documents.claim("a.md", document_id, NOON)
            document = next_version(claimed, an_article("One."), 1, LATER)
            chunk = a_chunk("One.", document_id=document_id)
            await documents.keep(document, [chunk], [an_embedding(chunk)])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await breaks_off()
    async with store.reading(curator(ACME)) as documents:
        assert not await documents.is_known(document_id)
    assert await store.revisions() == {}


async def test_puts_at_the_same_time_make_versions_one_after_the_other(database: Database) -> None:
    store = SqlDocumentStore(database)
    made = await asyncio.gather(*(kept(store, f"Text {number}.") for number in range(6)))
    assert len({document.document_id for document, _, _ in made}) == 1
    assert sorted(document.version for document, _, _ in made) == [1, 2, 3, 4, 5, 6]


async def test_postgresql_itself_hides_the_rows_of_other_tenants(
    postgresql_url: DatabaseAddress,
) -> None:
    database = Database(postgresql_url)
    await database.migrate(MIGRATIONS)
    store = SqlDocumentStore(database)
    document, _, _ = await kept(store, "One.")
    async with store.transaction(curator(ACME)) as documents:
        await documents.set_readers(document.document_id, AGENTS)
        await documents.set_category_readers("network", AGENTS, new_id())
    question = GoldenQuestion("How?", frozenset({"a.md"}))
    async with store.golden_sets.transaction(ACME) as golden_sets:
        await golden_sets.put("mine", [question], new_id(), NOON)
    with unguarded(database):
        for mapper in SqlTable.registry.mappers:
            table = mapper.local_table.description
            count = text(f"SELECT count(*) FROM {table}")  # noqa: S608 - a name from the line above
            async with database.tenant_reading(GLOBEX) as session:
                assert await session.scalar(count) == 0
            # Control: the row is there, and its own tenant sees it in the same way.
            async with database.tenant_reading(ACME) as session:
                assert await session.scalar(count) == 1
    await database.close()


async def test_the_published_ids_are_those_that_belong_in_the_index(store: DocumentStore) -> None:
    first, _, _ = await kept(store, "Printer.", source_uri="1.md")
    second, _, _ = await kept(store, "Scanner.", source_uri="2.md")
    async with store.transaction(curator(ACME)) as documents:
        await documents.remove(first.document_id, LATER)
    async with store.reading(curator(ACME)) as documents:
        assert await documents.published_ids() == [second.document_id]
    of_acme = [key[1] for key in await store.revisions() if key[0] == ACME]
    assert of_acme == [second.document_id]
    async with store.reading(curator(GLOBEX)) as documents:
        assert await documents.published_ids() == []
