"""Finds the passages that fit a question, by meaning and by words together."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from services.mesh.caller import TenantId, current_tenant
from services.search.domain import FoundPassage
from services.search.errors import IndexUnavailable, QueryEmpty
from services.search.frequencies import TenantFrequencies
from services.search.indexing import Indexing
from services.search.keywords import Terms, coverage, highest_score, question_terms, scores
from services.search.ports import DocumentStore, Hit, StoredPassage, VectorIndex
from services.search.ranking import MEANING_SHARE, Candidate, ranked
from services.search.vectors import Vectors
from services.search.words import question_words

CANDIDATES = 50
DEFAULT_PAGE_SIZE = 10
MAX_PAGE_SIZE = 50


@dataclass(frozen=True)
class Finder:
    """What a question is answered with."""

    store: DocumentStore
    index: VectorIndex
    indexing: Indexing
    vectors: Vectors
    frequencies: TenantFrequencies
    meaning_share: float = MEANING_SHARE


@dataclass(frozen=True)
class Findings:
    passages: Sequence[FoundPassage]
    degraded: bool


@dataclass(frozen=True)
class _Scores:
    similarities: Mapping[str, float]
    keywords: Mapping[str, float]


async def search_passages(finder: Finder, question: str, page_size: int) -> Findings:
    """The best passages; by words alone when the index fails or is behind the store."""
    tenant_id = current_tenant()
    wanted = question_words(question)
    if not wanted:
        raise QueryEmpty
    terms = question_terms(wanted, await finder.frequencies.of(tenant_id))
    found = await _by_index(finder, tenant_id, question, terms)
    degraded = found is None
    if found is None:
        found = await _by_words(finder, tenant_id, terms)
    async with finder.store.reading(tenant_id) as documents:
        stored = await documents.passages([*{**found.similarities, **found.keywords}])
    limit = min(page_size, MAX_PAGE_SIZE) if page_size > 0 else DEFAULT_PAGE_SIZE
    share = 0.0 if degraded else finder.meaning_share
    candidates = [_candidate(one, found, terms) for one in stored.values()]
    best = ranked(candidates, limit, share)
    return Findings(
        [
            FoundPassage(
                chunk=stored[one.candidate.chunk_id].chunk,
                title=stored[one.candidate.chunk_id].title,
                source_uri=stored[one.candidate.chunk_id].source_uri,
                score=one.score,
                similarity=one.candidate.similarity,
                coverage=one.candidate.coverage,
            )
            for one in best
        ],
        degraded,
    )


async def _by_index(
    finder: Finder, tenant_id: TenantId, question: str, terms: Terms
) -> _Scores | None:
    if finder.indexing.is_behind(tenant_id):
        return None
    vector = await finder.vectors.of_question(question)
    try:
        near, with_words = await asyncio.gather(
            finder.index.nearest(tenant_id, vector, CANDIDATES),
            finder.index.by_keywords(tenant_id, terms, CANDIDATES),
        )
        similarities = _by_id(near)
        unknown = [hit.chunk_id for hit in with_words if hit.chunk_id not in similarities]
        similarities |= await finder.index.similarities(tenant_id, vector, unknown)
    except IndexUnavailable:
        finder.indexing.doubt()
        return None
    return _Scores(similarities, _by_id(with_words))


async def _by_words(finder: Finder, tenant_id: TenantId, terms: Terms) -> _Scores:
    async with finder.store.reading(tenant_id) as documents:
        stored = await documents.terms()
    found = await asyncio.to_thread(_best, terms, stored)
    return _Scores({}, _by_id(found))


def _best(terms: Terms, stored: Sequence[tuple[str, bytes]]) -> list[Hit]:
    points = scores(terms, [Terms.from_bytes(held) for _, held in stored])
    best = np.argsort(-points, kind="stable")[:CANDIDATES]
    return [Hit(stored[place][0], float(points[place])) for place in best if points[place] > 0]


def _candidate(stored: StoredPassage, found: _Scores, terms: Terms) -> Candidate:
    chunk = stored.chunk
    highest = highest_score(terms)
    return Candidate(
        chunk_id=chunk.chunk_id,
        document_id=chunk.document_id,
        text=chunk.text,
        similarity=found.similarities.get(chunk.chunk_id, 0.0),
        keywords=found.keywords.get(chunk.chunk_id, 0.0) / highest if highest else 0.0,
        coverage=coverage(terms, Terms.from_bytes(stored.terms)),
    )


def _by_id(hits: Sequence[Hit]) -> dict[str, float]:
    return {hit.chunk_id: hit.score for hit in hits}
