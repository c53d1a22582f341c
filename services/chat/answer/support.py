"""Decides whether the passages that were found support an answer at all.

An answer is likely when one statement of the passages nearest to the question, read with its
headings, says the question's specific words, and when the best passage is near in meaning.
"""

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from services.chat.answer.near import near_the_best
from services.chat.answer.units import cut_into_units
from services.chat.answer.vocabulary import is_said, specific_words
from services.chat.answer.words import content_words
from services.chat.domain import NearestArticle, Passage
from services.chat.ports import FoundPassages

# Fitted with `python -m tests.eval.support --fit`; again after a change here or in the encoder.
SAID_WEIGHT = 7.12
SIMILARITY_WEIGHT = 5.1
LENGTH_WEIGHT = 2.35
BIAS = -9.0
LEAST_PROBABILITY = 0.6
LEAST_COVERAGE_BY_WORDS_ALONE = 0.75
# Or a very long message would be answered for its length alone.
_MOST_WORDS_COUNTED = 8
_NEAREST_ARTICLES = 3


@dataclass(frozen=True)
class Signals:
    """What is known of a question and its passages before anything is answered."""

    said: float  # the most that one statement says of the question's specific words, 0 to 1
    similarity: float  # of the best passage
    length: float  # logarithm of the telling words: who tells a story says much besides


def supports_answer(question: str, found: FoundPassages, own_words: Collection[str] = ()) -> bool:
    """`own_words` are what a leaning question adds; one of them must be in the passages."""
    if not found.passages:
        return False
    if own_words and _words_of_all(found.passages).isdisjoint(own_words):
        return False
    if found.degraded:
        return found.passages[0].coverage >= LEAST_COVERAGE_BY_WORDS_ALONE
    return probability(signals(question, found.passages)) >= LEAST_PROBABILITY


def signals(question: str, passages: Sequence[Passage]) -> Signals:
    wanted = _rarity(specific_words(question), passages)
    total = sum(wanted.values())
    most = max((_weight(wanted, said) for said in _statements(passages)), default=0.0)
    telling = len(set(content_words(question)))
    return Signals(
        said=most / total if total else 0.0,
        similarity=passages[0].similarity,
        length=math.log(min(max(1, telling), _MOST_WORDS_COUNTED)),
    )


def probability(given: Signals) -> float:
    """How likely it is that the passages hold the answer."""
    evidence = (
        SAID_WEIGHT * given.said
        + SIMILARITY_WEIGHT * given.similarity
        + LENGTH_WEIGHT * given.length
        + BIAS
    )
    return 1 / (1 + math.exp(-evidence))


def nearest_articles(found: FoundPassages) -> tuple[NearestArticle, ...]:
    articles = {
        passage.document_id: NearestArticle(passage.document_id, passage.title, passage.source_uri)
        for passage in found.passages
    }
    return tuple(articles.values())[:_NEAREST_ARTICLES]


def _rarity(words: Iterable[str], passages: Sequence[Passage]) -> dict[str, float]:
    """A word that is in every passage, such as the company's name, tells little."""
    texts = [_words_of(passage, passage.text) for passage in passages]
    return {
        word: math.log(1 + len(texts) / (0.5 + sum(is_said(word, text) for text in texts)))
        for word in words
    }


def _weight(wanted: dict[str, float], said: Collection[str]) -> float:
    return sum(weight for word, weight in wanted.items() if is_said(word, said))


def _statements(passages: Sequence[Passage]) -> Iterable[set[str]]:
    for passage in near_the_best(passages):
        for unit in cut_into_units(passage.text, begins_document=passage.start == 0):
            yield _words_of(passage, f"{unit.heading} {unit.text}")


def _words_of(passage: Passage, text: str) -> set[str]:
    return set(content_words(" ".join((passage.title, *passage.headings, text))))


def _words_of_all(passages: Sequence[Passage]) -> set[str]:
    return {word for passage in passages for word in _words_of(passage, passage.text)}
