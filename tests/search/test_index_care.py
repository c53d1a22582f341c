"""What an administrator sees of the index, and how it is written anew."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest

from services.mesh.caller import TenantId, acting_as
from services.search.domain import IndexedText
from services.search.finding import search_passages
from services.search.index_care import IndexStatus, index_status, rebuild_index
from services.search.server import Parts, assemble
from services.search.use_cases import delete_document, put_document
from tests.search.builders import ACME, GLOBEX, NOON, an_article, somebody
from tests.search.fakes import FakeDocumentStore, FakeEncoder, FakeIndex


@pytest.fixture(autouse=True)
def ann() -> Iterator[None]:
    with acting_as(somebody()):
        yield


class CountingIndex(FakeIndex):
    def __init__(self) -> None:
        super().__init__()
        self.puts = asyncio.Semaphore(0)

    async def put(self, tenant_id: TenantId, text: IndexedText) -> None:
        await super().put(tenant_id, text)
        self.puts.release()


@pytest.fixture
def index() -> CountingIndex:
    return CountingIndex()


@pytest.fixture
async def parts(index: FakeIndex) -> Parts:
    parts = assemble(FakeDocumentStore(), index, FakeEncoder(), lambda: NOON)
    await parts.indexing.compare()
    with acting_as(somebody(GLOBEX)):
        await put_document(parts.library, an_article("Printers of globex.\n"))
    for number in range(4):
        text = an_article(f"Printer {number}.\n", source_uri=f"{number}.md")
        await put_document(parts.library, text)
    return parts


def spoil(index: FakeIndex) -> None:
    """As damage would that leaves versions and counts as they are."""
    for key, text in index.texts.items():
        blank = bytes(len(text.embeddings[0].meaning))
        spoiled = [replace(one, meaning=blank) for one in text.embeddings]
        index.texts[key] = replace(text, embeddings=spoiled)


def is_spoiled(index: FakeIndex) -> dict[str, bool]:
    return {
        f"{tenant} {text.document_id}": not any(text.embeddings[0].meaning)
        for (tenant, _), text in index.texts.items()
    }


async def test_the_status_counts_the_callers_tenant_alone(parts: Parts, index: FakeIndex) -> None:
    recipe = parts.library.vectors.recipe
    assert await index_status(parts.library) == IndexStatus(
        4, 0, 0, available=True, encoder=recipe, serving_encoder=recipe
    )
    index.is_down = True
    await put_document(parts.library, an_article("Scanner.\n", source_uri="scanner.md"))
    status = await index_status(parts.library)
    assert (status.document_count, status.behind_count) == (5, 1)
    assert status.serving_encoder == ""
    with acting_as(somebody(GLOBEX)):
        status = await index_status(parts.library)
        assert (status.document_count, status.behind_count) == (1, 0)


async def test_an_index_that_fails_is_not_available_until_it_was_compared(
    parts: Parts, index: FakeIndex
) -> None:
    index.is_down = True
    assert (await search_passages(parts.finder, "printer", 5)).degraded
    assert not (await index_status(parts.library)).available
    index.is_down = False
    await parts.indexing.repair()
    assert (await index_status(parts.library)).available


async def test_a_rebuild_writes_what_no_comparison_finds_of_this_tenant_alone(
    parts: Parts, index: FakeIndex
) -> None:
    spoil(index)
    await parts.indexing.compare()
    await parts.indexing.repair()
    assert all(is_spoiled(index).values())
    assert (await rebuild_index(parts.library)).rebuilding_count == 4
    await parts.indexing.repair()
    assert (await index_status(parts.library)).rebuilding_count == 0
    found = is_spoiled(index)
    assert len(found) == 5
    assert [key for key, is_bad in found.items() if is_bad] == [
        key for key in found if key.startswith(GLOBEX)
    ]


async def test_while_it_is_rebuilt_the_index_serves_as_it_is(parts: Parts) -> None:
    await rebuild_index(parts.library)
    findings = await search_passages(parts.finder, "printer", 5)
    assert not findings.degraded
    assert len(findings.passages) == 4


async def test_what_is_deleted_before_its_turn_does_not_come_back(
    parts: Parts, index: FakeIndex
) -> None:
    put = await put_document(parts.library, an_article("Scanner.\n", source_uri="scanner.md"))
    await rebuild_index(parts.library)
    await delete_document(parts.library, put.document_id)
    await parts.indexing.repair()
    assert (ACME, put.document_id) not in index.texts
    assert (await index_status(parts.library)).rebuilding_count == 0


async def test_a_rebuild_that_the_index_interrupts_goes_on_when_it_is_back(
    parts: Parts, index: FakeIndex
) -> None:
    await rebuild_index(parts.library)
    index.is_down = True
    await parts.indexing.repair()
    status = await index_status(parts.library)
    assert (status.behind_count, status.rebuilding_count) == (1, 4)
    index.is_down = False
    await parts.indexing.repair()
    status = await index_status(parts.library)
    assert (status.behind_count, status.rebuilding_count) == (0, 0)


async def test_a_rebuild_wakes_the_one_who_repairs(parts: Parts, index: CountingIndex) -> None:
    index.puts = asyncio.Semaphore(0)
    repairing = asyncio.create_task(parts.indexing.keep_repairing())
    try:
        await asyncio.sleep(0)
        await rebuild_index(parts.library)
        async with asyncio.timeout(10):
            for _ in range(4):
                await index.puts.acquire()
    finally:
        repairing.cancel()
