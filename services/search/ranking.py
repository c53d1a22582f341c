"""Puts what was found by meaning and by words into one order."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

# Chosen with `python -m tests.eval.recall`, which prints both parts alone beside the whole.
MEANING_SHARE = 0.63
PASSAGES_PER_DOCUMENT = 3


@dataclass(frozen=True)
class Candidate:
    """A passage as both searches see it; `keywords` is its share of the best possible score."""

    chunk_id: str
    document_id: str
    text: str
    similarity: float
    keywords: float
    coverage: float


@dataclass(frozen=True)
class Ranked:
    candidate: Candidate
    score: float


def ranked(
    candidates: Iterable[Candidate], limit: int, meaning_share: float = MEANING_SHARE
) -> list[Ranked]:
    """Best first; the same text and more than a few passages of one document say nothing new."""
    scored = [Ranked(candidate, _score(candidate, meaning_share)) for candidate in candidates]
    scored.sort(key=lambda one: (-one.score, one.candidate.chunk_id))
    chosen: list[Ranked] = []
    texts: set[str] = set()
    per_document: Counter[str] = Counter()
    for one in scored:
        text = " ".join(one.candidate.text.split())
        document_id = one.candidate.document_id
        if text in texts or per_document[document_id] == PASSAGES_PER_DOCUMENT:
            continue
        texts.add(text)
        per_document[document_id] += 1
        chosen.append(one)
        if len(chosen) == limit:
            break
    return chosen


def _score(candidate: Candidate, meaning_share: float) -> float:
    # Both parts are scaled by what they could reach at most, not by what this question happens
    # to reach: a question whose words are nowhere is then not decided by its rests.
    meaning = min(1.0, max(0.0, candidate.similarity))
    keywords = min(1.0, max(0.0, candidate.keywords))
    return meaning_share * meaning + (1 - meaning_share) * keywords
