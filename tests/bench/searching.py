"""How fast search answers inside its process, embedding included.

    python -m tests.bench.searching --chunks 100000 --tenants 10

Everything is real but the articles: store, index, encoder and ranking. Each question is new, so
that nothing is answered from memory.
"""

import argparse
import asyncio
import os
import random
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

from services.mesh.caller import Caller, TenantId, UserId, acting_as
from services.mesh.clock import utc_now
from services.mesh.ids import new_id
from services.search.domain import DocumentText, next_version
from services.search.finding import search_passages
from services.search.readers import Readers, curator
from services.search.server import Parts
from tests.bench.memory import kilobytes
from tests.bench.synthetic_articles import (
    CHUNKS_PER_ARTICLE,
    SyntheticArticles,
    synthetic_articles,
)
from tests.eval.searching import running_search_in
from tests.security.progress import Progress

SEED = 20261125
PAGE_SIZE = 10
WARM_UP = 100
# One article in so many is for agents only, so that lists take part.
RESTRICTED = 10
AGENTS = Readers.of(["agent"], [])


@dataclass(frozen=True)
class Latency:
    what: str
    seconds: list[float]
    whole_seconds: float

    @property
    def rate(self) -> float:
        """Queries per second."""
        return len(self.seconds) / self.whole_seconds

    def __str__(self) -> str:
        ordered = sorted(self.seconds)

        def at(share: float) -> str:
            return f"{ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000:7.2f}"

        return (
            f"{self.what:<30} {self.rate:8.1f} queries/s   "
            f"p50 {at(0.5)}  p95 {at(0.95)}  p99 {at(0.99)}  max {at(1)} ms"
        )


def main() -> None:
    arguments = _arguments()
    if arguments.folder:
        asyncio.run(measure(arguments, arguments.folder))
        return
    with tempfile.TemporaryDirectory(prefix="helpdesk-searching-") as folder:
        asyncio.run(measure(arguments, Path(folder)))


async def measure(arguments: argparse.Namespace, folder: Path) -> None:
    async with running_search_in(folder) as parts:
        articles = await synthetic_articles(parts.library.vectors, SEED)
        tenants = [TenantId(f"tenant-{number}") for number in range(arguments.tenants)]
        await fill(parts, articles, tenants, arguments.chunks)
        callers = [agent(tenant) for tenant in tenants]
        for clients in arguments.clients:
            await ask(parts, articles, callers, 1, WARM_UP)
            print(await ask(parts, articles, callers, clients, arguments.queries), flush=True)
        pss, rss = kilobytes(os.getpid())
        print(f"memory {pss / 1024:.0f} MB proportional, {rss / 1024:.0f} MB resident")


async def fill(
    parts: Parts, articles: SyntheticArticles, tenants: list[TenantId], chunks: int
) -> None:
    revisions = await parts.library.store.revisions()
    present = sum(revision.chunk_count for revision in revisions.values())
    wanted = -(-(chunks - present) // CHUNKS_PER_ARTICLE)
    if wanted <= 0:
        return
    begun = time.monotonic()
    progress = Progress("articles", wanted)
    for number in range(wanted):
        await _put(parts, articles, tenants[number % len(tenants)], number)
        progress.step()
    seconds = time.monotonic() - begun
    print(f"filled with {chunks:,} chunks in {seconds:.0f} s, vectors given")


async def _put(parts: Parts, articles: SyntheticArticles, tenant: TenantId, number: int) -> None:
    content, chunks, embeddings = articles.article()
    title = f"Article {number}"
    text = DocumentText(new_id(), title, "", content)
    if number % RESTRICTED == 0:
        text = replace(text, readers=AGENTS)
    now = utc_now()
    async with parts.library.store.transaction(curator(tenant)) as documents:
        claimed = await documents.claim(text.source_uri, new_id(), now)
        document = next_version(claimed, text, len(chunks), now)
        own = [replace(one, document_id=document.document_id, version=1) for one in chunks]
        await documents.keep(document, own, embeddings)
    await parts.indexing.bring_up_to_date(tenant, document.document_id)


async def ask(
    parts: Parts, articles: SyntheticArticles, callers: list[Caller], clients: int, count: int
) -> Latency:
    """Each client asks again as soon as it is answered."""
    questions = [articles.question() for _ in range(count)]
    waiting = iter(questions)
    dice = random.Random(SEED)  # noqa: S311  the same order each time
    seconds: list[float] = []

    async def client() -> None:
        for question in waiting:
            with acting_as(dice.choice(callers)):
                begun = time.perf_counter()
                found = await search_passages(parts.finder, question, PAGE_SIZE)
                seconds.append(time.perf_counter() - begun)
            assert found.passages, question
            assert not found.degraded, question

    begun = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return Latency(f"{clients} client(s)", seconds, time.perf_counter() - begun)


def agent(tenant: TenantId) -> Caller:
    return Caller(
        service="gateway", tenant_id=tenant, user_id=UserId("ann"), roles=frozenset({"agent"})
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=100_000)
    parser.add_argument("--tenants", type=int, default=10)
    parser.add_argument("--queries", type=int, default=2_000)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 12])
    parser.add_argument("--folder", type=Path, help="keeps the articles there for the next run")
    return parser.parse_args()


if __name__ == "__main__":
    main()
