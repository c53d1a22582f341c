"""Asks both engines in the name of random readers for what random lists let them read."""

import random
import tempfile
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from qdrant_client import AsyncQdrantClient

from services.search.index_edge import EdgeIndex
from services.search.index_server import QdrantServerIndex
from services.search.ports import VectorIndex
from tests.search.builders import DIMENSIONS
from tests.search.random_lists import (
    DOCUMENTS,
    READERS,
    EdgeWithoutReaders,
    Score,
    ServerWithoutReaders,
    a_world,
    ask_all,
    filled,
)
from tests.security.progress import Progress
from tests.security.section import Control, Figure, Outcome, Scale, Section

FIGURE = Figure("searches among restricted articles", "0 forbidden, 0 too short", 10_000)
# Worlds of 200 documents and 30 readers, asked 500 questions each; Qdrant's client compares point
# by point in Python and is asked about one world.
WORLDS = {Scale.FULL: {"Edge": 19, "client": 1}, Scale.SHORT: {"Edge": 1, "client": 1}}
QUESTIONS = {Scale.FULL: 500, Scale.SHORT: 20}
_IN_CONTROL = 20


async def run(scale: Scale, seed: int) -> Outcome:
    worlds, questions = WORLDS[scale], QUESTIONS[scale]
    progress = Progress("worlds", sum(worlds.values()))
    failures: list[str] = []
    details = [f"{DOCUMENTS} documents, {READERS} readers, {questions} questions in each world"]
    count = 0
    for engine, number in worlds.items():
        hidden = 0
        for world in range(number):
            score = await _score(engine, random.Random(f"{seed} {engine} {world}"), questions)
            progress.step()
            count += questions
            hidden += score.hidden
            if score.forbidden or score.short_or_other:
                failures.append(
                    f"{engine}, world {world}: {score.forbidden} forbidden passages, "
                    f"{score.short_or_other} answers other than the right one"
                )
        details.append(f"{engine}: {hidden // (number * questions)} passages hidden on average")
    caught = [
        await _score(engine, random.Random(seed), _IN_CONTROL, is_defended=False)
        for engine in worlds
    ]
    control = Control("the filter on readers", all(one.forbidden > 0 for one in caught))
    return Outcome(count, failures, control, details)


async def _score(
    engine: str, chance: random.Random, questions: int, *, is_defended: bool = True
) -> Score:
    world = a_world(chance)
    async with _opened(engine, is_defended=is_defended) as index:
        return await ask_all(await filled(index, world), world, chance, questions)


@asynccontextmanager
async def _opened(engine: str, *, is_defended: bool) -> AsyncIterator[VectorIndex]:
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        # The client's local mode says that it needs no payload indexes.
        warnings.simplefilter("ignore")
        index: VectorIndex
        if engine == "Edge":
            edge = EdgeIndex if is_defended else EdgeWithoutReaders
            index = edge(Path(folder) / "index", "recipe-1", DIMENSIONS)
        else:
            server = QdrantServerIndex if is_defended else ServerWithoutReaders
            index = server(AsyncQdrantClient(":memory:"), "recipe-1", DIMENSIONS)
        await index.open()
        try:
            yield index
        finally:
            await index.close()


SECTION = Section("readers", FIGURE, run)
