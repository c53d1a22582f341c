"""The index is a copy: whatever happens to it, it comes to agree with the store again."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.mesh.caller import TenantId, acting_as
from services.search.domain import IndexedText
from services.search.finding import search_passages
from services.search.index_edge import EdgeIndex
from services.search.readers import curator
from services.search.server import Parts, assemble
from services.search.use_cases import delete_document, put_document
from services.search.vectors import Vectors
from tests.search.builders import ACME, NOON, SEES_ALL, an_article, somebody
from tests.search.fakes import FakeDocumentStore, FakeEncoder, FakeIndex


@pytest.fixture(autouse=True)
def ann() -> Iterator[None]:
    with acting_as(somebody()):
        yield


@pytest.fixture
def store() -> FakeDocumentStore:
    return FakeDocumentStore()


async def started(
    store: FakeDocumentStore, index: FakeIndex, encoder: FakeEncoder | None = None
) -> Parts:
    parts = assemble(store, index, encoder or FakeEncoder(), lambda: NOON)
    await parts.indexing.compare()
    return parts


async def agree(store: FakeDocumentStore, index: FakeIndex) -> bool:
    return await store.revisions() == await index.revisions()


class StoppingIndex(FakeIndex):
    """Ends the call that writes to it, as a kill between commit and copy would."""

    async def put(self, tenant_id: TenantId, text: IndexedText) -> None:
        raise asyncio.CancelledError

    async def remove(self, tenant_id: TenantId, document_id: str) -> None:
        raise asyncio.CancelledError


async def test_a_put_that_ended_before_the_copy_is_copied_on_the_next_start(
    store: FakeDocumentStore,
) -> None:
    parts = await started(store, StoppingIndex())
    with pytest.raises(asyncio.CancelledError):
        await put_document(parts.library, an_article())
    index = FakeIndex()
    parts = await started(store, index)
    assert not await agree(store, index)
    assert parts.indexing.backlog(ACME).behind == 1
    await parts.indexing.repair()
    assert await agree(store, index)
    assert parts.indexing.backlog(ACME).behind == 0


async def test_a_delete_that_ended_before_the_copy_is_copied_on_the_next_start(
    store: FakeDocumentStore,
) -> None:
    index = FakeIndex()
    put = await put_document((await started(store, index)).library, an_article())
    stopping = StoppingIndex()
    stopping.texts = index.texts
    parts = await started(store, stopping)
    with pytest.raises(asyncio.CancelledError):
        await delete_document(parts.library, put.document_id)
    parts = await started(store, index)
    assert (await search_passages(parts.finder, "vpn", 5)).passages == []
    await parts.indexing.repair()
    assert await index.revisions() == {}


async def test_a_put_that_is_cancelled_is_repaired_without_a_restart(
    store: FakeDocumentStore,
) -> None:
    index = FakeIndex()
    parts = await started(store, index)
    stopping = StoppingIndex()
    library = assemble(store, stopping, FakeEncoder(), lambda: NOON).library
    with pytest.raises(asyncio.CancelledError), parts.indexing.following():
        await put_document(library, an_article())
    await parts.indexing.repair()
    assert await agree(store, index)


async def test_deleted_passages_are_never_shown_though_the_index_still_has_them(
    store: FakeDocumentStore,
) -> None:
    index = FakeIndex()
    parts = await started(store, index)
    put = await put_document(parts.library, an_article())
    async with store.transaction(curator(ACME)) as documents:
        await documents.remove(put.document_id, NOON)
    assert await index.count(SEES_ALL) > 0
    assert (await search_passages(parts.finder, "vpn", 5)).passages == []


async def test_an_index_that_lost_everything_is_filled_again(store: FakeDocumentStore) -> None:
    parts = await started(store, FakeIndex())
    for number in range(5):
        text = an_article(f"Printer {number}.\n", source_uri=f"{number}.md")
        await put_document(parts.library, text)
    index = FakeIndex()
    parts = await started(store, index)
    assert (await search_passages(parts.finder, "printer", 5)).degraded
    await parts.indexing.repair()
    assert await agree(store, index)
    assert not (await search_passages(parts.finder, "printer", 5)).degraded


class AnnouncingIndex(FakeIndex):
    def __init__(self) -> None:
        super().__init__()
        self.was_put = asyncio.Event()

    async def put(self, tenant_id: TenantId, text: IndexedText) -> None:
        await super().put(tenant_id, text)
        self.was_put.set()


async def test_the_background_repairs_by_itself_when_the_index_is_back(
    store: FakeDocumentStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.search.indexing.SECONDS_BETWEEN_REPAIRS", 0)
    index = AnnouncingIndex()
    index.is_down = True
    parts = await started(store, index)
    await put_document(parts.library, an_article())
    background = asyncio.create_task(parts.indexing.keep_repairing())
    await asyncio.sleep(0)
    assert not index.was_put.is_set()
    index.is_down = False
    async with asyncio.timeout(10):
        await index.was_put.wait()
    assert await agree(store, index)
    background.cancel()


async def test_vectors_of_another_encoder_are_made_anew(store: FakeDocumentStore) -> None:
    parts = await started(store, FakeIndex())
    put = await put_document(parts.library, an_article())
    encoder = FakeEncoder("another", dimensions=32)
    index = FakeIndex()
    parts = await started(store, index, encoder)
    await parts.indexing.repair()
    assert encoder.encoded == put.chunk_count
    held = index.texts[ACME, put.document_id]
    assert {one.recipe for one in held.embeddings} == {Vectors(encoder).recipe}
    async with store.reading(curator(ACME)) as documents:
        assert await documents.indexed_text(put.document_id) == held


async def test_puts_of_one_document_at_the_same_time_end_with_the_newest_in_the_index(
    store: FakeDocumentStore,
) -> None:
    index = FakeIndex()
    parts = await started(store, index)
    await asyncio.gather(
        *(put_document(parts.library, an_article(f"Printer {n}.\n")) for n in range(8))
    )
    assert await agree(store, index)


async def test_edge_is_rebuilt_after_its_files_were_damaged(
    store: FakeDocumentStore, tmp_path: Path
) -> None:
    encoder = FakeEncoder()
    recipe = Vectors(encoder).recipe
    first = EdgeIndex(tmp_path / "index", recipe, encoder.dimensions)
    parts = assemble(store, first, encoder, lambda: NOON)
    await parts.indexing.compare()
    await put_document(parts.library, an_article())
    before = await search_passages(parts.finder, "error 619", 3)
    await first.close()
    for file in (tmp_path / "index").rglob("*"):
        if file.is_file():
            file.write_bytes(b"\xff" * file.stat().st_size)
    second = EdgeIndex(tmp_path / "index", recipe, encoder.dimensions)
    parts = assemble(store, second, encoder, lambda: NOON)
    await parts.indexing.compare()
    await parts.indexing.repair()
    assert await second.revisions() == await store.revisions()
    after = await search_passages(parts.finder, "error 619", 3)
    assert [one.chunk for one in after.passages] == [one.chunk for one in before.passages]
    assert not after.degraded
    await second.close()
