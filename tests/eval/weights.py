"""Looks for the weights of `services.search.ranking`, on the development halves alone.

    python -m tests.eval.weights --stackfaq stackfaq.json --pages FOLDER

Each set counts alike, by its mean reciprocal rank. What it prints is put down by hand.
"""

import argparse
import asyncio
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from services.search.finding import find
from services.search.measures import MEASURES, rank_of
from services.search.ports import StoredPassage
from services.search.ranking import Candidate, Weights, page_of, ranked
from tests.eval.labelled import demo_sets, page_sets, stackfaq_sets
from tests.eval.searching import asking, running_search

KEYWORDS = (0.0, 0.1, 0.2, 0.3)
DISTINCTION = (0.0, 0.5, 1.0, 2.0)
SUBJECT = (0.0, 0.42, 0.6)
SHOWN = 8
# Enough for the first documents, whose order is what counts.
PASSAGES = 12


@dataclass(frozen=True)
class Asked:
    set_name: str
    right: frozenset[str]
    candidates: Sequence[Candidate]
    passages: Mapping[str, StoredPassage]


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--stackfaq", type=Path, required=True)
    parser.add_argument("--pages", type=Path, required=True)
    arguments = parser.parse_args()
    sets = [*demo_sets(), *stackfaq_sets(arguments.stackfaq), *page_sets(arguments.pages)]
    asked: list[Asked] = []
    async with running_search() as parts:
        for labelled in sets:
            development, _ = labelled.halves()
            async with asking(parts, labelled):
                for one in development.questions:
                    async with find(parts.finder, one.text) as found:
                        ids = [candidate.chunk_id for candidate in found.candidates]
                        passages = await found.documents.passages(ids)
                    asked.append(Asked(labelled.name, one.source_uris, found.candidates, passages))
    best = sorted(
        ((_goodness(asked, weights), weights) for weights in _grid()), key=lambda x: -x[0]
    )
    sys.stdout.writelines(f"{goodness:.4f} {weights}\n" for goodness, weights in best[:SHOWN])


def _grid() -> Iterator[Weights]:
    for keywords in KEYWORDS:
        for distinction in DISTINCTION:
            for subject in SUBJECT:
                yield Weights(keywords, distinction, subject)


def _goodness(asked: Sequence[Asked], weights: Weights) -> float:
    by_set: dict[str, list[float]] = {}
    for one in asked:
        texts = {chunk_id: passage.chunk.text for chunk_id, passage in one.passages.items()}
        best = page_of(ranked(one.candidates, weights), texts, PASSAGES)
        documents = [one.passages[passage.candidate.chunk_id].source_uri for passage in best]
        rank = rank_of(one.right, list(dict.fromkeys(documents)))
        by_set.setdefault(one.set_name, []).append(MEASURES["MRR"](rank))
    return float(np.mean([np.mean(own) for own in by_set.values()]))


if __name__ == "__main__":
    asyncio.run(main())
