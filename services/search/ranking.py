"""Puts what was found by meaning and by words into one order."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

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
    subjects = _subjects(found)
    share = _share_of_keywords(found, weights)
    scored = [
        Ranked(one, _score(one, subjects[one.document_id], weights.subject, share)) for one in found
    ]
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
        if shown.holds(text, coverage):
            continue
        shown.add(text, coverage)
        per_document[document_id] += 1
        chosen.append(one)
        if len(chosen) == limit:
            break
    return chosen


def _subjects(candidates: Sequence[Candidate]) -> dict[str, float]:
    """How near each document is as a whole: the mean of its nearest passages among those found."""
    similarities = defaultdict(list)
    for one in candidates:
        similarities[one.document_id].append(_between_0_and_1(one.similarity))
    nearest = {
        document_id: sorted(own, reverse=True)[:PASSAGES_FOR_SUBJECT]
        for document_id, own in similarities.items()
    }
    return {document_id: sum(own) / len(own) for document_id, own in nearest.items()}


def _share_of_keywords(candidates: Sequence[Candidate], weights: Weights) -> float:
    best: dict[str, float] = defaultdict(float)
    for one in candidates:
        best[one.document_id] = max(best[one.document_id], _between_0_and_1(one.keywords))
    first, second = [*sorted(best.values(), reverse=True), 0.0, 0.0][:2]
    if not weights.distinction:
        return weights.keywords
    share = weights.keywords + weights.distinction * (first - second)
    return min(share, MOST_KEYWORDS_BY_DISTINCTION)


def _score(candidate: Candidate, subject: float, subject_share: float, share: float) -> float:
    # All parts are scaled by what they could reach at most, not by what this question happens
    # to reach: a question whose words are nowhere is then not decided by its rests.
    similarity = _between_0_and_1(candidate.similarity)
    meaning = (1 - subject_share) * similarity + subject_share * subject
    return (1 - share) * meaning + share * _between_0_and_1(candidate.keywords)


def _between_0_and_1(value: float) -> float:
    return min(1.0, max(0.0, value))
