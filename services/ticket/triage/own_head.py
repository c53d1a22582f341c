"""What a tenant's own corrections add to what the model says of a text."""

import hashlib
import io
import math
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from services.ticket.triage.labels import LABELS
from services.ticket.triage.linear import features

Floats = npt.NDArray[np.float64]
RarityOf = Callable[[int], float]

# In place of nothing, of which there is no logarithm.
_LEAST_PROBABILITY = 1e-6


class HeadUnusableError(Exception):
    """The bytes are none of a head, or of one for other labels."""


@dataclass(frozen=True)
class OwnHead:
    """Two things are added to the logarithms of the model's probabilities before `temperature`.

    `relabelling` says what this tenant calls the model's labels: a row per label of the model's, a
    column per label. `weights` say what words and pairs of words are for, by their hashes: a row
    per bucket, a column per label.
    """

    buckets: npt.NDArray[np.int32]
    rarity: npt.NDArray[np.float16]
    weights: npt.NDArray[np.float16]
    relabelling: npt.NDArray[np.float32]
    unseen_rarity: float
    temperature: float

    def probabilities(self, text: str, model_says: Mapping[str, float]) -> dict[str, float]:
        said = in_order([model_says])
        scores = log_of(said)[0] + said[0] @ self.relabelling + self._lift(text)
        found = shares(scores[None, :] / self.temperature)[0]
        return dict(zip(LABELS, map(float, found), strict=True))

    def to_bytes(self) -> bytes:
        file = io.BytesIO()
        np.savez_compressed(
            file,
            buckets=self.buckets,
            rarity=self.rarity,
            weights=self.weights,
            relabelling=self.relabelling,
            unseen_rarity=np.float64(self.unseen_rarity),
            temperature=np.float64(self.temperature),
        )
        return file.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> "OwnHead":
        """Raises HeadUnusableError."""
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as file:
                head = cls(
                    buckets=file["buckets"],
                    rarity=file["rarity"],
                    weights=file["weights"],
                    relabelling=file["relabelling"],
                    unseen_rarity=float(file["unseen_rarity"]),
                    temperature=float(file["temperature"]),
                )
        except (OSError, ValueError, KeyError, EOFError, BadZipFile, zlib.error) as error:
            raise HeadUnusableError(str(error)) from error
        shapes = head.rarity.shape, head.weights.shape, head.relabelling.shape
        words, labels = len(head.buckets), len(LABELS)
        if shapes != ((words,), (words, labels), (labels, labels)):
            raise HeadUnusableError(f"weights of shapes {shapes}")
        return head

    @cached_property
    def name(self) -> str:
        learned = self.buckets, self.weights, self.relabelling, np.float64(self.temperature)
        digest = hashlib.sha256(b"".join(part.tobytes() for part in learned))
        return f"own-{digest.hexdigest()[:8]}"

    @cached_property
    def _places(self) -> Mapping[int, int]:
        return {int(bucket): place for place, bucket in enumerate(self.buckets)}

    def _lift(self, text: str) -> Floats:
        seen = weighed(text, self._rarity_of)
        places = [(self._places[bucket], value) for bucket, value in seen if bucket in self._places]
        if not places:
            return np.zeros(len(LABELS))
        rows, values = zip(*places, strict=True)
        return np.asarray(np.array(values) @ self.weights[list(rows)].astype(np.float64))

    def _rarity_of(self, bucket: int) -> float:
        place = self._places.get(bucket)
        return self.unseen_rarity if place is None else float(self.rarity[place])


def weighed(text: str, rarity_of: RarityOf) -> list[tuple[int, float]]:
    """Returns the buckets of a text with their TF-IDF weights, of length 1 together."""
    values = [
        (bucket, (1 + math.log(count)) * rarity_of(bucket))
        for bucket, count in features(text).items()
    ]
    length = math.sqrt(sum(value * value for _, value in values)) or 1.0
    return [(bucket, value / length) for bucket, value in values]


def in_order(said: Sequence[Mapping[str, float]]) -> Floats:
    """A row per text, a column per label."""
    return np.array([[one.get(label, 0.0) for label in LABELS] for one in said], np.float64)


def log_of(probabilities: Floats) -> Floats:
    return np.asarray(np.log(np.maximum(probabilities, _LEAST_PROBABILITY)))


def shares(scores: Floats) -> Floats:
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))
