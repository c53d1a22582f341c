"""One shard for all tenants beside one for each: time to ask, memory, files.

    python -m tests.bench.sharding --chunks 100000 --tenants 10 100

The same chunks lie in both, and each way has a process of its own, since memory is of a process.
Nothing is encoded.
"""

import argparse
import asyncio
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import numpy as np

from services.mesh.caller import TenantId
from services.search.domain import Embedding
from services.search.encoder.onnx import OnnxEncoder
from services.search.finding import CANDIDATES
from services.search.index_edge import EdgeIndex
from services.search.keywords import Frequencies, Terms, question_terms
from services.search.readers import View
from services.search.vectors import Vectors
from services.search.words import question_words
from tests.bench.growing import PATTERNS, Growing
from tests.bench.memory import kilobytes
from tests.bench.searching import SEED, Latency
from tests.bench.synthetic_articles import (
    CHUNKS_PER_ARTICLE,
    SyntheticArticles,
    synthetic_articles,
)

QUERIES = 1_000
WARM_UP = 100
WAYS = ("one shard for all", "one shard each")


def main() -> None:
    arguments = _arguments()
    if arguments.way:
        asyncio.run(measure(arguments.way, arguments.chunks, arguments.tenants[0]))
        return
    for tenants in arguments.tenants:
        print(f"# {arguments.chunks:,} chunks of {tenants} tenants", flush=True)
        for way in WAYS:
            own = ["--way", way, "--tenants", str(tenants), "--chunks", str(arguments.chunks)]
            subprocess.run([sys.executable, "-m", "tests.bench.sharding", *own], check=True)


async def measure(way: str, chunks: int, tenants: int) -> None:
    encoder = OnnxEncoder()
    vectors = Vectors(encoder)
    articles = await synthetic_articles(vectors, SEED)
    patterns = [articles.article()[2] for _ in range(PATTERNS)]
    names = [TenantId(f"tenant-{number}") for number in range(tenants)]
    places = ["all"] if way == WAYS[0] else names
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="helpdesk-shards-")))
        shards = [EdgeIndex(folder / place, vectors.recipe, encoder.dimensions) for place in places]
        for shard in shards:
            stack.push_async_callback(shard.close)
            await shard.open()
        begun = time.perf_counter()
        await _fill(
            shards, names, Growing(shards[0], patterns, np.random.default_rng(SEED)), chunks
        )
        filled = time.perf_counter() - begun
        seconds = await _ask(shards, names, patterns, articles, encoder)
        pss, _ = kilobytes(os.getpid())
        print(Latency(way, seconds, sum(seconds)))
        print(f"{way}: filled in {filled:.0f} s, {pss / 1024:.0f} MB, {_files(folder):,} files")


async def _fill(
    shards: Sequence[EdgeIndex], names: Sequence[TenantId], growing: Growing, chunks: int
) -> None:
    for number in range(chunks // CHUNKS_PER_ARTICLE):
        growing.articles = number
        shard, name = shards[number % len(shards)], names[number % len(names)]
        await shard.put(name, growing.article())
    for shard in shards:
        await shard.shard.optimized()


async def _ask(
    shards: Sequence[EdgeIndex],
    names: Sequence[TenantId],
    patterns: Sequence[Sequence[Embedding]],
    articles: SyntheticArticles,
    encoder: OnnxEncoder,
) -> list[float]:
    words = [Terms.from_bytes(one.terms) for pattern in patterns for one in pattern]
    frequencies = Frequencies.of(words)
    dice = random.Random(SEED)  # noqa: S311  the same order each time
    seconds: list[float] = []
    while len(seconds) < WARM_UP + QUERIES:
        question = articles.question()
        vector = encoder.encode([question])[0]
        terms = question_terms(question_words(question), frequencies)
        chosen = dice.randrange(len(names))
        view = View(names[chosen], frozenset({"role:agent"}))
        begun = time.perf_counter()
        await shards[chosen % len(shards)].candidates(view, vector, terms, CANDIDATES)
        seconds.append(time.perf_counter() - begun)
    return seconds[WARM_UP:]


def _files(folder: Path) -> int:
    return sum(path.is_file() for path in folder.rglob("*"))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=100_000)
    parser.add_argument("--tenants", type=int, nargs="+", default=[10, 100])
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
