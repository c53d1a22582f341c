"""The index optimises a copy of itself elsewhere, and loses nothing while the copy takes over."""

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from qdrant_edge import EdgeShard

from services.search import edge_shard
from services.search.domain import IndexedText
from services.search.edge_shard import Shard
from services.search.errors import IndexUnavailable
from services.search.index_edge import EdgeIndex
from services.search.payload import name_of
from tests.search.builders import ACME, DIMENSIONS, SEES_ALL, a_vector, an_indexed_text, nearest

WORTH = 100
LESS_THAN_WORTH, MORE = WORTH // 2, WORTH


def an_index(folder: Path) -> EdgeIndex:
    return EdgeIndex(folder / "index", "recipe-1", DIMENSIONS, points_worth_a_graph=WORTH)


@pytest.fixture
async def index(tmp_path: Path) -> AsyncIterator[EdgeIndex]:
    index = an_index(tmp_path)
    await index.open()
    yield index
    await index.close()


def some_texts(count: int) -> list[IndexedText]:
    chance = random.Random(7)  # noqa: S311 - the same each time
    return [
        an_indexed_text((f"Ink {number}.", [chance.gauss(0, 1) for _ in range(DIMENSIONS)]))
        for number in range(count)
    ]


async def put_all(index: EdgeIndex, texts: list[IndexedText]) -> None:
    for text in texts:
        await index.put(ACME, text)


async def graphs(index: EdgeIndex) -> int:
    """How many points are in a graph; the words of each are indexed from the beginning."""
    info = await index.shard.ask(lambda shard: shard.info())
    return info.indexed_vectors_count - info.points_count


def generations(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "index" / name_of("recipe-1")).iterdir())


def spoil(folder: Path) -> None:
    for file in folder.rglob("*"):
        if file.is_file():
            file.write_bytes(b"\xff")


class Hindered:
    """Optimising waits until it may."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun, self.may_go_on = asyncio.Event(), asyncio.Event()
        self._optimize = edge_shard._optimized_elsewhere
        monkeypatch.setattr(edge_shard, "_optimized_elsewhere", self)

    async def __call__(self, folder: Path) -> None:
        self.begun.set()
        await self.may_go_on.wait()
        await self._optimize(folder)


@pytest.fixture
def hindered(monkeypatch: pytest.MonkeyPatch) -> Hindered:
    return Hindered(monkeypatch)


async def test_a_large_index_gets_a_graph_and_answers_as_before(
    index: EdgeIndex, tmp_path: Path
) -> None:
    texts = some_texts(LESS_THAN_WORTH)
    await put_all(index, texts)
    assert generations(tmp_path) == ["1"]
    more = some_texts(MORE)
    await put_all(index, more)
    await index.shard.optimized()
    assert await graphs(index) >= WORTH
    assert generations(tmp_path) == ["2"]
    assert await index.count(SEES_ALL) == len(texts) + len(more)
    hits = await nearest(index, SEES_ALL, a_vector(*[1.0] * DIMENSIONS), 5)
    assert len(hits) == 5


async def test_what_changes_while_a_copy_is_optimized_is_in_the_copy_too(
    index: EdgeIndex, hindered: Hindered
) -> None:
    texts = some_texts(2 * WORTH)
    await put_all(index, texts)
    await hindered.begun.wait()
    [late] = some_texts(1)
    await index.put(ACME, late)
    await index.remove(ACME, texts[0].document_id)
    assert await index.count(SEES_ALL) == len(texts)
    hindered.may_go_on.set()
    await index.shard.optimized()
    assert await graphs(index) > 0
    known = await index.revisions()
    assert (ACME, late.document_id) in known
    assert (ACME, texts[0].document_id) not in known
    assert len(known) == len(texts)


async def test_a_change_that_nobody_waited_for_is_in_the_copy_too(
    index: EdgeIndex, hindered: Hindered
) -> None:
    await put_all(index, some_texts(2 * WORTH))
    await hindered.begun.wait()
    [late] = some_texts(1)
    change = asyncio.create_task(index.put(ACME, late))
    await asyncio.sleep(0)
    assert index.shard._changing.locked()  # it has begun
    change.cancel()
    await asyncio.wait([change])
    hindered.may_go_on.set()
    await index.shard.optimized()
    assert await graphs(index) > 0
    assert (ACME, late.document_id) in await index.revisions()


async def test_control_without_what_it_missed_the_copy_is_older(
    index: EdgeIndex, hindered: Hindered
) -> None:
    await put_all(index, some_texts(2 * WORTH))
    await hindered.begun.wait()
    [late] = some_texts(1)
    await index.put(ACME, late)
    assert index.shard._missed
    index.shard._missed.clear()
    hindered.may_go_on.set()
    await index.shard.optimized()
    assert (ACME, late.document_id) not in await index.revisions()


async def test_it_answers_all_the_while(index: EdgeIndex) -> None:
    texts = some_texts(3 * WORTH)
    answers: list[int] = []

    async def ask() -> None:
        while True:
            answers.append(len(await nearest(index, SEES_ALL, a_vector(1, 0), 1)))
            await asyncio.sleep(0)

    await index.put(ACME, texts[0])
    asking = asyncio.create_task(ask())
    await put_all(index, texts)
    await index.shard.optimized()
    asking.cancel()
    await asyncio.wait([asking])
    assert asking.cancelled()
    assert set(answers) == {1}


@pytest.mark.parametrize("fails_at", ["optimizing", "loading"])
async def test_when_it_fails_the_index_stays_as_it_is(
    index: EdgeIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails_at: str
) -> None:
    async def fail(folder: Path) -> None:
        if fails_at == "optimizing":
            raise IndexUnavailable("no memory")
        await asyncio.to_thread(spoil, folder)

    monkeypatch.setattr(edge_shard, "_optimized_elsewhere", fail)
    texts = some_texts(2 * WORTH)
    await put_all(index, texts)
    await index.shard.optimized()
    assert generations(tmp_path) == ["1"]
    assert await index.count(SEES_ALL) == len(texts)
    [late] = some_texts(1)
    await index.put(ACME, late)
    assert await index.count(SEES_ALL) == len(texts) + 1


async def test_a_process_that_is_killed_fails_and_is_named(tmp_path: Path) -> None:
    with pytest.raises(IndexUnavailable, match="optimizing ended with 1"):
        await edge_shard._optimized_elsewhere(tmp_path / "nothing")


async def test_the_newest_generation_is_opened_and_the_rest_is_deleted(tmp_path: Path) -> None:
    first = an_index(tmp_path)
    await first.open()
    texts = some_texts(2 * WORTH)
    await put_all(first, texts)
    await first.shard.optimized()
    await first.close()
    folder = tmp_path / "index" / name_of("recipe-1")
    (folder / "1").mkdir()
    (folder / "copy").mkdir()
    second = an_index(tmp_path)
    await second.open()
    assert generations(tmp_path) == ["2"]
    assert await second.count(SEES_ALL) == len(texts)
    await second.close()


async def test_closing_ends_what_is_optimized(index: EdgeIndex, hindered: Hindered) -> None:
    await put_all(index, some_texts(2 * WORTH))
    await hindered.begun.wait()
    async with asyncio.timeout(5):
        await index.close()


async def test_a_shard_that_is_not_open_is_unavailable(tmp_path: Path) -> None:
    def never(folder: Path) -> EdgeShard:
        raise AssertionError(folder)

    with pytest.raises(IndexUnavailable):
        await Shard(tmp_path, never).ask(lambda shard: shard.info())
