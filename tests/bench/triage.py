"""How long triage takes: `make bench-triage`.

    python -m tests.bench.triage [--data FOLDER]

One ticket at a time in one thread, then all in batches in two. Without a folder the natural
tickets are asked; with it, tickets of `it_tickets.csv.gz`, which are longer.
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from services.ticket.triage.model import TriageModel
from services.ticket.triage.training.corpus import read_tickets
from tests.ticket.triage.natural import natural_tickets

ASKED = 2_000
WARM_UP = 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    arguments = parser.parse_args()
    measure("natural tickets", [text for text, _ in natural_tickets()])
    if arguments.data is not None:
        rows = read_tickets(arguments.data / "it_tickets.csv.gz")
        measure("it_tickets", [row.text for row in rows[:: max(1, len(rows) // ASKED)]])


def measure(name: str, texts: Sequence[str]) -> None:
    lone = TriageModel(threads=1)
    for text in texts[:WARM_UP]:
        lone.scores([text])
    taken = []
    for text in texts:
        begun = time.perf_counter()
        lone.scores([text])
        taken.append((time.perf_counter() - begun) * 1000)
    both = TriageModel(threads=2)
    both.scores(texts[:WARM_UP])
    begun = time.perf_counter()
    both.scores(texts)
    rate = len(texts) / (time.perf_counter() - begun)
    middle, late = np.percentile(taken, [50, 95])
    print(
        f"{name}: one thread {np.mean(taken):.2f} ms per ticket (p50 {middle:.2f}, p95 {late:.2f}),"
        f" two threads {rate:.0f} per second, {len(texts)} tickets"
    )


if __name__ == "__main__":
    main()
