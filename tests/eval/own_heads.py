"""Measures what tenants' own heads learn of corrections, for four kinds of tenants.

    python -m tests.eval.own_heads --data FOLDER

FOLDER has `it_tickets.csv.gz` and `banking77_train.csv`. One tenant means by the labels what the
model means; one has moved a third of its devices and all of its rights to other desks; one is a
bank whose desks are named by eight labels; one says any label at all, which cannot be learned. All
are measured on tickets that were not corrected, and that the model was not made from.
"""

import argparse
import csv
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from services.ticket.triage.labels import LABELS
from services.ticket.triage.learning import Taught, learn
from services.ticket.triage.model import TriageModel
from services.ticket.triage.own_head import OwnHead
from services.ticket.triage.training.corpus import Row, read_corpus
from services.ticket.triage.training.figures import figures_of

CORRECTED = (50, 100, 200, 500, 1_000, 2_000)
ASKED = 1_000
SEED = 11
# Which words make a ticket about devices one for Purchase, at a tenant that has it so.
DEVICES = {"laptop", "monitor", "screen", "keyboard", "mouse", "headset", "phone", "dock"}
# A bank's desks, by how its intents begin or end; the first that fits.
BANK = (
    ("top_up", "Purchase"),
    ("topping_up", "Purchase"),
    ("transfer", "Internal Project"),
    ("cash", "Storage"),
    ("exchange", "Miscellaneous"),
    ("charge", "Administrative rights"),
    ("fee", "Administrative rights"),
    ("refund", "Administrative rights"),
    ("identity", "HR Support"),
    ("verify", "HR Support"),
    ("pin", "Access"),
    ("passcode", "Access"),
    ("card", "Hardware"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    folder = parser.parse_args().data
    model = TriageModel(threads=2)
    chance = random.Random(SEED)  # noqa: S311  the same tickets each time
    tickets = chance.sample(read_corpus(folder).held_out, CORRECTED[-1] + ASKED)
    bank = chance.sample(_bank(folder / "banking77_train.csv"), CORRECTED[-1] + ASKED)
    print(f"{model.name}, seed {SEED}; accuracy and calibration error on {ASKED:,} other tickets\n")
    print("| tenant | corrected | the model | its own head | in use |")
    print("| --- | --- | --- | --- | --- |")
    measure("means what the model means", model, tickets)
    measure("has moved two kinds of tickets", model, [_moved(row) for row in tickets])
    measure("is a bank", model, bank)
    labels = range(len(LABELS))
    measure("says anything", model, [Row(row.text, chance.choice(labels)) for row in tickets])


def measure(name: str, model: TriageModel, rows: Sequence[Row]) -> None:
    scores = model.scores([row.text for row in rows])
    says = [dict(zip(LABELS, one.probabilities, strict=True)) for one in scores]
    taught = [
        Taught(row.text, one, LABELS[row.label or 0]) for row, one in zip(rows, says, strict=True)
    ]
    asked = taught[-ASKED:]
    shared = _figures(asked, None)
    for corrected in CORRECTED:
        learned = learn(taught[:corrected])
        own = _figures(asked, learned.head) if learned.head is not None else "-"
        in_use = "yes" if learned.head is not None else "no"
        print(f"| {name} | {corrected:,} | {shared} | {own} | {in_use} |", flush=True)


def _figures(asked: Sequence[Taught], head: OwnHead | None) -> str:
    found = [
        head.probabilities(one.text, one.model_says) if head is not None else one.model_says
        for one in asked
    ]
    probabilities = np.array([[one[label] for label in LABELS] for one in found])
    figures = figures_of(probabilities, np.array([LABELS.index(one.label) for one in asked]))
    return f"{figures.accuracy:.3f}, {figures.calibration_error:.3f}"


def _moved(row: Row) -> Row:
    label = LABELS[row.label or 0]
    if label == "Administrative rights":
        return Row(row.text, LABELS.index("Access"))
    if label == "Hardware" and DEVICES & set(row.text.split()):
        return Row(row.text, LABELS.index("Purchase"))
    return row


def _bank(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as lines:
        return [Row(row["text"], _desk_of(row["category"])) for row in csv.DictReader(lines)]


def _desk_of(intent: str) -> int:
    fits = (label for part, label in BANK if part in intent)
    return LABELS.index(next(fits, "Miscellaneous"))


if __name__ == "__main__":
    main()
