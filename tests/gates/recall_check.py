"""Asks the demo tenants' labelled questions and holds what is found against a floor.

    python tests/gates/recall_check.py    exit code 1 below the floor

Keyword search alone is printed beside it: where that finds as much, the encoder earns nothing.
"""

import asyncio
import sys

from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.search.measures import figures
from tests.eval.accepted import losses, read_accepted
from tests.eval.labelled import demo_sets
from tests.eval.searching import WAYS, ranks_by_way, running_search

MEASURE = "recall@5"
FLOOR = 0.80
LEAST_QUESTIONS = 100


async def main() -> int:
    sets = demo_sets()
    async with running_search() as parts:
        measured = {
            one.name: {way: figures(own) for way, own in (await ranks_by_way(parts, one)).items()}
            for one in sets
        }
    table = Table("Tenant", "Questions", *WAYS, "Floor", "", box=None, pad_edge=False)
    is_good = True
    for one in sets:
        found = {way: own[MEASURE] for way, own in measured[one.name].items()}
        is_enough = found["fused"].value >= FLOOR and len(one.questions) >= LEAST_QUESTIONS
        is_good &= is_enough
        table.add_row(
            one.name,
            str(len(one.questions)),
            *(f"{figure.value:.3f}" for figure in found.values()),
            f"{FLOOR:.2f}",
            Text("ok", style="green") if is_enough else Text("below", style="bold red"),
        )
    table.title = MEASURE
    console = Console()
    console.print(table)
    lost = losses(measured, read_accepted())
    for loss in lost:
        console.print(loss)
    return int(not is_good or bool(lost))


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
