"""How good an order of documents is, by the rank at which the first right one stands in it."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

# Fixed, so that the same ranks have the same intervals.
SEED = 20_261_125
RESAMPLES = 2_000
LIKELY = (2.5, 97.5)
DEEPEST_GAIN = 10

Rank = int | None
"""From 1; None where no right document was found."""


@dataclass(frozen=True)
class Figure:
    """A mean over questions, with the interval that holds it in 95 of 100 such sets."""

    value: float
    low: float
    high: float


def _recall(depth: int) -> Callable[[Rank], float]:
    return lambda rank: float(rank is not None and rank <= depth)


def _reciprocal(rank: Rank) -> float:
    return 1 / rank if rank else 0.0


def _discounted_gain(rank: Rank) -> float:
    # One right document is enough, so that the best possible gain is 1.
    return 1 / math.log2(rank + 1) if rank and rank <= DEEPEST_GAIN else 0.0


MEASURES: Mapping[str, Callable[[Rank], float]] = MappingProxyType(
    {
        "recall@1": _recall(1),
        "recall@5": _recall(5),
        "recall@10": _recall(10),
        "MRR": _reciprocal,
        "nDCG@10": _discounted_gain,
    }
)


def rank_of(right: frozenset[str], found: Sequence[str]) -> Rank:
    """Where the first of the right documents stands; each of them answers."""
    return next((place for place, name in enumerate(found, start=1) if name in right), None)


def figures(ranks: Sequence[Rank]) -> dict[str, Figure]:
    """One for each measure. Raises ValueError without any rank."""
    if not ranks:
        raise ValueError("no question, no figure")
    chosen = np.random.default_rng(SEED).integers(len(ranks), size=(RESAMPLES, len(ranks)))
    return {
        name: _figure(np.array([measure(rank) for rank in ranks]), chosen)
        for name, measure in MEASURES.items()
    }


def _figure(values: npt.NDArray[np.float64], chosen: npt.NDArray[np.int64]) -> Figure:
    low, high = np.percentile(values[chosen].mean(axis=1), LIKELY)
    return Figure(float(values.mean()), float(low), float(high))
