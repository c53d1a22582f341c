"""Finds the passages that fit a question, by meaning and by words together."""

import asyncio
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

import numpy as np
import structlog

from services.search.domain import FoundPassage
from services.search.errors import EncoderUnavailable, IndexUnavailable, QueryEmpty
from services.search.essence import essence
from services.search.frequencies import VisibleFrequencies
from services.search.glossary import expanded
from services.search.indexing import Indexing
from services.search.keywords import Terms, coverages, highest_score, question_terms, scores
from services.search.languages import is_foreign, language_of
from services.search.ports import DocumentStore, StoredPassage, VectorIndex
from services.search.ranking import FUSED, WORDS, Candidate, Weights, ranked
from services.search.readers import Reader, View, current_reader
from services.search.spelling import mended
from services.search.vectors import Vectors
from services.search.words import has_word, question_words

CANDIDATES = 50
DEFAULT_PAGE_SIZE = 10
MAX_PAGE_SIZE = 50

_log = structlog.get_logger()


@dataclass(frozen=True)
class Finder:
    """What a question is answered with."""

    store: DocumentStore
    index: VectorIndex
    indexing: Indexing
    vectors: Vectors
    frequencies: VisibleFrequencies
    known_words: Set[str]


@dataclass(frozen=True)
class Found:
    """What a question has found, before it is put in order."""

    candidates: Sequence[Candidate]
    stored: Mapping[str, StoredPassage]
    degraded: bool
    language: str
    is_foreign: bool

    def best(self, limit: int, weights: Weights = FUSED) -> list[FoundPassage]:
        return [
            FoundPassage(
                chunk=self.stored[one.candidate.chunk_id].chunk,
                title=self.stored[one.candidate.chunk_id].title,
                source_uri=self.stored[one.candidate.chunk_id].source_uri,
                score=one.score,
                similarity=one.candidate.similarity,
                coverage=one.candidate.coverage,
            )
            for one in ranked(self.candidates, limit, WORDS if self.degraded else weights)
        ]


@dataclass(frozen=True)
class Findings:
    """`is_foreign` says that the articles are in other languages than the question."""

    passages: Sequence[FoundPassage]
    degraded: bool
    language: str = ""
    is_foreign: bool = False


async def search_passages(finder: Finder, question: str, page_size: int) -> Findings:
    """The best passages; by words alone when the index fails or is behind the store."""
    limit = min(page_size, MAX_PAGE_SIZE) if page_size > 0 else DEFAULT_PAGE_SIZE
    found = await find(finder, question)
    return Findings(found.best(limit), found.degraded, found.language, found.is_foreign)


async def find(finder: Finder, question: str) -> Found:
    reader = current_reader()
    if not has_word(question):
        raise QueryEmpty
    async with finder.store.reading(reader) as documents:
        view = await documents.view()
    visible = await finder.frequencies.of(reader, view)
    known = visible.frequencies
    asked = mended(essence(question, known), known, finder.known_words)
    helped = expanded(asked, visible.glossary)
    terms = question_terms(question_words(helped), known)
    similarities = await _by_index(finder, view, helped, terms)
    degraded = similarities is None
    if similarities is None:
        similarities = dict.fromkeys(await _by_words(finder, reader, terms), 0.0)
    # The lists are asked once more: they may have changed, and the index is only a copy of them.
    async with finder.store.reading(reader) as documents:
        stored = await documents.passages([*similarities])
    language = language_of(asked)
    return Found(
        candidates=_candidates(
            [*stored.values()], similarities, terms, question_terms(question_words(asked), known)
        ),
        stored=stored,
        degraded=degraded,
        language=language,
        is_foreign=is_foreign(language, asked, known),
    )


async def _by_index(
    finder: Finder, view: View, question: str, terms: Terms
) -> dict[str, float] | None:
    if finder.indexing.is_behind(view.tenant_id):
        return None
    try:
        vector = await finder.vectors.of_question(question)
        near, with_words = await asyncio.gather(
            finder.index.nearest(view, vector, CANDIDATES),
            finder.index.by_keywords(view, terms, CANDIDATES),
        )
        similarities = {hit.chunk_id: hit.score for hit in near}
        others = [hit.chunk_id for hit in with_words if hit.chunk_id not in similarities]
        return similarities | await finder.index.similarities(view, vector, others)
    except EncoderUnavailable as error:
        _log.warning("encoder is unavailable", error=str(error))
        return None
    except IndexUnavailable:
        finder.indexing.doubt()
        return None


async def _by_words(finder: Finder, reader: Reader, terms: Terms) -> list[str]:
    async with finder.store.reading(reader) as documents:
        stored = await documents.terms()
    return await asyncio.to_thread(_best, terms, stored)


def _best(terms: Terms, stored: Sequence[tuple[str, bytes]]) -> list[str]:
    points = scores(terms, [Terms.from_bytes(held) for _, held in stored])
    best = np.argsort(-points, kind="stable")[:CANDIDATES]
    return [stored[place][0] for place in best if points[place] > 0]


def _candidates(
    stored: Sequence[StoredPassage], similarities: Mapping[str, float], terms: Terms, asked: Terms
) -> list[Candidate]:
    held = [Terms.from_bytes(one.terms) for one in stored]
    # Not the index's scores: those are known for its best hits only, and a passage that was
    # found by its meaning holds words of the question too.
    points = scores(terms, held)
    highest = highest_score(terms) or 1.0
    # A passage that holds the short form need not hold what it stands for, and the other way round.
    shares = np.maximum(coverages(terms, held), coverages(asked, held))
    return [
        Candidate(
            chunk_id=one.chunk.chunk_id,
            document_id=one.chunk.document_id,
            text=one.chunk.text,
            similarity=similarities[one.chunk.chunk_id],
            keywords=float(point) / highest,
            coverage=float(share),
        )
        for one, point, share in zip(stored, points, shares, strict=True)
    ]
