"""The linear half: words and pairs of words, by their hashes."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from zlib import crc32

import numpy as np
import numpy.typing as npt

BUCKETS = 1 << 18
# What is behind this is not read; of the longest tickets it is more than the encoder reads.
MOST_CHARACTERS = 8_000

Floats = npt.NDArray[np.float32]

_WORD = re.compile(r"[a-z0-9]+")


def features(text: str) -> Counter[int]:
    """Counts words and neighbouring words by the bucket that each falls into."""
    words = _WORD.findall(text[:MOST_CHARACTERS].lower())
    pairs = [f"{first} {second}" for first, second in pairwise(words)]
    return Counter(crc32(part.encode()) % BUCKETS for part in [*words, *pairs])


@dataclass(frozen=True, slots=True)
class LinearModel:
    """`levels` has a row per bucket and a column per label, which `scale` makes numbers of."""

    rarity: npt.NDArray[np.float16]
    levels: npt.NDArray[np.int8]
    scale: Floats
    bias: Floats

    def scores(self, texts: Sequence[str]) -> Floats:
        return np.stack([self._scores(text) for text in texts])

    def _scores(self, text: str) -> Floats:
        counted = features(text)
        if not counted:
            return self.bias
        buckets = np.fromiter(counted, np.int64, len(counted))
        times = np.array([1 + math.log(count) for count in counted.values()], np.float32)
        weighed = times * self.rarity[buckets].astype(np.float32)
        length = float(np.linalg.norm(weighed)) or 1.0
        rows = self.levels[buckets].astype(np.float32)
        return np.asarray(weighed / length @ rows * self.scale + self.bias, np.float32)
