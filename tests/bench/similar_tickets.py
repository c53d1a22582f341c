"""How long it takes to find similar tickets in one large tenant, and what its words cost.

    python -m tests.bench.similar_tickets --tickets 50000 --postgresql

The words are drawn as people use them: few are in most tickets, most are in few.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from services.mesh.database_address import AnyAddress
from services.ticket.domain import TicketContent
from tests.bench.searching import SEED, Latency
from tests.support.databases import running_postgresql
from tests.support.full_desk import full_desk, sqlite_in

QUERIES = 500
OPENED = 200
WARM_UP = 20
WORDS_IN_THE_LANGUAGE = 30_000
USUAL_WORDS = 40
SUBJECT_WORDS = 6
LIMIT = 5


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=50_000)
    parser.add_argument("--postgresql", action="store_true")
    arguments = parser.parse_args()
    if arguments.postgresql:
        with running_postgresql() as server:
            await measure(server.create(), arguments.tickets)
        return
    with tempfile.TemporaryDirectory(prefix="helpdesk-similar-") as folder:
        await measure(sqlite_in(folder), arguments.tickets)
        print(f"{size_of(Path(folder)) / 2**20:.0f} MiB of database")


async def measure(address: AnyAddress, count: int) -> None:
    async with full_desk(address) as desk:
        made = list(contents(count + OPENED))
        begun = time.perf_counter()
        ids = await desk.fill(made[:count])
        print(f"{count:,} tickets and their words written in {time.perf_counter() - begun:.0f} s")
        opening: list[float] = []
        for content in made[count:]:
            begun = time.perf_counter()
            await desk.open(content)
            opening.append(time.perf_counter() - begun)
        print(Latency("opening one more", opening, sum(opening)))
        seconds: list[float] = []
        for number in range(WARM_UP + QUERIES):
            begun = time.perf_counter()
            await desk.similar(ids[number * 7919 % count], LIMIT)
            seconds.append(time.perf_counter() - begun)
        print(Latency("similar tickets", seconds[WARM_UP:], sum(seconds[WARM_UP:])))


def size_of(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())


def contents(count: int) -> Iterator[TicketContent]:
    noise = np.random.default_rng(SEED)
    ranks = np.arange(1, WORDS_IN_THE_LANGUAGE + 1)
    chances = np.cumsum(1 / ranks)
    chances /= chances[-1]
    for _ in range(count):
        length = max(SUBJECT_WORDS + 1, int(noise.lognormal(np.log(USUAL_WORDS), 0.8)))
        drawn = ranks[np.searchsorted(chances, noise.random(length), side="right")]
        words = [f"w{rank}" for rank in drawn]
        yield TicketContent(" ".join(words[:SUBJECT_WORDS]), " ".join(words[SUBJECT_WORDS:]))


if __name__ == "__main__":
    asyncio.run(main())
