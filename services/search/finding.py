"""Finds the passages that fit a question, by meaning and by words together."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence, Set
from contextlib import asynccontextmanager
from dataclasses import dataclass

import numpy as np
import structlog

from services.search.domain import FoundPassage
from services.search.errors import EncoderUnavailable, IndexUnavailable, QueryEmpty
from services.search.essence import essence
from services.search.frequencies import VisibleFrequencies
from services.search.glossary import expanded
from services.search.handover import Handover
from services.search.indexing import Indexing
from services.search.keywords import Overlap, Terms, highest_score, question_terms
from services.search.languages import is_foreign, language_of
from services.search.ports import (
    Documents,
    DocumentStore,
    StoredPassage,
    StoredTerms,
    Vector,
)
from services.search.ranking import FUSED, WORDS, Candidate, Ranked, Weights, page_of, ranked
from services.search.readers import Reader, View, current_reader
from services.search.spelling import mended
from services.search.words import has_word, question_words

# By meaning and by words each. Fewer are faster, and 32 lose one demo question in 150.
CANDIDATES = 50
DEFAULT_PAGE_SIZE = 10
MAX_PAGE_SIZE = 50
# How many of the best on a page may say what a better one says, before more are read.
SPARE = 6

_log = structlog.get_logger()


@dataclass(frozen=True)
class Finder:
    """What a question is answered with."""

    store: DocumentStore
    indexing: Handover
    frequencies: VisibleFrequencies
    known_words: Set[str]


@dataclass(frozen=True)
class Found:
    """What a question has found, before it is put in order; good within its transaction."""

    candidates: Sequence[Candidate]
    documents: Documents
    degraded: bool
    language: str
    is_foreign: bool

    async def best(self, limit: int, weights: Weights = FUSED) -> list[FoundPassage]:
        in_order = ranked(self.candidates, WORDS if self.degraded else weights)
        # Few of those that come later are ever shown, and their texts are most of what is read.
        first = limit + SPARE
        passages = await self._passages(in_order[:first])
        page = page_of(in_order, _texts(passages), limit)
        if len(page) < limit and len(in_order) > first:
            passages |= await self._passages(in_order[first:])
            page = page_of(in_order, _texts(passages), limit)
        return [_found_passage(one, passages[one.candidate.chunk_id]) for one in page]

    async def _passages(self, some: Sequence[Ranked]) -> dict[str, StoredPassage]:
        return await self.documents.passages([one.candidate.chunk_id for one in some])


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
    async with find(finder, question, max(CANDIDATES, limit)) as found:
        best = await found.best(limit)
    return Findings(best, found.degraded, found.language, found.is_foreign)


@asynccontextmanager
async def find(finder: Finder, question: str, candidates: int = CANDIDATES) -> AsyncIterator[Found]:
    """Raises QueryEmpty."""
    reader = current_reader()
    if not has_word(question):
        raise QueryEmpty
    visible = await finder.frequencies.of(reader)
    known = visible.frequencies
    asked = mended(essence(question, known), known, finder.known_words)
    helped = expanded(asked, visible.glossary)
    terms = question_terms(question_words(helped), known)
    similarities, degraded = await _by_index(finder, visible.view, helped, terms, candidates) or (
        dict.fromkeys(await _by_words(finder, reader, terms, candidates), 0.0),
        True,
    )
    own_terms = terms if helped == asked else question_terms(question_words(asked), known)
    language = language_of(asked)
    # The lists are asked once more: they may have changed, and the index is only a copy of them.
    async with finder.store.reading(reader) as documents:
        stored = await documents.terms_of([*similarities])
        yield Found(
            candidates=_candidates(stored, similarities, terms, own_terms),
            documents=documents,
            degraded=degraded,
            language=language,
            is_foreign=is_foreign(language, asked, known, visible.languages),
        )


async def _by_index(
    finder: Finder, view: View, question: str, terms: Terms, limit: int
) -> tuple[dict[str, float], bool] | None:
    """Similarities, and whether words alone had to do. None when the index cannot be asked."""
    with finder.indexing.serving(view.tenant_id) as serving:
        if serving is None:
            return None
        vector = await _vector(serving, question)
        try:
            if vector is not None:
                return await serving.index.candidates(view, vector, terms, limit), False
            hits = await serving.index.by_keywords(view, terms, limit)
        except IndexUnavailable:
            serving.doubt()
            return None
        return {hit.chunk_id: 0.0 for hit in hits}, True


async def _vector(serving: Indexing, question: str) -> Vector | None:
    try:
        return await serving.vectors.of_question(question)
    except EncoderUnavailable as error:
        _log.warning("encoder is unavailable", error=str(error))
        return None


async def _by_words(finder: Finder, reader: Reader, terms: Terms, limit: int) -> list[str]:
    async with finder.store.reading(reader) as documents:
        stored = await documents.terms()
    return await asyncio.to_thread(_best, terms, stored, limit)


def _best(terms: Terms, stored: Sequence[tuple[str, bytes]], limit: int) -> list[str]:
    points = Overlap.of(terms, [Terms.from_bytes(held) for _, held in stored]).scores()
    best = np.argsort(-points, kind="stable")[:limit]
    return [stored[place][0] for place in best if points[place] > 0]


def _candidates(
    stored: Sequence[StoredTerms], similarities: Mapping[str, float], terms: Terms, asked: Terms
) -> list[Candidate]:
    held = [Terms.from_bytes(one.terms) for one in stored]
    # Not the index's scores: those are known for its best hits only, and a passage that was
    # found by its meaning holds words of the question too.
    overlap = Overlap.of(terms, held)
    points = overlap.scores() / (highest_score(terms) or 1.0)
    shares = overlap.coverages()
    if asked is not terms:
        # A passage with the short form need not hold what it stands for, and the other way round.
        shares = np.maximum(shares, Overlap.of(asked, held).coverages())
    return [
        Candidate(one.chunk_id, one.document_id, similarities[one.chunk_id], point, share)
        for one, point, share in zip(stored, points.tolist(), shares.tolist(), strict=True)
    ]


def _texts(passages: Mapping[str, StoredPassage]) -> dict[str, str]:
    return {chunk_id: passage.chunk.text for chunk_id, passage in passages.items()}


def _found_passage(ranked: Ranked, stored: StoredPassage) -> FoundPassage:
    return FoundPassage(
        chunk=stored.chunk,
        title=stored.title,
        source_uri=stored.source_uri,
        score=ranked.score,
        similarity=ranked.candidate.similarity,
        coverage=ranked.candidate.coverage,
    )
