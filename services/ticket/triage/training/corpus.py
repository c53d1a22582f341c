"""The rows a model is made of, dealt out so that no ticket has its twin on another side."""

import csv
import gzip
import random
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from services.ticket.triage.labels import LABELS

SEED = 20
HELD_OUT = 0.15
CALIBRATION = 0.08
SENTENCES = Path(__file__).with_name("sentences.txt")
OUT_OF_SCOPE = "out of scope"


@dataclass(frozen=True, slots=True)
class Row:
    text: str
    label: int | None
    """None says that the text is no ticket of a helpdesk at all."""
    natural: bool = False


@dataclass(frozen=True, slots=True)
class Corpus:
    training: list[Row]
    calibration: list[Row]
    held_out: list[Row]


def read_corpus(folder: Path) -> Corpus:
    corpus = _deal_out(read_tickets(folder / "it_tickets.csv.gz"))
    sentences = read_sentences(SENTENCES)
    kept_back = [row for number, row in enumerate(sentences) if number % 8 == 0]
    taught = [row for number, row in enumerate(sentences) if number % 8]
    return Corpus(
        training=corpus.training + taught,
        calibration=corpus.calibration + kept_back,
        held_out=corpus.held_out,
    )


def read_tickets(path: Path) -> list[Row]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        return [Row(row["text"], LABELS.index(row["label"])) for row in csv.DictReader(lines)]


def read_sentences(path: Path) -> list[Row]:
    rows, label = [], None
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("["):
            name = line.strip("[]")
            label = None if name == OUT_OF_SCOPE else LABELS.index(name)
        elif line:
            rows.append(Row(line, label, natural=True))
    return rows


def _deal_out(rows: list[Row]) -> Corpus:
    twins = _by_words(rows)
    random.Random(SEED).shuffle(twins)  # noqa: S311 -- a split, not a secret
    held_out, rest = _take(twins, HELD_OUT * len(rows))
    calibration, training = _take(rest, CALIBRATION * len(rows))
    return Corpus(_joined(training), _joined(calibration), _joined(held_out))


def _by_words(rows: list[Row]) -> list[list[Row]]:
    twins: dict[frozenset[str], list[Row]] = {}
    for row in rows:
        twins.setdefault(frozenset(row.text.split()), []).append(row)
    return list(twins.values())


def _take(twins: list[list[Row]], wanted: float) -> tuple[list[list[Row]], list[list[Row]]]:
    taken = 0
    for number, group in enumerate(twins):
        if taken >= wanted:
            return twins[:number], twins[number:]
        taken += len(group)
    return twins, []


def _joined(twins: Iterable[list[Row]]) -> list[Row]:
    return [row for group in twins for row in group]
