"""A reader's view is asked for once a second; what is found is held against the lists anew."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from services.mesh.caller import acting_as
from services.search.finding import search_passages
from services.search.frequencies import VIEW_LIFE
from services.search.readers import EVERYBODY, Reader, Readers
from services.search.restricting import set_document_readers
from services.search.server import Parts, assemble
from services.search.use_cases import put_document
from tests.search.builders import ACME, GLOBEX, NOON, a_caller, an_article, somebody
from tests.search.fakes import FakeDocuments, FakeDocumentStore, FakeEncoder, FakeIndex

AGENTS = Readers.of(["agent"], [])
SECRET = "The launch code of the reactor is kept in the red safe.\n"
JOE = Reader(ACME, frozenset({"role:customer", "user:joe"}))


class CountingStore(FakeDocumentStore):
    readings = 0

    @asynccontextmanager
    async def reading(self, reader: Reader) -> AsyncIterator[FakeDocuments]:
        self.readings += 1
        async with super().reading(reader) as documents:
            yield documents


class World:
    """Two processes over one store, each with an index of its own."""

    def __init__(self) -> None:
        self.now = NOON
        self.store = CountingStore()
        self.here = self._assemble()
        self.elsewhere = self._assemble()

    def _assemble(self) -> Parts:
        return assemble(self.store, FakeIndex(), FakeEncoder(), lambda: self.now)

    async def put_secret(self, readers: Readers) -> str:
        article = an_article(SECRET, source_uri="secret.md", readers=readers)
        document = await put_document(self.here.library, article)
        return document.document_id

    async def is_found_by_joe(self) -> bool:
        with acting_as(a_caller("joe", "customer")):
            found = await search_passages(self.here.finder, "launch code reactor safe", 10)
        return bool(found.passages)

    async def asked_of_the_store(self, reader: Reader = JOE) -> int:
        before = self.store.readings
        await self.here.finder.frequencies.of(reader)
        return self.store.readings - before


@pytest.fixture
async def world() -> World:
    world = World()
    await world.here.indexing.compare()
    await world.elsewhere.indexing.compare()
    return world


@pytest.fixture(autouse=True)
def admin() -> Iterator[None]:
    with acting_as(somebody()):
        yield


async def test_a_view_is_asked_for_once_a_second_for_each_reader(world: World) -> None:
    assert await world.asked_of_the_store() > 0
    assert await world.asked_of_the_store() == 0
    assert await world.asked_of_the_store(Reader(GLOBEX, JOE.keys)) > 0
    world.now += VIEW_LIFE - timedelta(microseconds=1)
    assert await world.asked_of_the_store() == 0
    world.now += timedelta(microseconds=1)
    assert await world.asked_of_the_store() == 1


async def test_a_change_of_this_process_is_seen_at_once(world: World) -> None:
    document_id = await world.put_secret(AGENTS)
    assert not await world.is_found_by_joe()
    await set_document_readers(world.here.library, document_id, EVERYBODY)
    assert await world.is_found_by_joe()
    await set_document_readers(world.here.library, document_id, AGENTS)
    assert not await world.is_found_by_joe()


async def test_what_another_process_closes_is_found_by_nobody_from_then_on(world: World) -> None:
    document_id = await world.put_secret(EVERYBODY)
    assert await world.is_found_by_joe()
    await set_document_readers(world.elsewhere.library, document_id, AGENTS)
    assert await world.asked_of_the_store() == 0  # the view is the old one
    assert not await world.is_found_by_joe()


async def test_what_another_process_opens_is_seen_a_second_later(world: World) -> None:
    document_id = await world.put_secret(AGENTS)
    assert not await world.is_found_by_joe()
    await set_document_readers(world.elsewhere.library, document_id, EVERYBODY)
    await world.here.indexing.bring_up_to_date(ACME, document_id)
    world.now += VIEW_LIFE
    assert await world.is_found_by_joe()
