"""Puts what was found by meaning and by words into one order."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from services.search.duplicates import Shown

PASSAGES_PER_DOCUMENT = 3
# So many of a document's passages say what it is about besides the best one.
PASSAGES_FOR_SUBJECT = 3


@dataclass(frozen=True)
class Weights:
    """What a score is made of: so much of keywords, and the rest of meaning.

    Keywords weigh more by `distinction` the further they set one document apart from all others: a
    question in other words than the articles' shares a few with many of them. Of the meaning, the
    document's subject takes a share besides the passage's own similarity.
    """

    keywords: float
    distinction: float
    subject: float


WORDS = Weights(keywords=1, distinction=0, subject=0)
MEANING = Weights(keywords=0, distinction=0, subject=0)
# Chosen on the development halves of the labelled sets, as `tests/eval/weights.py` compares them.
FUSED = Weights(keywords=0.1, distinction=1, subject=0.42)
MOST_KEYWORDS_BY_DISTINCTION = 0.6


@dataclass(frozen=True)
class Candidate:
    """A passage as both searches see it; `keywords` is its share of the best possible score."""

    chunk_id: str
    document_id: str
    similarity: float
    keywords: float
    coverage: float


@dataclass(frozen=True)
class Ranked:
    candidate: Candidate
    score: float


def ranked(candidates: Iterable[Candidate], weights: Weights = FUSED) -> list[Ranked]:
    """Best first."""
    found = [*candidates]
    documents = [one.document_id for one in found]
    # All parts are scaled by what they could reach at most, not by what this question happens
    # to reach: a question whose words are nowhere is then not decided by its rests.
    similarities = np.clip([one.similarity for one in found], 0, 1)
    keywords = np.clip([one.keywords for one in found], 0, 1)
    share = _share_of_keywords(documents, keywords.tolist(), weights)
    subjects = _subjects(documents, similarities.tolist())
    subject = np.array([subjects[document_id] for document_id in documents])
    meaning = (1 - weights.subject) * similarities + weights.subject * subject
    scores = (1 - share) * meaning + share * keywords
    scored = [*map(Ranked, found, scores.tolist())]
    return sorted(scored, key=lambda one: (-one.score, one.candidate.chunk_id))


def page_of(best_first: Iterable[Ranked], texts: Mapping[str, str], limit: int) -> list[Ranked]:
    """What is shown: the same once more and more than a few of one document say nothing new.

    Passages without a text among `texts`, which are by chunk id, are left out.
    """
    chosen: list[Ranked] = []
    shown = Shown()
    per_document: Counter[str] = Counter()
    for one in best_first:
        text, coverage = texts.get(one.candidate.chunk_id), one.candidate.coverage
        document_id = one.candidate.document_id
        if text is None or per_document[document_id] == PASSAGES_PER_DOCUMENT:
            continue
        if not shown.add(text, coverage):
            continue
        per_document[document_id] += 1
        chosen.append(one)
        if len(chosen) == limit:
            break
    return chosen


def _subjects(documents: Sequence[str], similarities: Sequence[float]) -> dict[str, float]:
    """How near each document is as a whole: the mean of its nearest passages among those found."""
    own: defaultdict[str, list[float]] = defaultdict(list)
    for document_id, similarity in zip(documents, similarities, strict=True):
        own[document_id].append(similarity)
    nearest = {
        document_id: sorted(found, reverse=True)[:PASSAGES_FOR_SUBJECT]
        for document_id, found in own.items()
    }
    return {document_id: sum(found) / len(found) for document_id, found in nearest.items()}


def _share_of_keywords(
    documents: Sequence[str], keywords: Sequence[float], weights: Weights
) -> float:
    if not weights.distinction:
        return weights.keywords
    best: defaultdict[str, float] = defaultdict(float)
    for document_id, own in zip(documents, keywords, strict=True):
        best[document_id] = max(best[document_id], own)
    first, second = [*sorted(best.values(), reverse=True), 0.0, 0.0][:2]
    share = weights.keywords + weights.distinction * (first - second)
    return min(share, MOST_KEYWORDS_BY_DISTINCTION)
