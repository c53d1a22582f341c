"""Fits what stands on the encoder: the linear half, the stack, and how sure both may be."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from services.ticket.triage.labels import LABELS
from services.ticket.triage.linear import BUCKETS, LinearModel, features
from services.ticket.triage.model import joined
from services.ticket.triage.training.corpus import SEED, Row

LEVELS = 127
STACK_STRENGTH = 5.0
LINEAR_STRENGTH = 0.25

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Stack:
    weights: Floats
    bias: Floats
    temperature: float


def fit_linear(rows: Sequence[Row]) -> LinearModel:
    inside = [row for row in rows if row.label is not None]
    counted = [features(row.text) for row in inside]
    seen = np.zeros(BUCKETS, np.int64)
    for one in counted:
        seen[list(one)] += 1
    rarity = np.log((1 + len(inside)) / (1 + seen)) + 1
    rarity[seen < 2] = 0  # noqa: PLR2004 -- what stands in one ticket alone says nothing
    rarity = rarity.astype(np.float16)
    matrix = _matrix(counted, rarity)
    fitted = LinearSVC(C=LINEAR_STRENGTH, random_state=SEED).fit(
        matrix, [row.label for row in inside]
    )
    scale = np.abs(fitted.coef_).max(axis=1) / LEVELS
    levels = np.rint(fitted.coef_ / scale[:, None]).astype(np.int8).T
    return LinearModel(
        rarity=rarity,
        levels=np.ascontiguousarray(levels),
        scale=scale.astype(np.float32),
        bias=fitted.intercept_.astype(np.float32),
    )


def fit_stack(found: Floats, linear: Floats, labels: npt.NDArray[np.int64]) -> Stack:
    """Every other row makes the stack, the rest its temperature and whether the encoder helps."""
    both = joined(found, linear)
    alone = both.copy()
    alone[:, : len(LABELS)] = 0
    rows, wanted = slice(0, None, 2), slice(1, None, 2)
    best = max(
        (
            LogisticRegression(C=STACK_STRENGTH, max_iter=500).fit(seen[rows], labels[rows])
            for seen in (alone, both)
        ),
        key=lambda model: model.score(both[wanted], labels[wanted]),
    )
    if len(best.classes_) != len(LABELS):
        raise ValueError("a label is missing among the calibration rows")
    weights, bias = best.coef_.T.astype(np.float32), best.intercept_.astype(np.float32)
    return Stack(weights, bias, temperature_of(both[wanted] @ weights + bias, labels[wanted]))


def _matrix(counted: Sequence[dict[int, int]], rarity: npt.NDArray[np.float16]) -> csr_matrix:
    starts = np.cumsum([0, *map(len, counted)])
    buckets = np.concatenate([np.fromiter(one, np.int64, len(one)) for one in counted])
    times = np.concatenate([np.fromiter(one.values(), np.float64, len(one)) for one in counted])
    values = (1 + np.log(times)) * rarity[buckets]
    matrix = csr_matrix((values, buckets, starts), shape=(len(counted), BUCKETS))
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    return csr_matrix(matrix.multiply(1 / np.maximum(lengths, 1e-9)[:, None]))


def temperature_of(scores: Floats, labels: npt.NDArray[np.int64]) -> float:
    inputs, wanted = torch.tensor(scores), torch.tensor(labels)
    log_temperature = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.LBFGS([log_temperature], max_iter=100)

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        value = torch.nn.functional.cross_entropy(inputs / log_temperature.exp(), wanted)
        value.backward()
        return value

    optimizer.step(loss)
    return float(log_temperature.detach().exp())
