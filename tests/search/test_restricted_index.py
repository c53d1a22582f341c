"""The filter on readers, asked of the fake, of Qdrant Edge and of Qdrant's client alike."""

import random
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from qdrant_client import AsyncQdrantClient

from services.search.domain import IndexedText
from services.search.index_edge import EdgeIndex
from services.search.index_server import QdrantServerIndex
from services.search.keywords import Frequencies, question_terms, terms_of
from services.search.ports import VectorIndex
from services.search.readers import EVERYBODY, Readers, View
from tests.search.builders import (
    ACME,
    DIMENSIONS,
    GLOBEX,
    SEES_ALL,
    a_vector,
    an_indexed_text,
    nearest,
)
from tests.search.fakes import FakeIndex
from tests.search.random_lists import (
    EdgeWithoutReaders,
    ServerWithoutReaders,
    a_world,
    ask_all,
    filled,
)

pytestmark = pytest.mark.filterwarnings("ignore:Payload indexes have no effect")

SEED = 20261125
AGENTS = Readers.of(["agent"], [])
AGENT = View(ACME, frozenset({"role:agent"}))
CUSTOMER = View(ACME)


@pytest.fixture(params=["fake", "edge", "client"])
async def index(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[VectorIndex]:
    index: VectorIndex = FakeIndex()
    if request.param == "edge":
        index = EdgeIndex(tmp_path / "index", "recipe-1", DIMENSIONS)
    elif request.param == "client":
        index = QdrantServerIndex(AsyncQdrantClient(":memory:"), "recipe-1", DIMENSIONS)
    await index.open()
    yield index
    await index.close()


async def ways_in(index: VectorIndex, view: View, text: IndexedText) -> list[str]:
    """By which questions a reader comes upon a document."""
    asked = question_terms(["secret"], Frequencies.of([terms_of("The secret.")]))
    found = {
        "nearest": await nearest(index, view, a_vector(1, 0), 5),
        "by_keywords": await index.by_keywords(view, asked, 5),
        "candidates": await index.candidates(view, a_vector(1, 0), asked, 5),
        "count": await index.count(view),
    }
    return [name for name, answer in found.items() if answer]


ALL_WAYS = ["nearest", "by_keywords", "candidates", "count"]


async def test_only_those_on_the_list_come_upon_a_document(index: VectorIndex) -> None:
    text = an_indexed_text(("The secret.", (1, 0)), readers=Readers.of(["agent"], ["bob"]))
    await index.put(ACME, text)
    for view in (AGENT, View(ACME, frozenset({"user:bob", "role:customer"})), SEES_ALL):
        assert await ways_in(index, view, text) == ALL_WAYS
    for view in (CUSTOMER, View(ACME, frozenset({"role:bob", "user:agent"}))):
        assert await ways_in(index, view, text) == []
    assert await ways_in(index, replace(AGENT, tenant_id=GLOBEX), text) == []


async def test_a_document_without_a_list_is_for_all_of_its_tenant(index: VectorIndex) -> None:
    text = an_indexed_text(("The secret.", (1, 0)))
    await index.put(ACME, text)
    assert await ways_in(index, CUSTOMER, text) == ALL_WAYS
    assert await ways_in(index, View(GLOBEX, sees_all=True), text) == []


async def test_a_closed_category_keeps_out_whom_the_document_would_let_in(
    index: VectorIndex,
) -> None:
    text = an_indexed_text(("The secret.", (1, 0)), category="hr", readers=AGENTS)
    await index.put(ACME, text)
    assert await ways_in(index, AGENT, text) == ALL_WAYS
    assert await ways_in(index, replace(AGENT, closed_categories=frozenset({"hr"})), text) == []
    others = replace(AGENT, closed_categories=frozenset({"network"}))
    assert await ways_in(index, others, text) == ALL_WAYS


async def test_the_same_version_put_with_other_readers_is_theirs(index: VectorIndex) -> None:
    text = an_indexed_text(("The secret.", (1, 0)))
    await index.put(ACME, text)
    await index.put(ACME, replace(text, readers=AGENTS))
    assert await ways_in(index, CUSTOMER, text) == []
    assert await ways_in(index, AGENT, text) == ALL_WAYS
    await index.put(ACME, replace(text, readers=EVERYBODY, category="hr"))
    assert await ways_in(index, CUSTOMER, text) == ALL_WAYS
    assert await ways_in(index, replace(CUSTOMER, closed_categories=frozenset({"hr"})), text) == []


async def test_hidden_documents_take_no_place_among_the_first(index: VectorIndex) -> None:
    for _ in range(20):
        await index.put(ACME, an_indexed_text(("Secret secret.", (1, 0)), readers=AGENTS))
    text = an_indexed_text(("One secret among many other words.", (0.5, 1)))
    await index.put(ACME, text)
    asked = question_terms(["secret"], Frequencies.of([terms_of("The secret.")]))
    ids = [text.chunks[0].chunk_id]
    assert [hit.chunk_id for hit in await nearest(index, CUSTOMER, a_vector(1, 0), 1)] == ids
    assert [hit.chunk_id for hit in await index.by_keywords(CUSTOMER, asked, 1)] == ids


async def test_the_index_tells_who_may_read_what_it_holds(index: VectorIndex) -> None:
    text = an_indexed_text(("Ink.", (1, 0)), ("Tray.", (0, 1)), category="hr", readers=AGENTS)
    await index.put(ACME, text)
    assert await index.revisions() == {(ACME, text.document_id): text.revision}
    assert text.revision != replace(text, readers=EVERYBODY).revision
    assert text.revision != replace(text, category="").revision


# The client's local mode compares point by point in Python; `make security` asks it all 500 too.
QUESTIONS = {"fake": 50, "edge": 500, "client": 25}


async def test_each_reader_gets_the_whole_answer_and_nothing_forbidden(
    index: VectorIndex, request: pytest.FixtureRequest
) -> None:
    questions = QUESTIONS[request.node.callspec.params["index"]]
    chance = random.Random(SEED)  # noqa: S311 - the same world each time
    world = a_world(chance)
    score = await ask_all(await filled(index, world), world, chance, questions)
    assert score.hidden > questions * 50
    assert (score.forbidden, score.short_or_other) == (0, 0)


@pytest.mark.parametrize("kind", ["edge", "client"])
async def test_control_without_the_filter_the_forbidden_is_found(kind: str, tmp_path: Path) -> None:
    index: VectorIndex = EdgeWithoutReaders(tmp_path / "index", "recipe-1", DIMENSIONS)
    if kind == "client":
        index = ServerWithoutReaders(AsyncQdrantClient(":memory:"), "recipe-1", DIMENSIONS)
    await index.open()
    chance = random.Random(SEED)  # noqa: S311
    world = a_world(chance)
    score = await ask_all(await filled(index, world), world, chance, 20)
    assert score.forbidden > 20
    assert score.short_or_other > 10
    await index.close()
