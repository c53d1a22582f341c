"""Decides whether the passages that were found support an answer at all."""

from collections.abc import Collection

from services.chat.answer.words import content_words
from services.chat.domain import NearestArticle, Passage
from services.chat.ports import FoundPassages

# Calibrated by tests/eval/support.py; run it after changing one of these or the encoder.
_SURE_SIMILARITY = 0.55
_LEAST_SIMILARITY = 0.35
_LEAST_COVERAGE = 0.4
_LEAST_COVERAGE_BY_WORDS_ALONE = 0.75
_NEAREST_ARTICLES = 3


def supports_answer(found: FoundPassages, own_words: Collection[str] = ()) -> bool:
    """`own_words` are what a leaning question adds; one of them must be in the passages."""
    if not found.passages:
        return False
    if own_words and not any(set(own_words) & _said(passage) for passage in found.passages):
        return False
    best = found.passages[0]
    if found.degraded:
        return best.coverage >= _LEAST_COVERAGE_BY_WORDS_ALONE
    similarity = max(passage.similarity for passage in found.passages)
    if similarity >= _SURE_SIMILARITY:
        return True
    return similarity >= _LEAST_SIMILARITY and best.coverage >= _LEAST_COVERAGE


def nearest_articles(found: FoundPassages) -> tuple[NearestArticle, ...]:
    by_document = {
        passage.document_id: NearestArticle(passage.document_id, passage.title, passage.source_uri)
        for passage in reversed(found.passages)
    }
    in_order = dict.fromkeys(passage.document_id for passage in found.passages)
    return tuple(by_document[document_id] for document_id in in_order)[:_NEAREST_ARTICLES]


def _said(passage: Passage) -> set[str]:
    return set(content_words(" ".join((passage.title, *passage.headings, passage.text))))
