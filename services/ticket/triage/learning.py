"""Learns a tenant's own head from its corrections.

It is a logistic regression over the labels with a ridge penalty (S. le Cessie and J. C. van
Houwelingen, Ridge Estimators in Logistic Regression, 1992) on what the model says and on words; its
offset is what the model says, so that of no evidence nothing is learned. Whether it is any good is
found by cross-validation, texts that are the same in one part. It is used only if it has more
tickets right than the model, by more than chance (Q. McNemar, Note on the Sampling Error of the
Difference between Correlated Proportions, 1947).
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.ticket.triage.labels import LABELS
from services.ticket.triage.linear import features
from services.ticket.triage.own_head import Floats, OwnHead, in_order, log_of, shares, weighed

LEAST_TICKETS = 50
# Newer corrections are nearer to what is asked for now; beyond these, learning takes long.
MOST_TICKETS = 2_000
PARTS = 5
# The penalty, from little to much.
STRENGTHS = (0.03, 0.1, 0.3, 1.0)
TEMPERATURES = np.geomspace(0.125, 4, 41)
# One chance in two hundred, for it is looked again and again as corrections come.
LEAST_Z = 2.58
_ROUNDS = 200
# So many columns are held as numbers at once.
_COLUMNS = 4_096

Labels = npt.NDArray[np.int64]
Rights = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Taught:
    """A ticket's text, what the model says of it, and what a person says."""

    text: str
    model_says: Mapping[str, float]
    label: str


@dataclass(frozen=True)
class Learned:
    """`head` is None where it was no better than the model; both counts are of all tickets."""

    tickets: int
    model_right: int
    head_right: int
    head: OwnHead | None


def learn(taught: Sequence[Taught]) -> Learned:
    """Blocks: for about ten seconds over as many tickets as are learned from at most."""
    said = in_order([one.model_says for one in taught])
    offset = log_of(said)
    labels = np.array([LABELS.index(one.label) for one in taught])
    words = _Words.of([one.text for one in taught])
    kernel = words.kernel() + said @ said.T
    parts = _parts([one.text for one in taught])
    tried = [
        _Tried(scores, strength, float(temperature))
        for strength in STRENGTHS
        for scores in [_left_out(kernel, offset, labels, parts, strength)]
        for temperature in TEMPERATURES
    ]
    best = min(tried, key=lambda each: _losses(each.scores / each.temperature, labels).mean())

    by_model, by_head = offset.argmax(axis=1) == labels, best.scores.argmax(axis=1) == labels
    head = None
    if _mcnemar(by_model, by_head) >= LEAST_Z:
        shifts = _fit(kernel, offset, labels, best.strength)
        head = OwnHead(
            buckets=words.buckets,
            rarity=words.rarity.astype(np.float16),
            weights=words.weights(shifts).astype(np.float16),
            relabelling=(said.T @ shifts).astype(np.float32),
            unseen_rarity=words.unseen_rarity,
            temperature=best.temperature,
        )
    return Learned(len(taught), int(by_model.sum()), int(by_head.sum()), head)


@dataclass(frozen=True)
class _Tried:
    """The scores of all tickets, each by a head that has not learned from it."""

    scores: Floats
    strength: float
    temperature: float


@dataclass(frozen=True)
class _Words:
    """The texts as a sparse matrix: a row per text, a column per bucket that two texts have."""

    rows: npt.NDArray[np.int64]
    columns: npt.NDArray[np.int64]
    values: Floats
    buckets: npt.NDArray[np.int32]
    rarity: Floats
    texts: int
    unseen_rarity: float

    @classmethod
    def of(cls, texts: Sequence[str]) -> "_Words":
        seen = Counter(bucket for text in texts for bucket in features(text))
        unseen_rarity = _rarity(1, len(texts))
        shared = sorted(bucket for bucket, count in seen.items() if count > 1)
        column_of = {bucket: column for column, bucket in enumerate(shared)}
        found = [
            (row, column_of[bucket], value)
            for row, text in enumerate(texts)
            for bucket, value in weighed(text, lambda bucket: _rarity(seen[bucket], len(texts)))
            if bucket in column_of
        ]
        rows, columns, values = zip(*found, strict=True) if found else ((), (), ())
        return cls(
            rows=np.array(rows, np.int64),
            columns=np.array(columns, np.int64),
            values=np.array(values, np.float64),
            buckets=np.array(shared, np.int32),
            rarity=np.array([_rarity(seen[bucket], len(texts)) for bucket in shared]),
            texts=len(texts),
            unseen_rarity=unseen_rarity,
        )

    def kernel(self) -> Floats:
        """How alike every two texts are."""
        total = np.zeros((self.texts, self.texts))
        for first in range(0, len(self.buckets), _COLUMNS):
            inside = (self.columns >= first) & (self.columns < first + _COLUMNS)
            block = np.zeros((self.texts, _COLUMNS))
            block[self.rows[inside], self.columns[inside] - first] = self.values[inside]
            total += block @ block.T
        return total

    def weights(self, shifts: Floats) -> Floats:
        """Returns a row per bucket, from by how much each text shifts those that are like it."""
        weights = np.zeros((len(self.buckets), len(LABELS)))
        np.add.at(weights, self.columns, self.values[:, None] * shifts[self.rows])
        return weights


def _rarity(seen: int, texts: int) -> float:
    return math.log((1 + texts) / (1 + seen)) + 1


def _parts(texts: Sequence[str]) -> Labels:
    """Returns the part of each text; those that are the same are in the same one."""
    place = {text: number for number, text in enumerate(dict.fromkeys(texts))}
    return np.array([place[text] % PARTS for text in texts])


def _left_out(
    kernel: Floats, offset: Floats, labels: Labels, parts: Labels, strength: float
) -> Floats:
    """Returns the scores of each part by a head that has learned from the others."""
    scores = offset.copy()
    for part in range(PARTS):
        out, rest = np.flatnonzero(parts == part), np.flatnonzero(parts != part)
        if len(out) and len(rest):
            shifts = _fit(kernel[np.ix_(rest, rest)], offset[rest], labels[rest], strength)
            scores[out] += kernel[np.ix_(out, rest)] @ shifts
    return scores


def _fit(kernel: Floats, offset: Floats, labels: Labels, strength: float) -> Floats:
    """Returns by how much each text shifts the texts that are like it, towards each label.

    Gradient steps with Nesterov's momentum for a strongly convex loss (Introductory Lectures on
    Convex Optimization, 2004, 2.2.1), in the space of the texts.
    """
    wanted = np.eye(len(LABELS))[labels]
    steepest = kernel.sum(axis=1).max() / 2 + strength
    slow, fast = math.sqrt(strength), math.sqrt(steepest)
    momentum = (fast - slow) / (fast + slow)
    shifts = ahead = np.zeros_like(offset)
    for _ in range(_ROUNDS):
        slope = shares(offset + kernel @ ahead) - wanted + strength * ahead
        stepped = ahead - slope / steepest
        ahead = stepped + momentum * (stepped - shifts)
        shifts = stepped
    return shifts


def _losses(scores: Floats, labels: Labels) -> Floats:
    return -np.log(shares(scores)[np.arange(len(labels)), labels])


def _mcnemar(by_model: Rights, by_head: Rights) -> float:
    """Returns by how many standard deviations the head has more right than chance gives it."""
    gained, lost = int((by_head & ~by_model).sum()), int((by_model & ~by_head).sum())
    return (gained - lost) / math.sqrt(gained + lost) if gained + lost else 0.0
