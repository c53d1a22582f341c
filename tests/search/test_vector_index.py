"""The same questions to the fake, to Qdrant Edge and to Qdrant's client.

The client runs in its local mode; where HELPDESK_TEST_QDRANT_URL names a server, it is asked too.
"""

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from qdrant_client import AsyncQdrantClient, models
from qdrant_edge import Filter

from services.search.domain import IndexedText
from services.search.errors import IndexUnavailable, RecipesMixed
from services.search.index_edge import EdgeIndex
from services.search.index_server import QdrantServerIndex
from services.search.keywords import Frequencies, Terms, question_terms, terms_of
from services.search.payload import name_of
from services.search.ports import VectorIndex
from services.search.readers import View
from services.search.revisions import Revision
from services.search.words import question_words
from tests.search.builders import (
    ACME,
    DIMENSIONS,
    GLOBEX,
    GLOBEX_SEES_ALL,
    SEES_ALL,
    a_vector,
    an_indexed_text,
    nearest,
)
from tests.search.fakes import FakeIndex

# The client's local mode says that it needs no payload indexes.
pytestmark = pytest.mark.filterwarnings("ignore:Payload indexes have no effect")

SERVER = os.environ.get("HELPDESK_TEST_QDRANT_URL")
KINDS = ["fake", "edge", "client", *(["server"] if SERVER else [])]


@pytest.fixture(params=KINDS)
async def index(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[VectorIndex]:
    index: VectorIndex = FakeIndex("recipe-1")
    if request.param == "edge":
        index = EdgeIndex(tmp_path / "index", "recipe-1", DIMENSIONS)
    elif request.param == "client":
        index = QdrantServerIndex(AsyncQdrantClient(":memory:"), "recipe-1", DIMENSIONS)
    elif request.param == "server":
        client = AsyncQdrantClient(url=SERVER)
        for name in ("recipe-1", "recipe-2"):
            await client.delete_collection(f"helpdesk-{name_of(name)}")
        index = QdrantServerIndex(client, "recipe-1", DIMENSIONS)
    await index.open()
    yield index
    await index.close()


def question(text: str, *passages: str) -> Terms:
    return question_terms(
        question_words(text), Frequencies.of([terms_of(passage) for passage in passages])
    )


async def test_the_nearest_come_first_with_their_cosine(index: VectorIndex) -> None:
    text = an_indexed_text(("Paper.", (0, 1)), ("Ink.", (1, 0)), ("Both.", (1, 1)))
    await index.put(ACME, text)
    hits = await nearest(index, SEES_ALL, a_vector(1, 0), 2)
    ids = [chunk.chunk_id for chunk in text.chunks]
    assert [hit.chunk_id for hit in hits] == [ids[1], ids[2]]
    assert [hit.score for hit in hits] == pytest.approx([1.0, 0.5**0.5], abs=1e-5)


async def test_keywords_find_only_chunks_that_hold_them(index: VectorIndex) -> None:
    pieces = ("Paper jam in the printer.", "Printer ink.", "Laptop battery.")
    text = an_indexed_text(*((piece, (1, 0)) for piece in pieces))
    await index.put(ACME, text)
    hits = await index.by_keywords(SEES_ALL, question("jammed printers", *pieces), 5)
    assert [hit.chunk_id for hit in hits] == [chunk.chunk_id for chunk in text.chunks[:2]]
    assert hits[0].score > hits[1].score > 0


async def test_candidates_are_the_nearest_and_those_with_the_words_each_with_its_cosine(
    index: VectorIndex,
) -> None:
    pieces = [("Ink.", (1, 0)), ("Paper.", (1, 1)), ("Tray.", (0, 1)), ("Toner.", (-1, 1))]
    text = an_indexed_text(*pieces)
    await index.put(ACME, text)
    await index.put(GLOBEX, an_indexed_text(("Toner.", (1, 0))))
    asked = question("toner or paper", *(piece for piece, _ in pieces))
    found = await index.candidates(SEES_ALL, a_vector(1, 0), asked, 2)
    ids = [chunk.chunk_id for chunk in text.chunks]
    assert [*found] == [ids[0], ids[1], ids[3]]
    assert [*found.values()] == pytest.approx([1.0, 0.5**0.5, -(0.5**0.5)], abs=1e-5)


async def test_a_new_version_replaces_the_one_before(index: VectorIndex) -> None:
    old = an_indexed_text(("Old ink.", (1, 0)), ("Old paper.", (0, 1)))
    new = an_indexed_text(("New ink.", (1, 0)), document_id=old.document_id, version=2)
    await index.put(ACME, old)
    await index.put(ACME, new)
    hits = await nearest(index, SEES_ALL, a_vector(1, 0), 5)
    assert [hit.chunk_id for hit in hits] == [new.chunks[0].chunk_id]
    assert await index.revisions() == {(ACME, old.document_id): Revision(2, 1)}


async def test_putting_the_same_again_changes_nothing(index: VectorIndex) -> None:
    text = an_indexed_text(("Ink.", (1, 0)), ("Paper.", (0, 1)))
    await index.put(ACME, text)
    await index.put(ACME, text)
    assert await index.count(SEES_ALL) == 2


async def test_a_removed_document_is_not_found(index: VectorIndex) -> None:
    text, other = an_indexed_text(("Ink.", (1, 0))), an_indexed_text(("Ink.", (1, 0)))
    await index.put(ACME, text)
    await index.put(ACME, other)
    await index.remove(ACME, text.document_id)
    await index.remove(ACME, text.document_id)
    hits = await nearest(index, SEES_ALL, a_vector(1, 0), 5)
    assert [hit.chunk_id for hit in hits] == [other.chunks[0].chunk_id]


async def test_nothing_of_another_tenant_is_found_counted_or_removed(index: VectorIndex) -> None:
    assert await leaks(index) == []


async def test_another_tenants_passages_do_not_change_our_scores(index: VectorIndex) -> None:
    text = an_indexed_text(("Printer ink.", (1, 0)))
    await index.put(ACME, text)
    asked = question("printer", "Printer ink.")
    before = await index.by_keywords(SEES_ALL, asked, 5)
    for _ in range(20):
        await index.put(GLOBEX, an_indexed_text(("Printer printer printer.", (1, 0))))
    assert await index.by_keywords(SEES_ALL, asked, 5) == before


async def test_opening_twice_keeps_what_is_there(index: VectorIndex) -> None:
    await index.put(ACME, an_indexed_text(("Ink.", (1, 0))))
    await index.open()
    assert await index.count(SEES_ALL) == 1


async def test_vectors_of_another_recipe_are_refused(index: VectorIndex) -> None:
    text = an_indexed_text(("Ink.", (1, 0)), ("Paper.", (0, 1)))
    foreign = replace(text.embeddings[1], recipe="recipe-2")
    with pytest.raises(RecipesMixed):
        await index.put(ACME, replace(text, embeddings=[text.embeddings[0], foreign]))
    assert await index.revisions() == {}


def made_by_another(text: IndexedText) -> IndexedText:
    return replace(text, embeddings=[replace(one, recipe="recipe-2") for one in text.embeddings])


async def test_indexes_of_two_recipes_stand_beside_one_another(index: VectorIndex) -> None:
    assert await index.other_recipes() == set()
    text = an_indexed_text(("Ink.", (1, 0)))
    await index.put(ACME, text)
    other = index.beside("recipe-2", DIMENSIONS)
    await other.open()
    assert await index.other_recipes() == {"recipe-2"}
    assert await other.other_recipes() == {"recipe-1"}
    assert await other.revisions() == {}
    await other.put(ACME, made_by_another(an_indexed_text(("Paper.", (0, 1)))))
    await other.remove(ACME, text.document_id)
    assert await index.revisions() == {(ACME, text.document_id): Revision(1, 1)}
    await other.close()
    again = index.beside("recipe-2", DIMENSIONS)
    await again.open()
    assert await again.count(SEES_ALL) == 1
    await again.close()


async def test_the_others_are_dropped_but_for_those_to_keep(index: VectorIndex) -> None:
    text = an_indexed_text(("Ink.", (1, 0)))
    await index.put(ACME, text)
    other = index.beside("recipe-2", DIMENSIONS)
    await other.open()
    await other.put(ACME, made_by_another(text))
    await other.close()
    await index.drop_others(kept={"recipe-2"})
    assert await index.other_recipes() == {"recipe-2"}
    await index.drop_others()
    assert await index.other_recipes() == set()
    assert await index.count(SEES_ALL) == 1


async def leaks(index: VectorIndex) -> list[str]:
    """Which ways lead from one tenant to the same words and meaning of another."""
    theirs = an_indexed_text(("The secret launch code.", (1, 0)))
    await index.put(GLOBEX, theirs)
    asked = question("secret launch code", "The secret launch code.")

    async def is_removed() -> bool:
        await index.remove(ACME, theirs.document_id)
        return await index.count(GLOBEX_SEES_ALL) == 0

    ways: dict[str, Callable[[], Awaitable[object]]] = {
        "nearest": lambda: nearest(index, SEES_ALL, a_vector(1, 0), 5),
        "by_keywords": lambda: index.by_keywords(SEES_ALL, asked, 5),
        "candidates": lambda: index.candidates(SEES_ALL, a_vector(1, 0), asked, 5),
        "count": lambda: index.count(SEES_ALL),
        "remove": is_removed,
    }
    return [name for name, way in ways.items() if await way()]


class EdgeWithoutWall(EdgeIndex):
    def _visible(self, view: View) -> Filter:
        return Filter()


class ServerWithoutWall(QdrantServerIndex):
    def _visible(self, view: View) -> models.Filter:
        return models.Filter()


async def test_control_without_the_tenant_filter_edge_leaks(tmp_path: Path) -> None:
    index = EdgeWithoutWall(tmp_path / "index", "recipe-1", DIMENSIONS)
    await index.open()
    assert await leaks(index) == ["nearest", "by_keywords", "candidates", "count"]
    await index.close()


async def test_control_without_the_tenant_filter_the_server_leaks() -> None:
    index = ServerWithoutWall(AsyncQdrantClient(":memory:"), "recipe-1", DIMENSIONS)
    await index.open()
    assert await leaks(index) == ["nearest", "by_keywords", "candidates", "count"]
    await index.close()


async def test_a_closed_edge_index_comes_back_as_it_was(tmp_path: Path) -> None:
    text = an_indexed_text(("Ink.", (1, 0)), ("Paper.", (0, 1)))
    first = EdgeIndex(tmp_path / "index", "recipe-1", DIMENSIONS)
    await first.open()
    await first.put(ACME, text)
    await first.close()
    second = EdgeIndex(tmp_path / "index", "recipe-1", DIMENSIONS)
    await second.open()
    assert await second.revisions() == {(ACME, text.document_id): Revision(1, 2)}
    await second.close()


OF_AN_OLDER_LAYOUT = name_of("recipe-1")[:-1] + "0"


async def test_an_edge_index_of_another_layout_cannot_be_asked_and_is_dropped(
    tmp_path: Path,
) -> None:
    old = tmp_path / OF_AN_OLDER_LAYOUT
    old.mkdir()
    index = EdgeIndex(tmp_path, "recipe-1", DIMENSIONS)
    await index.open()
    assert await index.other_recipes() == set()
    await index.drop_others()
    assert not old.exists()
    await index.close()


async def test_a_collection_of_another_layout_is_dropped_and_one_of_others_is_not() -> None:
    client = AsyncQdrantClient(":memory:")
    for name in (f"helpdesk-{OF_AN_OLDER_LAYOUT}", "of-somebody-else"):
        await client.create_collection(name, vectors_config={})
    index = QdrantServerIndex(client, "recipe-1", DIMENSIONS)
    await index.open()
    assert await index.other_recipes() == set()
    await index.drop_others()
    left = {one.name for one in (await client.get_collections()).collections}
    assert left == {f"helpdesk-{name_of('recipe-1')}", "of-somebody-else"}
    await index.close()


async def test_an_unreadable_edge_index_is_made_anew(tmp_path: Path) -> None:
    first = EdgeIndex(tmp_path / "index", "recipe-1", DIMENSIONS)
    await first.open()
    await first.put(ACME, an_indexed_text(("Ink.", (1, 0))))
    await first.close()
    for file in (tmp_path / "index").rglob("*"):
        if file.is_file():
            file.write_bytes(b"\xff" * file.stat().st_size)
    second = EdgeIndex(tmp_path / "index", "recipe-1", DIMENSIONS)
    await second.open()
    assert await second.revisions() == {}
    await second.put(ACME, an_indexed_text(("Ink.", (1, 0))))
    assert await second.count(SEES_ALL) == 1
    await second.close()


async def test_an_index_that_is_not_open_is_unavailable(tmp_path: Path) -> None:
    index = EdgeIndex(tmp_path / "index", "recipe-1", DIMENSIONS)
    with pytest.raises(IndexUnavailable):
        await index.count(SEES_ALL)


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    client = AsyncQdrantClient(url="http://127.0.0.1:9", check_compatibility=False)
    index = QdrantServerIndex(client, "recipe-1", DIMENSIONS)
    with pytest.raises(IndexUnavailable):
        await index.open()
    await index.close()


async def test_a_dropped_collection_is_unavailable_until_it_is_opened_again() -> None:
    client = AsyncQdrantClient(":memory:")
    index = QdrantServerIndex(client, "recipe-1", DIMENSIONS)
    await index.open()
    await client.delete_collection(f"helpdesk-{name_of('recipe-1')}")
    with pytest.raises(IndexUnavailable):
        await index.count(SEES_ALL)
    await index.open()
    assert await index.count(SEES_ALL) == 0
    await index.close()


WRITER = """
import asyncio, sys
from pathlib import Path
from services.search.index_edge import EdgeIndex
from tests.search.builders import ACME, DIMENSIONS, an_indexed_text

async def write(folder: Path, keep_log: bool) -> None:
    index = EdgeIndex(folder, "recipe-1", DIMENSIONS, keep_log=keep_log)
    await index.open()
    while True:
        text = an_indexed_text(("Ink.", (1, 0)), ("Paper.", (0, 1)))
        await index.put(ACME, text)
        print(text.document_id, flush=True)

asyncio.run(write(Path(sys.argv[1]), sys.argv[2] == "log"))
"""


def acknowledged_before_a_kill(folder: Path, keep: str) -> set[str]:
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), keep],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": ".:gen/python"},
    ) as writer:
        assert writer.stdout is not None
        first = [writer.stdout.readline() for _ in range(50)]
        writer.send_signal(signal.SIGKILL)
        last = writer.stdout.readlines()
    return {line.strip() for line in first + last if line.endswith("\n")}


async def survivors(folder: Path, keep: str) -> set[str]:
    index = EdgeIndex(folder, "recipe-1", DIMENSIONS, keep_log=keep == "log")
    await index.open()
    revisions = await index.revisions()
    await index.close()
    return {document_id for (_, document_id), it in revisions.items() if it == Revision(1, 2)}


async def test_a_killed_process_loses_nothing_that_it_put(tmp_path: Path) -> None:
    acknowledged = acknowledged_before_a_kill(tmp_path / "index", "log")
    assert len(acknowledged) >= 50
    assert acknowledged <= await survivors(tmp_path / "index", "log")


async def test_control_without_the_log_a_killed_process_loses_it(tmp_path: Path) -> None:
    acknowledged = acknowledged_before_a_kill(tmp_path / "index", "none")
    assert not acknowledged <= await survivors(tmp_path / "index", "none")
