"""Measures whether tickets that are found to be alike are of one kind.

    python -m tests.eval.similar_tickets FILE…

Each FILE is a CSV file, or one in gzip, whose first column is a text and whose last its label: a
queue, or what the customer wanted. Precision@5 is the part of the five nearest other tickets that
have the label of the asked one; at random it would be as often as the label comes. A ticket that
says the same to the letter does not count.
"""

import argparse
import asyncio
import csv
import gzip
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np

from services.ticket.domain import TicketContent
from tests.support.full_desk import FullDesk, full_desk, sqlite_in

FIRST = 5
ASKED = 20
QUESTIONS = 1_000
SEED = 7
SUBJECT, BODY = 200, 20_000


@dataclass(frozen=True)
class Labelled:
    text: str
    label: str


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--questions", type=int, default=QUESTIONS)
    arguments = parser.parse_args()
    print(f"{'set':<28}{'tickets':>9}{'labels':>8}{'P@5':>7}{'random':>8}{'found':>7}")
    for file in arguments.files:
        tickets = read(file)
        with tempfile.TemporaryDirectory(prefix="helpdesk-similar-") as folder:
            async with full_desk(sqlite_in(folder)) as desk:
                precision, found = await measure(desk, tickets, arguments.questions)
        labels = Counter(each.label for each in tickets)
        print(
            f"{file.name:<28}{len(tickets):>9,}{len(labels):>8}{precision:>7.3f}"
            f"{at_random(labels):>8.3f}{found:>7.2f}",
            flush=True,
        )


def read(file: Path) -> list[Labelled]:
    opener = gzip.open if file.suffix == ".gz" else open
    with opener(file, "rt", encoding="utf-8", newline="") as lines:
        rows = csv.reader(lines)
        next(rows)
        return [Labelled(row[0], row[-1]) for row in rows]


async def measure(
    desk: FullDesk, tickets: Sequence[Labelled], questions: int
) -> tuple[float, float]:
    """Precision@5, and how many of five were found."""
    ids = await desk.fill(
        TicketContent(each.text[:SUBJECT], each.text[SUBJECT : SUBJECT + BODY]) for each in tickets
    )
    place_of = {ticket_id: place for place, ticket_id in enumerate(ids)}
    asked = Random(SEED).sample(range(len(tickets)), min(questions, len(tickets)))  # noqa: S311
    hits, found = list[bool](), 0
    for place in asked:
        similar = await desk.similar(ids[place], ASKED)
        others = [tickets[place_of[one.ticket.ticket_id]] for one in similar]
        nearest = [one for one in others if one.text != tickets[place].text][:FIRST]
        found += len(nearest)
        hits += [one.label == tickets[place].label for one in nearest]
    return float(np.mean(hits)), found / len(asked)


def at_random(labels: Counter[str]) -> float:
    return sum((count / labels.total()) ** 2 for count in labels.values())


if __name__ == "__main__":
    asyncio.run(main())
