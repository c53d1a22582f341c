"""Search beside the pipeline that people write with LangChain, in turns, on the same data.

    python -m tests.bench.beside_langchain --peer-python PEER/bin/python --peer-model MODEL_FOLDER \
        --stackfaq stackfaq.json --folder DIR

How to make the peer's Python stands in `peer_langchain.py`. MODEL_FOLDER holds all-MiniLM-L6-v2
for sentence-transformers. DIR is a folder that `tests.bench.searching` has filled, or will.
"""

import argparse
import asyncio
import json
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from services.mesh.caller import TenantId
from services.search.measures import Rank, rank_of
from services.search.server import Parts
from tests.bench.searching import SEED, Latency, agent, ask, fill
from tests.bench.synthetic_articles import SyntheticArticles, synthetic_articles
from tests.eval.labelled import LabelledSet, stackfaq_sets
from tests.eval.searching import asking, ranks_by_way, running_search_in

ROUNDS = 3
QUERIES = 300
CLIENTS = (1, 12)
TENANTS = 10
WITHIN = 5


@dataclass
class Peer:
    python: str
    model: str
    _process: subprocess.Popen[str] = field(init=False)

    def __post_init__(self) -> None:
        script = Path(__file__).with_name("peer_langchain.py")
        self._process = subprocess.Popen(
            [self.python, str(script), self.model],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def do(self, what: str, **arguments: object) -> Any:  # noqa: ANN401  as JSON has it
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"do": what, **arguments}) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("the peer has ended; its error stands above")
        return json.loads(answer)

    def close(self) -> None:
        self._process.communicate()


async def main() -> None:
    arguments = _arguments()
    peer = Peer(arguments.peer_python, arguments.peer_model)
    try:
        for labelled in stackfaq_sets(arguments.stackfaq):
            with tempfile.TemporaryDirectory(prefix="helpdesk-beside-") as folder:
                async with running_search_in(Path(folder)) as parts:
                    await compare_answers(parts, peer, labelled)
        async with running_search_in(arguments.folder) as parts:
            await compare_speed(parts, peer, arguments.folder, arguments.chunks)
    finally:
        peer.close()


async def compare_answers(parts: Parts, peer: Peer, labelled: LabelledSet) -> None:
    begun = time.perf_counter()
    async with asking(parts, labelled):
        seconds = time.perf_counter() - begun
    chunks = sum(one.chunk_count for one in (await parts.library.store.revisions()).values())
    theirs = peer.do("ingest", tenant=labelled.name, documents=dict(labelled.documents))
    count = len(labelled.documents)
    print(f"# {labelled.name}: {count} articles, {chunks} and {theirs['chunks']} chunks")
    # Of the same articles, which each cuts in its own way.
    print(f"ingest, articles/s     {_beside(count / seconds, count / theirs['seconds'])}")
    own = (await ranks_by_way(parts, labelled))["fused"]
    answers = peer.do(
        "ask", questions=[(labelled.name, one.text) for one in labelled.questions], clients=1
    )
    other = [
        rank_of(question.source_uris, list(dict.fromkeys(sources)))
        for question, sources in zip(labelled.questions, answers["sources"], strict=True)
    ]
    print(f"recall@{WITHIN}               {_beside(_recall(own), _recall(other))}", flush=True)


async def compare_speed(parts: Parts, peer: Peer, folder: Path, chunks: int) -> None:
    articles = await synthetic_articles(parts.library.vectors, SEED)
    tenants = [TenantId(f"tenant-{number}") for number in range(TENANTS)]
    await fill(parts, articles, tenants, chunks)
    loaded = peer.do("load", database=str(folder / "search" / "search.db"))
    print(
        f"# {loaded['chunks']:,} chunks of {TENANTS} tenants, {ROUNDS} rounds in turn", flush=True
    )
    for clients in CLIENTS:
        ours, theirs = [], []
        for _ in range(ROUNDS):
            ours.append(await ask(parts, articles, [*map(agent, tenants)], clients, QUERIES))
            theirs.append(_ask_peer(peer, articles, tenants, clients))
        own, other = _joined(ours), _joined(theirs)
        print(f"ours   {own}\npeer   {other}")
        print(f"{clients} client(s), queries/s {_beside(own.rate, other.rate)}", flush=True)


def _ask_peer(
    peer: Peer, articles: SyntheticArticles, tenants: list[TenantId], clients: int
) -> Latency:
    questions = [(tenants[number % TENANTS], articles.question()) for number in range(QUERIES)]
    answer = peer.do("ask", questions=questions, clients=clients)
    return Latency(f"{clients} client(s)", answer["seconds"], answer["whole"])


def _recall(ranks: Sequence[Rank]) -> float:
    return sum(rank is not None and rank <= WITHIN for rank in ranks) / len(ranks)


def _joined(rounds: list[Latency]) -> Latency:
    seconds = [one for each in rounds for one in each.seconds]
    return Latency(rounds[0].what, seconds, sum(each.whole_seconds for each in rounds))


def _beside(ours: float, theirs: float) -> str:
    return f"ours {ours:8.3f}   peer {theirs:8.3f}   ratio {ours / theirs:6.2f}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer-python", required=True)
    parser.add_argument("--peer-model", required=True)
    parser.add_argument("--stackfaq", type=Path, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--chunks", type=int, default=100_000)
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main())
