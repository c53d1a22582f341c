"""Whatever ends the making of an index half way, the next start goes on with what there is."""

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.mesh.caller import acting_as
from services.mesh.clock import utc_now
from services.search.errors import IndexUnavailable
from services.search.index_care import index_status
from services.search.server import assemble
from services.search.use_cases import put_document
from services.search.vectors import recipe_of
from tests.search.builders import ACME, SEES_ALL, an_article, somebody
from tests.search.encoder_server import EncoderServer
from tests.search.fakes import FakeDocumentStore, FakeEncoder, FakeIndex
from tests.search.two_encoders import ARTICLES, QUESTION, Meanwhile, Witness, World, filled

pytestmark = pytest.mark.filterwarnings("ignore:Payload indexes have no effect")


@pytest.fixture(autouse=True)
def ann() -> Iterator[None]:
    with acting_as(somebody()):
        yield


def encoded(server: EncoderServer) -> Counter[str]:
    texts = [text for body in server.asked for text in body["input"]]
    return Counter(text for text in texts if "room" in text)


async def test_a_process_that_ends_half_way_is_followed_by_one_that_goes_on(
    world: World, witness: Witness
) -> None:
    await filled(world, world.builtin)
    async with world.running(world.remote) as process:
        repairing = asyncio.create_task(process.parts.indexing.repair())

        async def stop(times: int) -> None:
            if times == ARTICLES // 2:
                repairing.cancel()

        world.server.spoil = Meanwhile(stop)
        await asyncio.wait([repairing])
        assert repairing.cancelled()
    world.server.spoil = None
    async with world.running(world.remote) as process:
        status = await index_status(process.parts.library)
        assert status.behind_count == ARTICLES // 2 + 1
        assert (await witness.ask(process, QUESTION))[0] == "builtin"
        await process.parts.indexing.repair()
        assert (await witness.ask(process, QUESTION))[0] == "remote"
        assert await process.index.count(SEES_ALL) == ARTICLES
    # Of all there are vectors twice at the most, and only of the one that was under way.
    assert sorted(encoded(world.server).values()) == [1] * (ARTICLES - 1) + [2]


class ForgetfulIndex(FakeIndex):
    """Cannot say at first what stands beside it."""

    fails = True

    async def other_recipes(self) -> frozenset[str]:
        if self.fails:
            raise IndexUnavailable("timeout")
        return await super().other_recipes()


async def test_nothing_is_begun_or_dropped_before_it_is_known_which_indexes_there_are() -> None:
    store, encoders = FakeDocumentStore(), [FakeEncoder("old"), FakeEncoder("new")]
    old, new = (recipe_of(encoder.name) for encoder in encoders)
    place: dict[str, FakeIndex] = {}
    parts = assemble(store, FakeIndex(old, place), encoders[0], utc_now)
    await parts.indexing.compare()
    await put_document(parts.library, an_article())
    index = ForgetfulIndex(new, place)
    parts = assemble(
        store, index, encoders[1], utc_now, find_encoder={old: encoders[0], new: encoders[1]}.get
    )
    await parts.indexing.compare()
    await parts.indexing.repair()
    with pytest.raises(IndexUnavailable):
        await parts.indexing.forget(ACME)
    assert index.texts == {}
    index.fails = False
    await parts.indexing.compare()
    assert (await index_status(parts.library)).serving_encoder == old
    await parts.indexing.repair()
    assert (await index_status(parts.library)).serving_encoder == new
    assert [*place] == [new]


REINDEXING = """
import asyncio, sys
from functools import partial
from services.mesh.clock import utc_now
from services.mesh.database import Database
from services.search.encoder.chosen import chosen_encoder, encoder_of
from services.search.server import assemble, make_index
from services.search.settings import SearchSettings
from services.search.store import SqlDocumentStore

async def reindex(settings: SearchSettings) -> None:
    encoder = chosen_encoder(settings)
    store = SqlDocumentStore(Database(settings.database_address("search")))
    index = make_index(settings, encoder)
    find = partial(encoder_of, settings)
    parts = assemble(store, index, encoder, utc_now, find_encoder=find)
    await parts.indexing.compare()
    await parts.indexing.repair()

asyncio.run(reindex(SearchSettings.model_validate_json(sys.argv[1])))
"""


@pytest.mark.parametrize("world", ["edge"], indirect=True)
async def test_a_process_that_is_killed_half_way_is_followed_by_one_that_goes_on(
    world: World, witness: Witness
) -> None:
    await filled(world, world.builtin)
    with subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-c", REINDEXING, world.remote.model_dump_json()],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": ".:gen/python"},
    ) as process:

        async def kill(times: int) -> None:
            # The first time it is asked for its dimensions.
            if times == ARTICLES // 2 + 1:
                process.send_signal(signal.SIGKILL)

        world.server.spoil = Meanwhile(kill)
        assert await asyncio.to_thread(process.wait) == -signal.SIGKILL
    world.server.spoil = None
    async with world.running(world.remote) as again:
        assert (await index_status(again.parts.library)).behind_count == ARTICLES // 2 + 1
        assert (await witness.ask(again, QUESTION))[0] == "builtin"
        await again.parts.indexing.repair()
        assert (await witness.ask(again, QUESTION))[0] == "remote"
        assert await again.index.count(SEES_ALL) == ARTICLES
    assert sorted(encoded(world.server).values()) == [1] * (ARTICLES - 1) + [2]
