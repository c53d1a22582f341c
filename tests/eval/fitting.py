"""Fits the weights of `services.chat.answer.support`: a logistic regression of three signals."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from services.chat.answer.support import Signals

NAMES = ("SAID_WEIGHT", "SIMILARITY_WEIGHT", "LENGTH_WEIGHT", "BIAS")
# Keeps the weights small where the questions leave them open; the bias is free.
_PENALTIES = np.diag([0.1, 0.1, 0.1, 0.0])
_ROUNDS = 50

Vector = npt.NDArray[np.float64]


def fitted_weights(signals: Sequence[Signals], is_answerable: Sequence[bool]) -> dict[str, float]:
    """Newton's method: the same questions give the same weights."""
    rows = np.array([(one.said, one.similarity, one.length, 1.0) for one in signals])
    wanted = np.array(is_answerable, dtype=float)
    weights: Vector = np.zeros(len(NAMES))
    for _ in range(_ROUNDS):
        likely = 1 / (1 + np.exp(-rows @ weights))
        slope = rows.T @ (wanted - likely) - _PENALTIES @ weights
        curve = (rows * (likely * (1 - likely))[:, None]).T @ rows + _PENALTIES
        weights = weights + np.linalg.solve(curve, slope)
    return {name: round(float(weight), 2) for name, weight in zip(NAMES, weights, strict=True)}
