"""The second wall: the same questions about lists to the fake and to both databases."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from services.mesh.caller import TenantId
from services.mesh.database import Database
from services.mesh.ids import new_id
from services.search.domain import Category, Chunk, KnowledgeDocument, next_version
from services.search.ports import DocumentStore
from services.search.readers import EVERYBODY, Reader, Readers, View, curator
from services.search.revisions import Revision
from services.search.server import MIGRATIONS
from services.search.store import SqlDocumentStore
from tests.search.builders import ACME, GLOBEX, NOON, a_chunk, an_article, an_embedding
from tests.search.fakes import FakeDocumentStore

AGENTS = Readers.of(["agent"], [])
BOB_TOO = Readers.of(["agent"], ["bob"])
ANN = Reader(ACME, frozenset({"role:agent", "user:ann"}))
BOB = Reader(ACME, frozenset({"role:customer", "user:bob"}))
CARL = Reader(ACME, frozenset({"role:customer", "user:carl"}))


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
    source_uri: str = "a.md",
    readers: Readers | None = None,
    category: str = "",
    tenant_id: TenantId = ACME,
) -> tuple[KnowledgeDocument, Chunk]:
    async with store.transaction(curator(tenant_id)) as documents:
        claimed = await documents.claim(source_uri, new_id(), NOON)
        article = an_article("Secret.", source_uri=source_uri, category=category, readers=readers)
        document = next_version(claimed, article, 1, NOON)
        chunk = a_chunk("Secret.", document_id=document.document_id, version=document.version)
        await documents.keep(document, [chunk], [an_embedding(chunk)])
    return document, chunk


async def set_category(
    store: DocumentStore, category: str, readers: Readers, tenant_id: TenantId = ACME
) -> None:
    async with store.transaction(curator(tenant_id)) as documents:
        await documents.set_category_readers(category, readers, f"id of {category}")


async def ways_in(
    store: DocumentStore, reader: Reader, document: KnowledgeDocument, chunk: Chunk
) -> list[str]:
    """By which reads a reader comes upon a document."""
    document_id = document.document_id
    async with store.transaction(reader) as documents:
        found = {
            "find": await documents.find(document_id),
            "find_by_source_uri": await documents.find_by_source_uri(document.source_uri),
            "find_version": await documents.find_version(document_id, document.version),
            "is_known": await documents.is_known(document_id),
            "revision_of": await documents.revision_of(document_id),
            "list_documents": await documents.list_documents(limit=9, after=""),
            "terms_of": await documents.terms_of([chunk.chunk_id]),
            "passages": await documents.passages([chunk.chunk_id]),
            "indexed_text": await documents.indexed_text(document_id),
            "terms": await documents.terms(),
            "set_readers": await documents.set_readers(document_id, document.readers),
        }
    return [name for name, answer in found.items() if answer]


EVERY_WAY = 11


async def test_only_those_on_the_list_come_upon_a_document(store: DocumentStore) -> None:
    document, chunk = await kept(store, readers=BOB_TOO)
    assert await ways_in(store, CARL, document, chunk) == []
    for reader in (ANN, BOB, curator(ACME)):
        assert len(await ways_in(store, reader, document, chunk)) == EVERY_WAY
    assert await ways_in(store, Reader(ACME), document, chunk) == []
    assert await ways_in(store, Reader(GLOBEX, ANN.keys), document, chunk) == []


async def test_both_lists_must_admit(store: DocumentStore) -> None:
    document, chunk = await kept(store, readers=BOB_TOO, category="hr")
    await set_category(store, "hr", Readers.of([], ["bob", "carl"]))
    assert len(await ways_in(store, BOB, document, chunk)) == EVERY_WAY
    assert await ways_in(store, ANN, document, chunk) == []
    assert await ways_in(store, CARL, document, chunk) == []


async def test_a_category_of_the_same_name_next_door_makes_no_difference(
    store: DocumentStore,
) -> None:
    document, chunk = await kept(store, category="hr")
    await set_category(store, "hr", AGENTS, GLOBEX)
    assert len(await ways_in(store, CARL, document, chunk)) == EVERY_WAY
    async with store.reading(CARL) as documents:
        assert await documents.view() == View(ACME)


async def test_a_list_is_replaced_and_an_empty_one_opens_again(store: DocumentStore) -> None:
    document, chunk = await kept(store)
    for readers, others in ((AGENTS, 0), (BOB_TOO, 0), (EVERYBODY, EVERY_WAY)):
        async with store.transaction(curator(ACME)) as documents:
            changed = await documents.set_readers(document.document_id, readers)
        assert changed is not None
        assert (changed.readers, changed.version, changed.content) == (readers, 1, "")
        assert len(await ways_in(store, CARL, changed, chunk)) == others


async def test_a_deleted_document_keeps_its_list_for_its_versions(store: DocumentStore) -> None:
    document, chunk = await kept(store, readers=AGENTS)
    async with store.transaction(curator(ACME)) as documents:
        await documents.remove(document.document_id, NOON)
    assert await ways_in(store, ANN, document, chunk) == ["find_version", "is_known"]
    assert await ways_in(store, CARL, document, chunk) == []
    async with store.transaction(curator(ACME)) as documents:
        assert (await documents.claim("a.md", new_id(), NOON)).readers == AGENTS


async def test_a_new_version_keeps_the_list_and_lists_come_with_documents(
    store: DocumentStore,
) -> None:
    await kept(store, readers=AGENTS, category="hr")
    await set_category(store, "hr", BOB_TOO)
    second, _ = await kept(store, category="hr")
    assert second.version == 2
    async with store.reading(ANN) as documents:
        found = await documents.find(second.document_id)
        (listed,) = await documents.list_documents(limit=9, after="")
    for document in (found, listed):
        assert document is not None
        assert (document.readers, document.category_readers) == (AGENTS, BOB_TOO)
        assert document.is_restricted


async def test_a_page_is_full_though_hidden_documents_stand_between(store: DocumentStore) -> None:
    for name in ("a", "b", "c", "d", "e"):
        await kept(store, f"{name}.md", AGENTS if name in "bd" else None)
    async with store.reading(CARL) as documents:
        page = await documents.list_documents(limit=3, after="")
    assert [one.source_uri for one in page] == ["a.md", "c.md", "e.md"]


async def test_readers_for_whom_lists_make_no_difference_have_one_view(
    store: DocumentStore,
) -> None:
    await kept(store, "a.md", BOB_TOO)
    await set_category(store, "hr", AGENTS)
    await set_category(store, "open", EVERYBODY)

    async def view(reader: Reader) -> View:
        async with store.reading(reader) as documents:
            return await documents.view()

    dora = Reader(ACME, frozenset({"role:customer", "user:dora"}))
    assert await view(CARL) == await view(dora) == View(ACME, closed_categories=frozenset({"hr"}))
    assert await view(ANN) == View(ACME, frozenset({"role:agent"}))
    assert await view(BOB) == View(ACME, frozenset({"user:bob"}), frozenset({"hr"}))
    assert await view(curator(ACME)) == View(ACME, sees_all=True)
    assert await view(Reader(ACME)) == View(ACME, closed_categories=frozenset({"hr"}))


async def test_categories_are_listed_with_what_the_reader_may_read(store: DocumentStore) -> None:
    await kept(store, "a.md", category="network")
    await kept(store, "b.md", AGENTS, category="network")
    await kept(store, "c.md", category="hr")
    await kept(store, "d.md")
    await set_category(store, "hr", AGENTS)
    await set_category(store, "planned", BOB_TOO)

    async def listed(reader: Reader) -> list[Category]:
        async with store.reading(reader) as documents:
            return await documents.list_categories()

    everything = [
        Category("hr", AGENTS, 1, "id of hr"),
        Category("network", EVERYBODY, 2),
        Category("planned", BOB_TOO, 0, "id of planned"),
    ]
    assert await listed(curator(ACME)) == await listed(ANN) == everything
    assert await listed(CARL) == [Category("network", EVERYBODY, 1)]
    assert await listed(Reader(GLOBEX, ANN.keys)) == []


async def test_revisions_tell_who_may_read(store: DocumentStore) -> None:
    document, _ = await kept(store, readers=AGENTS, category="hr")
    await kept(store, tenant_id=GLOBEX)
    revision = Revision(1, 1, "hr", AGENTS.keys)
    assert (await store.revisions())[ACME, document.document_id] == revision
    async with store.reading(curator(ACME)) as documents:
        assert await documents.revision_of(document.document_id) == revision
        text = await documents.indexed_text(document.document_id)
    assert text is not None
    assert text.revision == revision


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_of_changes_at_the_same_time_one_list_is_kept(
    kind: str, request: pytest.FixtureRequest
) -> None:
    database = Database(request.getfixturevalue(f"{kind}_url"))
    await database.migrate(MIGRATIONS)
    store = SqlDocumentStore(database)
    document, _ = await kept(store)
    lists = [Readers.of([f"role{number}"], [f"user-{number}"]) for number in range(8)]

    async def restrict(readers: Readers) -> None:
        async with store.transaction(curator(ACME)) as documents:
            await documents.set_readers(document.document_id, readers)
            await documents.set_category_readers("hr", readers, new_id())

    await asyncio.gather(*map(restrict, lists))
    async with store.reading(curator(ACME)) as documents:
        found = await documents.find(document.document_id)
        (category,) = await documents.list_categories()
    assert found is not None
    assert found.readers in lists
    assert category.readers in lists
    await database.close()
