"""How well the right document is found, by words, by meaning, and by both together.

    python -m tests.eval.retrieval
    python -m tests.eval.retrieval --stackfaq stackfaq.json --pages FOLDER
    python -m tests.eval.retrieval --stackfaq stackfaq.json --pages FOLDER --accept

`--pages` is a folder with 18f-handbook and gnome-help in it. Weights are chosen on the development
half of a set alone. Exits 1 when a figure falls below the interval of the last accepted one, or
when both together find less among the first five than either alone, on any set.
"""

import argparse
import asyncio
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from services.search.measures import MEASURES, Figure, Rank, figures
from tests.bench.__main__ import describe_machine
from tests.eval.accepted import losses, read_accepted, write_accepted
from tests.eval.labelled import LabelledSet, demo_sets, page_sets, stackfaq_sets
from tests.eval.searching import ranks_by_way, running_search

ALONE = ("BM25", "dense")
TOGETHER = "fused"


async def measure(sets: Sequence[LabelledSet]) -> dict[str, dict[str, dict[str, Figure]]]:
    """Each set as a whole, and its two halves."""
    measured = {}
    async with running_search() as parts:
        for labelled in sets:
            ranks = await ranks_by_way(parts, labelled)
            for part in (labelled, *labelled.halves()):
                measured[part.name] = {
                    way: figures(_of(part, labelled, own)) for way, own in ranks.items()
                }
    return measured


def show(measured: Mapping[str, Mapping[str, Mapping[str, Figure]]], sizes: Sequence[str]) -> None:
    table = Table("set", "questions", "by", *MEASURES, title="95 % intervals in brackets")
    for (name, ways), size in zip(measured.items(), sizes, strict=True):
        for place, (way, own) in enumerate(ways.items()):
            head = ("", "") if place else (name, size)
            table.add_row(*head, way, *(_shown(figure) for figure in own.values()))
        table.add_section()
    Console(width=170).print(table)


def worse_together(measured: Mapping[str, Mapping[str, Mapping[str, Figure]]]) -> list[str]:
    return [
        f"{name}: {TOGETHER} finds {ways[TOGETHER]['recall@5'].value:.3f} among five, {way} alone"
        f" {ways[way]['recall@5'].value:.3f}"
        for name, ways in measured.items()
        for way in ALONE
        if ways[TOGETHER]["recall@5"].value < ways[way]["recall@5"].value
    ]


async def main() -> int:
    arguments = _arguments()
    sets = [
        *demo_sets(),
        *(stackfaq_sets(arguments.stackfaq) if arguments.stackfaq else []),
        *(page_sets(arguments.pages) if arguments.pages else []),
    ]
    sys.stdout.write(f"{describe_machine()}\n")
    measured = await measure(sets)
    show(measured, [str(len(part.questions)) for one in sets for part in (one, *one.halves())])
    if arguments.accept:
        write_accepted(measured)
    whole = {one.name: measured[one.name] for one in sets}
    complaints = [*losses(measured, read_accepted()), *worse_together(whole)]
    sys.stdout.writelines(f"{complaint}\n" for complaint in complaints)
    return int(bool(complaints))


def _of(part: LabelledSet, labelled: LabelledSet, ranks: Sequence[Rank]) -> list[Rank]:
    own = {id(question) for question in part.questions}
    return [
        rank
        for question, rank in zip(labelled.questions, ranks, strict=True)
        if id(question) in own
    ]


def _shown(figure: Figure) -> str:
    return f"{figure.value:.3f} [{figure.low:.3f} {figure.high:.3f}]"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--stackfaq", type=Path, help="a file of threads with paraphrases")
    parser.add_argument("--pages", type=Path, help="a folder with 18f-handbook and gnome-help")
    parser.add_argument("--accept", action="store_true", help="write these figures down")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main()))
