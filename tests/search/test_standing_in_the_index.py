"""The filter on states and dates, asked of the fake, of Qdrant Edge and of Qdrant's client."""

import random
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from qdrant_client import AsyncQdrantClient, models
from qdrant_edge import Filter

from services.search.domain import IndexedText
from services.search.index_edge import EdgeIndex
from services.search.index_server import QdrantServerIndex
from services.search.keywords import Frequencies, question_terms, terms_of
from services.search.ports import VectorIndex
from services.search.publication import BEGINNING, IN_FORCE, Period, Standing
from services.search.readers import View
from services.search.words import question_words
from tests.search.builders import (
    ACME,
    DIMENSIONS,
    NOON,
    SEES_ALL,
    a_vector,
    an_indexed_text,
    nearest,
)
from tests.search.fakes import FakeIndex

pytestmark = pytest.mark.filterwarnings("ignore:Payload indexes have no effect")

SEED = 20261125
MICROSECOND = timedelta(microseconds=1)
LAST = datetime(9999, 12, 31, tzinfo=UTC)
ARCHIVED = Standing(is_archived=True)
ALL_WAYS = ["nearest", "by_keywords", "candidates", "count"]


class EdgeOfAllTimes(EdgeIndex):
    def _visible(self, view: View) -> Filter:
        must = [one for one in super()._visible(view).must or [] if "state" not in repr(one)]
        return Filter(must=must)


class ServerOfAllTimes(QdrantServerIndex):
    def _visible(self, view: View) -> models.Filter:
        must = super()._visible(view).must
        assert isinstance(must, list)
        return models.Filter(must=[one for one in must if "state" not in repr(one)])


def an_index(kind: str, folder: Path) -> VectorIndex:
    engine, _, is_of_all_times = kind.partition(" of all ")
    if engine == "edge":
        edge = EdgeOfAllTimes if is_of_all_times else EdgeIndex
        return edge(folder, "recipe-1", DIMENSIONS)
    if engine == "client":
        server = ServerOfAllTimes if is_of_all_times else QdrantServerIndex
        return server(AsyncQdrantClient(":memory:"), "recipe-1", DIMENSIONS)
    return FakeIndex()


@pytest.fixture(params=["fake", "edge", "client"])
async def index(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[VectorIndex]:
    index = an_index(request.param, tmp_path / "index")
    await index.open()
    yield index
    await index.close()


async def ways_in(index: VectorIndex, view: View, text: IndexedText) -> list[str]:
    asked = question_terms(question_words("notice"), Frequencies.of([terms_of("The notice.")]))
    found = {
        "nearest": await nearest(index, view, a_vector(1, 0), 5),
        "by_keywords": await index.by_keywords(view, asked, 5),
        "candidates": await index.candidates(view, a_vector(1, 0), asked, 5),
        "count": await index.count(view),
    }
    return [name for name, answer in found.items() if answer]


def at(moment: datetime, *, sees_all: bool = False) -> View:
    return View(ACME, sees_all=sees_all, since=moment)


async def test_what_is_archived_is_found_by_nobody_until_it_is_back(index: VectorIndex) -> None:
    text = an_indexed_text(("The notice.", (1, 0)), standing=ARCHIVED)
    await index.put(ACME, text)
    assert await ways_in(index, SEES_ALL, text) == await ways_in(index, View(ACME), text) == []
    await index.put(ACME, replace(text, standing=IN_FORCE))
    assert (
        await ways_in(index, SEES_ALL, text) == await ways_in(index, View(ACME), text) == ALL_WAYS
    )


@pytest.mark.parametrize("sees_all", [False, True])
async def test_it_is_found_from_its_beginning_until_its_end(
    index: VectorIndex, sees_all: bool
) -> None:
    begin, end = NOON, NOON + MICROSECOND * 3
    text = an_indexed_text(("The notice.", (1, 0)), standing=Standing(period=Period(begin, end)))
    await index.put(ACME, text)
    for moment, ways in (
        (BEGINNING, []),
        (begin - MICROSECOND, []),
        (begin, ALL_WAYS),
        (end - MICROSECOND, ALL_WAYS),
        (end, []),
        (LAST, []),
    ):
        assert await ways_in(index, at(moment, sees_all=sees_all), text) == ways


async def test_without_dates_it_is_found_at_all_times(index: VectorIndex) -> None:
    text = an_indexed_text(("The notice.", (1, 0)))
    await index.put(ACME, text)
    for moment in (BEGINNING, NOON, LAST):
        assert await ways_in(index, at(moment), text) == ALL_WAYS


async def test_what_has_ended_takes_no_place_among_the_first(index: VectorIndex) -> None:
    for standing in (ARCHIVED, Standing(period=Period(None, NOON)), Standing(period=Period(LAST))):
        for _ in range(10):
            text = an_indexed_text(("Notice notice.", (1, 0)), standing=standing)
            await index.put(ACME, text)
    text = an_indexed_text(("One notice among many other words.", (0.5, 1)))
    await index.put(ACME, text)
    hits = await nearest(index, at(NOON), a_vector(1, 0), 1)
    assert [hit.chunk_id for hit in hits] == [text.chunks[0].chunk_id]


async def test_the_index_tells_what_holds_of_what_it_has(index: VectorIndex) -> None:
    standing = Standing(is_archived=True, period=Period(NOON, LAST))
    text = an_indexed_text(("The notice.", (1, 0)), standing=standing)
    await index.put(ACME, text)
    assert await index.revisions() == {(ACME, text.document_id): text.revision}


async def out_of_force(index: VectorIndex, chance: random.Random, asked: int) -> tuple[int, int]:
    """How many found passages do not hold at the moment, and how many answers are short."""
    days = [NOON + timedelta(days=number) for number in range(10)]

    def a_standing() -> Standing:
        begin, end = chance.choice([None, *days]), chance.choice([None, *days])
        return Standing(chance.random() < 0.2, Period(begin, end))

    texts = [
        an_indexed_text(
            ("The notice.", [chance.gauss(0, 1) for _ in range(DIMENSIONS)]), standing=a_standing()
        )
        for _ in range(100)
    ]
    for text in texts:
        await index.put(ACME, text)
    wrong = short = 0
    for _ in range(asked):
        moment = chance.choice(days) + timedelta(hours=chance.choice((-1, 0, 1)))
        right = {one.chunks[0].chunk_id for one in texts if one.standing.holds_at(moment)}
        vector = a_vector(*(chance.gauss(0, 1) for _ in range(DIMENSIONS)))
        found = {hit.chunk_id for hit in await nearest(index, at(moment), vector, 100)}
        wrong += len(found - right)
        short += found != right
    return wrong, short


async def test_at_random_moments_exactly_what_holds_is_found(index: VectorIndex) -> None:
    assert await out_of_force(index, random.Random(SEED), 40) == (0, 0)  # noqa: S311


@pytest.mark.parametrize("kind", ["edge of all times", "client of all times"])
async def test_control_without_the_filter_the_archive_is_found(kind: str, tmp_path: Path) -> None:
    index = an_index(kind, tmp_path / "index")
    await index.open()
    wrong, short = await out_of_force(index, random.Random(SEED), 10)  # noqa: S311
    assert wrong > 100
    assert short == 10
    await index.close()
