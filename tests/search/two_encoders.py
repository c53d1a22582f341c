"""Search with an index of one encoder, started anew with another one."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from qdrant_client import AsyncQdrantClient

from services.mesh.caller import acting_as
from services.mesh.clock import utc_now
from services.mesh.database import Database
from services.search.encoder.chosen import chosen_encoder, encoder_of
from services.search.encoder.onnx import OnnxEncoder
from services.search.finding import Findings, search_passages
from services.search.index_edge import EdgeIndex
from services.search.index_server import QdrantServerIndex
from services.search.ports import Encoder, Vector, VectorIndex
from services.search.server import Parts, assemble, make_index
from services.search.settings import SearchSettings
from services.search.store import SqlDocumentStore
from services.search.use_cases import put_document
from services.search.vectors import recipe_of, searchable_text
from tests.search.builders import an_article, somebody
from tests.search.encoder_server import EncoderServer

# As many as the encoder that is built in: only so could vectors be mixed without an error.
DIMENSIONS = 384
ARTICLES = 8
QUESTION = "clean the printer"

Vectors = list[list[float]]


@dataclass
class Process:
    """What one start of search holds."""

    parts: Parts
    index: VectorIndex
    encoder: Encoder

    async def stop(self) -> None:
        await self.parts.indexing.close()
        await self.index.close()
        self.encoder.close()


@dataclass
class World:
    """The index is in `folder`, or behind `client` when there is one."""

    folder: Path
    database: Database
    server: EncoderServer
    client: AsyncQdrantClient | None

    @property
    def builtin(self) -> SearchSettings:
        return self._settings()

    @property
    def remote(self) -> SearchSettings:
        where = {"encoder_url": self.server.url, "encoder_model": "mini"}
        return self._settings(encoder="openai", **where)

    @property
    def builtin_after_remote(self) -> SearchSettings:
        where = {"previous_encoder_url": self.server.url, "previous_encoder_model": "mini"}
        return self._settings(previous_encoder="openai", **where)

    @asynccontextmanager
    async def running(self, settings: SearchSettings) -> AsyncIterator[Process]:
        encoder = await asyncio.to_thread(chosen_encoder, settings)
        index = self._index(settings, encoder)
        parts = assemble(
            SqlDocumentStore(self.database),
            index,
            encoder,
            utc_now,
            find_encoder=partial(encoder_of, settings),
        )
        await parts.indexing.compare()
        process = Process(parts, index, encoder)
        try:
            yield process
        finally:
            await process.stop()

    async def recipes(self) -> set[str]:
        """Of the indexes that there are."""
        nobody = OnnxEncoder(threads=1)
        nobody.name = "nobody"
        return set(await self._index(self.builtin, nobody).other_recipes())

    def _index(self, settings: SearchSettings, encoder: Encoder) -> VectorIndex:
        if self.client is None:
            index = make_index(settings, encoder)
            assert isinstance(index, EdgeIndex)
            return index
        recipe = recipe_of(encoder.name)
        return QdrantServerIndex(self.client, recipe, encoder.dimensions, closes_client=False)

    def _settings(self, **more: str) -> SearchSettings:
        return SearchSettings.model_validate({"data": self.folder, "encoder_threads": 1, **more})


@dataclass
class Meanwhile:
    """Does something each time the server is asked for vectors, and lets it wait for that."""

    act: Callable[[int], Awaitable[None]]
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    times: int = 0
    is_acting: bool = False

    def __call__(self, made: Vectors) -> Vectors:
        # What it does may need vectors as well.
        if not self.is_acting:
            self.is_acting = True
            asyncio.run_coroutine_threadsafe(self._act(), self.loop).result(timeout=30)
            self.is_acting = False
        return made

    async def _act(self) -> None:
        self.times += 1
        with acting_as(somebody()):
            await self.act(self.times)


class Witness:
    """Tells out of the similarities of what was found whose vectors were compared."""

    def __init__(self) -> None:
        self._onnx = OnnxEncoder(threads=1)
        self._server = EncoderServer(DIMENSIONS)

    async def ask(self, process: Process, question: str) -> tuple[str, Findings]:
        findings = await search_passages(process.parts.finder, question, 5)
        return await asyncio.to_thread(self._encoder_of, question, findings), findings

    def _encoder_of(self, question: str, findings: Findings) -> str:
        if findings.degraded:
            return "words"
        texts = [searchable_text(one.title, one.chunk) for one in findings.passages]
        found = [one.similarity for one in findings.passages]
        for name, encode in (("builtin", self._onnx.encode), ("remote", self._remote)):
            vectors = encode([question, *texts])
            if np.allclose(vectors[1:] @ vectors[0], found, atol=1e-4):
                return name
        return "mixed"

    def _remote(self, texts: list[str]) -> Vector:
        vectors = np.array(self._server.vectors(texts), np.float32)
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


async def put(process: Process, number: int, verb: str = "Clean") -> str:
    text = f"{verb} the printer of room {number}.\n"
    document = await put_document(process.parts.library, an_article(text, source_uri=f"{number}"))
    return document.document_id


async def filled(world: World, settings: SearchSettings) -> list[str]:
    """An index that is complete, of the encoder of these settings."""
    async with world.running(settings) as process:
        ids = [await put(process, number) for number in range(ARTICLES)]
        await process.parts.indexing.repair()
    return ids
