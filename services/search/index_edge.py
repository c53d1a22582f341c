"""The vector index in this process: one Qdrant Edge shard for all tenants."""

import asyncio
import shutil
from collections.abc import Iterator, Set
from functools import lru_cache
from pathlib import Path

import numpy as np
from qdrant_edge import (
    CountRequest,
    Distance,
    EdgeConfig,
    EdgeOptimizersConfig,
    EdgeShard,
    EdgeSparseVectorParams,
    EdgeVectorParams,
    FieldCondition,
    Filter,
    IntegerIndexParams,
    KeywordIndexParams,
    MatchAny,
    MatchValue,
    Point,
    Prefetch,
    Query,
    QueryRequest,
    RangeFloat,
    ScrollRequest,
    SparseVector,
    UpdateOperation,
)

from services.mesh.caller import TenantId
from services.search.domain import Embedding, IndexedText
from services.search.edge_shard import POINTS_WORTH_A_GRAPH, Shard, guarded
from services.search.errors import RecipesMixed
from services.search.keywords import Terms
from services.search.payload import (
    KEYWORDS,
    MOMENTS,
    PUBLISHED,
    chunk_of,
    marks_in,
    name_of,
    number_of,
    payload_of,
    recipes_in,
)
from services.search.ports import Hit, Vector
from services.search.readers import View
from services.search.revisions import IndexedChunk, Revisions, counted

POINTS_PER_UPDATE = 256
POINTS_PER_SCROLL = 10_000
SEARCH_THREADS = 2

_MEANING = "meaning"
_WORDS = "words"


class EdgeIndex:
    """`folder` holds one shard for each recipe of vectors."""

    def __init__(
        self,
        folder: Path,
        recipe: str,
        dimensions: int,
        *,
        keep_log: bool = True,
        points_worth_a_graph: int = POINTS_WORTH_A_GRAPH,
    ) -> None:
        self._folder = folder
        self._recipe = recipe
        self._dimensions = dimensions
        self._keep_log = keep_log
        self._kilobytes_worth_a_graph = points_worth_a_graph * dimensions * 4 // 1024
        own = folder / name_of(recipe)
        self.shard = Shard(own, self._create, points_worth_a_graph=points_worth_a_graph)

    async def open(self) -> None:
        await self.shard.open()

    async def put(self, tenant_id: TenantId, text: IndexedText) -> None:
        if not text.is_of(self._recipe):
            raise RecipesMixed(self._recipe)

        def update(shard: EdgeShard) -> None:
            for points in _batches(tenant_id, text):
                shard.update(UpdateOperation.upsert_points(points))
            older = _own(tenant_id, _document(text.document_id))
            older = Filter(must=older.must, must_not=[_version(text.version)])
            shard.update(UpdateOperation.delete_points_by_filter(older))

        await self.shard.change(update)

    async def remove(self, tenant_id: TenantId, document_id: str) -> None:
        chunks = _own(tenant_id, _document(document_id))
        operation = UpdateOperation.delete_points_by_filter(chunks)
        await self.shard.change(lambda shard: shard.update(operation))

    async def candidates(
        self, view: View, vector: Vector, terms: Terms, limit: int
    ) -> dict[str, float]:
        visible, near = self._visible(view), Query.Nearest(vector.tolist(), using=_MEANING)
        both = [Prefetch(limit, near, filter=visible)]
        if len(terms.ids):
            both.append(Prefetch(limit, _with_words(terms), filter=visible))
        # Only what these have found is compared, so it needs no filter of its own.
        hits = await self._hits(near, None, limit * len(both), both)
        return {hit.chunk_id: hit.score for hit in hits}

    async def by_keywords(self, view: View, terms: Terms, limit: int) -> list[Hit]:
        return await self._hits(_with_words(terms), self._visible(view), limit)

    async def count(self, view: View) -> int:
        request = CountRequest(exact=True, filter=self._visible(view))
        return await self.shard.ask(lambda shard: shard.count(request))

    async def revisions(self) -> Revisions:
        return await self.shard.ask(lambda shard: counted(_all_chunks(shard)))

    async def other_recipes(self) -> frozenset[str]:
        names = await asyncio.to_thread(lambda: [path.name for path in self._folder.glob("*")])
        return recipes_in(names) - {self._recipe}

    def beside(self, recipe: str, dimensions: int) -> "EdgeIndex":
        return EdgeIndex(self._folder, recipe, dimensions, keep_log=self._keep_log)

    async def drop_others(self, kept: Set[str] = frozenset()) -> None:
        names = {name_of(recipe) for recipe in (self._recipe, *kept)}
        await asyncio.to_thread(guarded, self._delete_all_but, names)

    async def close(self) -> None:
        await self.shard.close()

    def _visible(self, view: View) -> Filter:
        """The one wall: every question to the shard goes through it."""
        return _visible(view)

    async def _hits(
        self, query: Query, visible: Filter | None, limit: int, among: list[Prefetch] | None = None
    ) -> list[Hit]:
        request = QueryRequest(limit=limit, query=query, filter=visible, prefetches=among)
        points = await self.shard.ask(lambda shard: shard.query(request))
        return [Hit(str(point.id), point.score) for point in points]

    def _delete_all_but(self, names: Set[str]) -> None:
        for other in self._folder.glob("*"):
            if other.name not in names:
                shutil.rmtree(other)

    def _create(self, folder: Path) -> EdgeShard:
        meaning = EdgeVectorParams(size=self._dimensions, distance=Distance.Cosine)
        # Without the write-ahead log a killed process loses what it has not flushed.
        config = EdgeConfig(
            vectors={_MEANING: meaning},
            sparse_vectors={_WORDS: EdgeSparseVectorParams()},
            wal_enabled=self._keep_log,
            max_search_threads=SEARCH_THREADS,
            optimizers=EdgeOptimizersConfig(indexing_threshold=self._kilobytes_worth_a_graph),
        )
        shard = EdgeShard.create(str(folder), config)
        tenant = KeywordIndexParams(is_tenant=True)
        shard.update(UpdateOperation.create_field_index("tenant_id", tenant))
        for field in KEYWORDS:
            shard.update(UpdateOperation.create_field_index(field, KeywordIndexParams()))
        for field in MOMENTS:
            moments = IntegerIndexParams(lookup=False, range=True)
            shard.update(UpdateOperation.create_field_index(field, moments))
        return shard


@lru_cache(maxsize=1024)
def _visible(view: View) -> Filter:
    since = number_of(view.since)
    published = FieldCondition(key="state", match=MatchValue(PUBLISHED))
    readers = FieldCondition(key="readers", match=MatchAny(marks_in(view)))
    not_begun = FieldCondition(key="effective_from", range=RangeFloat(gt=since))
    ended = FieldCondition(key="effective_until", range=RangeFloat(lte=since))
    closed = FieldCondition(key="category", match=MatchAny(sorted(view.closed_categories)))
    own = _own(view.tenant_id)
    return Filter(
        must=[*(own.must or []), published, *([] if view.sees_all else [readers])],
        must_not=[not_begun, ended, *([closed] if view.closed_categories else [])],
    )


def _own(tenant_id: TenantId, *more: FieldCondition) -> Filter:
    return Filter(must=[FieldCondition(key="tenant_id", match=MatchValue(tenant_id)), *more])


def _document(document_id: str) -> FieldCondition:
    return FieldCondition(key="document_id", match=MatchValue(document_id))


def _version(version: int) -> FieldCondition:
    return FieldCondition(key="version", match=MatchValue(version))


def _batches(tenant_id: TenantId, text: IndexedText) -> Iterator[list[Point]]:
    for first in range(0, len(text.embeddings), POINTS_PER_UPDATE):
        batch = text.embeddings[first : first + POINTS_PER_UPDATE]
        yield [_point(tenant_id, text, embedding) for embedding in batch]


def _point(tenant_id: TenantId, text: IndexedText, embedding: Embedding) -> Point:
    return Point(
        id=embedding.chunk_id,
        vector={
            _MEANING: np.frombuffer(embedding.meaning, "<f4").tolist(),
            _WORDS: _sparse(Terms.from_bytes(embedding.terms)),
        },
        payload=payload_of(tenant_id, text),
    )


def _with_words(terms: Terms) -> Query:
    return Query.Nearest(_sparse(terms), using=_WORDS)


def _sparse(terms: Terms) -> SparseVector:
    return SparseVector(indices=terms.ids.tolist(), values=terms.weights.tolist())


def _all_chunks(shard: EdgeShard) -> Iterator[IndexedChunk]:
    offset = None
    while True:
        request = ScrollRequest(limit=POINTS_PER_SCROLL, offset=offset, with_payload=True)
        records, offset = shard.scroll(request)
        yield from (chunk_of(record.payload or {}) for record in records)
        if offset is None:
            return
