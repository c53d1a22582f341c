"""How good probabilities are: right, honest about it, and useful."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]
Labels = npt.NDArray[np.int64]

BINS = 15
PRECISION = 0.95


@dataclass(frozen=True, slots=True)
class Figures:
    accuracy: float
    macro_f1: float
    calibration_error: float
    coverage: float
    """What share can be acted on when 95 of 100 must be right."""
    threshold: float


def figures_of(probabilities: Floats, labels: Labels) -> Figures:
    found = probabilities.argmax(axis=1)
    coverage, threshold = coverage_at(PRECISION, probabilities, labels)
    return Figures(
        accuracy=float((found == labels).mean()),
        macro_f1=macro_f1(found, labels),
        calibration_error=calibration_error(probabilities, labels),
        coverage=coverage,
        threshold=threshold,
    )


def macro_f1(found: Labels, labels: Labels) -> float:
    scores = []
    for label in np.unique(labels):
        hits = int(((found == label) & (labels == label)).sum())
        scores.append(2 * hits / max(int((found == label).sum() + (labels == label).sum()), 1))
    return float(np.mean(scores))


def calibration_error(probabilities: Floats, labels: Labels) -> float:
    """The mean distance between how sure it was and how often it was right, in 15 bins."""
    sure = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    parts = [bins == number for number in range(BINS)]
    return float(
        sum(
            part.mean() * abs(sure[part].mean() - right[part].mean())
            for part in parts
            if part.any()
        )
    )


def coverage_at(precision: float, probabilities: Floats, labels: Labels) -> tuple[float, float]:
    """The largest share of which so many are right, and how sure one must be for it."""
    sure = probabilities.max(axis=1)
    order = np.argsort(-sure, kind="stable")
    right = np.cumsum((probabilities.argmax(axis=1) == labels)[order])
    good = np.flatnonzero(right / np.arange(1, len(order) + 1) >= precision)
    if not good.size:
        return 0.0, 1.0
    return float((good[-1] + 1) / len(order)), float(sure[order[good[-1]]])


def area_under_curve(inside: Sequence[float], outside: Sequence[float]) -> float:
    """How often one from outside scores higher than one from inside; half for equals."""
    low, high = np.asarray(inside)[:, None], np.asarray(outside)[None, :]
    return float((low < high).mean() + (low == high).mean() / 2)
