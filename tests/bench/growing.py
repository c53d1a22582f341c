"""How the index behaves as it grows: time to build, time to ask, memory. Nothing is encoded.

    python -m tests.bench.growing --chunks 10000 100000 1000000

Tenants have ten thousand chunks each. What is asked is what a search asks: the nearest passages and
those with the words, of one tenant, open to one reader, in force now.
"""

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from services.mesh.caller import TenantId
from services.mesh.ids import new_id
from services.search.domain import Embedding, IndexedText
from services.search.encoder.onnx import OnnxEncoder
from services.search.finding import CANDIDATES
from services.search.index_edge import EdgeIndex
from services.search.keywords import Frequencies, Terms, question_terms
from services.search.publication import IN_FORCE
from services.search.readers import EVERYBODY, Readers, View
from services.search.vectors import Vectors, recipe_of
from services.search.words import question_words
from tests.bench.memory import kilobytes
from tests.bench.searching import SEED, Latency
from tests.bench.synthetic_articles import CHUNKS_PER_ARTICLE, SyntheticArticles, synthetic_articles
from tests.security.progress import Progress

CHUNKS_PER_TENANT = 10_000
QUERIES = 1_000
WARM_UP = 50
PATTERNS = 500
RESTRICTED = 10
AGENTS = Readers.of(["agent"], [])


@dataclass
class Growing:
    index: EdgeIndex
    patterns: list[list[Embedding]]
    noise: np.random.Generator
    articles: int = 0

    async def grow(self, chunks: int) -> None:
        wanted = chunks // CHUNKS_PER_ARTICLE
        progress = Progress("articles", wanted - self.articles)
        while self.articles < wanted:
            await self.index.put(self.tenant_of(self.articles), self.article())
            self.articles += 1
            progress.step()

    def tenant_of(self, article: int) -> TenantId:
        return TenantId(f"tenant-{article * CHUNKS_PER_ARTICLE // CHUNKS_PER_TENANT}")

    def article(self) -> IndexedText:
        pattern = self.patterns[self.articles % len(self.patterns)]
        readers = AGENTS if self.articles % RESTRICTED == 0 else EVERYBODY
        return IndexedText(new_id(), 1, "", [], [*self._moved(pattern)], "", readers, IN_FORCE)

    def _moved(self, pattern: list[Embedding]) -> Iterator[Embedding]:
        """The same words under other vectors: no two chunks are the same."""
        for one in pattern:
            meaning = np.frombuffer(one.meaning, "<f4")
            moved = meaning + self.noise.normal(0, 0.02, len(meaning)).astype(np.float32)
            moved /= np.linalg.norm(moved)
            yield replace(one, chunk_id=new_id(), meaning=moved.tobytes())


async def main() -> None:
    arguments = _arguments()
    encoder = OnnxEncoder()
    articles = await synthetic_articles(Vectors(encoder), SEED)
    patterns = [articles.article()[2] for _ in range(PATTERNS)]
    with tempfile.TemporaryDirectory(prefix="helpdesk-growing-") as folder:
        recipe = recipe_of(encoder.name)
        index = EdgeIndex(Path(folder) / "index", recipe, encoder.dimensions)
        await index.open()
        growing = Growing(index, patterns, np.random.default_rng(SEED))
        for chunks in sorted(arguments.chunks):
            begun = time.perf_counter()
            await growing.grow(chunks)
            filled = time.perf_counter() - begun
            await index.shard.optimized()
            built = time.perf_counter() - begun
            latency = await ask(growing, articles, encoder)
            pss, _ = kilobytes(os.getpid())
            print(
                f"{latency}\n{chunks:>9,} chunks: filled in {filled:.0f} s, graph after "
                f"{built:.0f} s, {pss / 1024:.0f} MB",
                flush=True,
            )
        await index.close()


async def ask(growing: Growing, articles: SyntheticArticles, encoder: OnnxEncoder) -> Latency:
    frequencies = Frequencies.of(
        [Terms.from_bytes(one.terms) for pattern in growing.patterns for one in pattern]
    )
    seconds: list[float] = []
    for number in range(WARM_UP + QUERIES):
        question = articles.question()
        vector = encoder.encode([question])[0]
        terms = question_terms(question_words(question), frequencies)
        view = View(growing.tenant_of(number * 7919 % growing.articles), frozenset({"role:agent"}))
        begun = time.perf_counter()
        found = await growing.index.candidates(view, vector, terms, CANDIDATES)
        seconds.append(time.perf_counter() - begun)
        assert found, question
    return Latency("candidates of the index", seconds[WARM_UP:], sum(seconds[WARM_UP:]))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main())
