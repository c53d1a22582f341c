"""BM25 as sparse vectors: how much each word says in a passage, and how rare it is in a tenant."""

import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.search.words import words

# Stored vectors of another version are made anew; raise it with every change to words or weights.
VERSION = 1

_SATURATION = 1.2
_LENGTH_SHARE = 0.75
# A fixed length instead of the tenant's average, so that a stored vector never goes stale.
_USUAL_LENGTH = 90

Ids = npt.NDArray[np.uint32]
Weights = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Terms:
    """The words of a passage by number, with their weights."""

    ids: Ids
    weights: Weights

    def __bytes__(self) -> bytes:
        return self.ids.astype("<u4").tobytes() + self.weights.astype("<f4").tobytes()

    @staticmethod
    def from_bytes(stored: bytes) -> "Terms":
        half = len(stored) // 2
        return Terms(np.frombuffer(stored[:half], "<u4"), np.frombuffer(stored[half:], "<f4"))


@dataclass(frozen=True)
class Frequencies:
    """In how many of a tenant's passages each word stands."""

    passages: int
    ids: Ids
    counts: npt.NDArray[np.int64]

    @staticmethod
    def of(passages: Sequence[Terms]) -> "Frequencies":
        every = [np.zeros(0, np.uint32), *(terms.ids for terms in passages)]
        ids, counts = np.unique(np.concatenate(every), return_counts=True)
        return Frequencies(len(passages), ids, counts)

    def rarity(self, wanted: Ids) -> Weights:
        """BM25's inverse document frequency; words that stand nowhere are the rarest."""
        counts = self.counts_of(wanted)
        return np.log1p((self.passages - counts + 0.5) / (counts + 0.5)).astype(np.float32)

    def counts_of(self, wanted: Ids) -> npt.NDArray[np.int64]:
        """In how many passages each word stands."""
        if not len(self.ids):
            return np.zeros(len(wanted), np.int64)
        places = _places(wanted, self.ids)
        return np.where(self.ids[places] == wanted, self.counts[places], 0)


@dataclass(frozen=True)
class Overlap:
    """What passages hold of a question: a row for each passage, a column for each word."""

    question: Terms
    held: Weights

    @staticmethod
    def of(question: Terms, passages: Sequence[Terms]) -> "Overlap":
        held = np.zeros((len(passages), len(question.ids)), np.float32)
        owners = np.repeat(np.arange(len(passages)), [len(terms.ids) for terms in passages])
        if held.size and len(owners):
            ids = np.concatenate([terms.ids for terms in passages])
            own = np.concatenate([terms.weights for terms in passages])
            # A question has few words: looking for each is faster than sorting them in.
            for column, word in enumerate(question.ids):
                found = np.flatnonzero(ids == word)
                held[owners[found], column] = own[found]
        return Overlap(question, held)

    def scores(self) -> Weights:
        """The BM25 score of each passage."""
        return self.held @ self.question.weights

    def coverages(self) -> Weights:
        """The share of the question's words in each passage, rare words counting more."""
        total = float(self.question.weights.sum())
        found = (self.held > 0) @ self.question.weights
        return np.minimum(found / total, 1) if total > 0 else found


def terms_of(text: str) -> Terms:
    found = words(text)
    counts = Counter(term_id(word) for word in found)
    ids = np.fromiter(sorted(counts), np.uint32, len(counts))
    often = np.array([counts[int(number)] for number in ids], np.float32)
    length = 1 - _LENGTH_SHARE + _LENGTH_SHARE * len(found) / _USUAL_LENGTH
    weights = often * (_SATURATION + 1) / (often + _SATURATION * length)
    return Terms(ids, weights.astype(np.float32))


def question_terms(question: Iterable[str], frequencies: Frequencies) -> Terms:
    """The question as a vector: its dot product with a passage's terms is the BM25 score."""
    ids = np.array(sorted({term_id(word) for word in question}), np.uint32)
    return Terms(ids, frequencies.rarity(ids))


def highest_score(question: Terms) -> float:
    """What a passage that says nothing but the question's words would come close to."""
    return (_SATURATION + 1) * float(question.weights.sum())


def term_id(word: str) -> int:
    return zlib.crc32(word.encode())


def _places(wanted: Ids, known: Ids) -> npt.NDArray[np.intp]:
    """Where each number would be among the known ones, which are sorted; never behind them."""
    return np.minimum(np.searchsorted(known, wanted), len(known) - 1)
