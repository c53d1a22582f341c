"""The vector index on a Qdrant server. Import this only where one is used: it takes a second."""

import re
from collections.abc import AsyncIterator, Set
from contextlib import asynccontextmanager

import numpy as np
from grpc import RpcError
from httpx import HTTPError
from qdrant_client import AsyncQdrantClient, models
from qdrant_client.http.exceptions import ApiException

from services.mesh.caller import TenantId
from services.search.domain import Embedding, IndexedText
from services.search.errors import IndexUnavailable, RecipesMixed
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
POINTS_PER_SCROLL = 5_000

_MEANING = "meaning"
_WORDS = "words"
_PREFIX = "helpdesk-"
_OURS = re.compile(_PREFIX + r".+-layout-\d+")


class QdrantServerIndex:
    """One collection for each recipe of vectors, of all tenants."""

    def __init__(
        self,
        client: AsyncQdrantClient,
        recipe: str,
        dimensions: int,
        *,
        closes_client: bool = True,
    ) -> None:
        self._client = client
        self._recipe = recipe
        self._collection = _PREFIX + name_of(recipe)
        self._dimensions = dimensions
        self._closes_client = closes_client

    async def open(self) -> None:
        async with _errors_as_unavailable():
            if await self._client.collection_exists(self._collection):
                return
            await self._client.create_collection(
                self._collection,
                vectors_config={
                    _MEANING: models.VectorParams(
                        size=self._dimensions, distance=models.Distance.COSINE
                    )
                },
                sparse_vectors_config={_WORDS: models.SparseVectorParams()},
            )
            tenant = models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, is_tenant=True)
            await self._client.create_payload_index(self._collection, "tenant_id", tenant)
            keyword = models.PayloadSchemaType.KEYWORD
            for field in KEYWORDS:
                await self._client.create_payload_index(self._collection, field, keyword)
            integer = models.IntegerIndexType.INTEGER
            moments = models.IntegerIndexParams(type=integer, lookup=False, range=True)
            for field in MOMENTS:
                await self._client.create_payload_index(self._collection, field, moments)

    async def put(self, tenant_id: TenantId, text: IndexedText) -> None:
        if not text.is_of(self._recipe):
            raise RecipesMixed(self._recipe)
        async with _errors_as_unavailable():
            for first in range(0, len(text.embeddings), POINTS_PER_UPDATE):
                batch = text.embeddings[first : first + POINTS_PER_UPDATE]
                points = [_point(tenant_id, text, embedding) for embedding in batch]
                await self._client.upsert(self._collection, points, wait=True)
            await self._delete(
                models.Filter(
                    must=[_matches("tenant_id", tenant_id), _document(text.document_id)],
                    must_not=[_matches("version", text.version)],
                )
            )

    async def remove(self, tenant_id: TenantId, document_id: str) -> None:
        async with _errors_as_unavailable():
            await self._delete(
                models.Filter(must=[_matches("tenant_id", tenant_id), _document(document_id)])
            )

    async def candidates(
        self, view: View, vector: Vector, terms: Terms, limit: int
    ) -> dict[str, float]:
        visible, near = self._visible(view), vector.tolist()
        both = [models.Prefetch(query=near, using=_MEANING, filter=visible, limit=limit)]
        if len(terms.ids):
            words = _sparse(terms)
            both.append(models.Prefetch(query=words, using=_WORDS, filter=visible, limit=limit))
        # Only what these have found is compared, so it needs no filter of its own.
        hits = await self._hits(near, _MEANING, None, limit * len(both), both)
        return {hit.chunk_id: hit.score for hit in hits}

    async def by_keywords(self, view: View, terms: Terms, limit: int) -> list[Hit]:
        return await self._hits(_sparse(terms), _WORDS, self._visible(view), limit)

    async def count(self, view: View) -> int:
        async with _errors_as_unavailable():
            answer = await self._client.count(
                self._collection, count_filter=self._visible(view), exact=True
            )
            return answer.count

    async def revisions(self) -> Revisions:
        chunks: list[IndexedChunk] = []
        offset = None
        async with _errors_as_unavailable():
            while True:
                records, offset = await self._client.scroll(
                    self._collection, limit=POINTS_PER_SCROLL, offset=offset, with_payload=True
                )
                chunks += (chunk_of(record.payload or {}) for record in records)
                if offset is None:
                    return counted(chunks)

    async def other_recipes(self) -> frozenset[str]:
        names = await self._collections()
        return recipes_in(name.removeprefix(_PREFIX) for name in names) - {self._recipe}

    def beside(self, recipe: str, dimensions: int) -> "QdrantServerIndex":
        return QdrantServerIndex(self._client, recipe, dimensions, closes_client=False)

    async def drop_others(self, kept: Set[str] = frozenset()) -> None:
        names = {_PREFIX + name_of(recipe) for recipe in (self._recipe, *kept)}
        for name in await self._collections():
            if name not in names:
                async with _errors_as_unavailable():
                    await self._client.delete_collection(name)

    async def close(self) -> None:
        if self._closes_client:
            await self._client.close()

    async def _collections(self) -> list[str]:
        async with _errors_as_unavailable():
            found = (await self._client.get_collections()).collections
        return [one.name for one in found if _OURS.fullmatch(one.name)]

    def _visible(self, view: View) -> models.Filter:
        """The one wall: every question to the server goes through it."""
        since = number_of(view.since)
        must = [_matches("tenant_id", view.tenant_id), _matches("state", PUBLISHED)]
        must_not = [
            models.FieldCondition(key="effective_from", range=models.Range(gt=since)),
            models.FieldCondition(key="effective_until", range=models.Range(lte=since)),
        ]
        if not view.sees_all:
            must.append(_matches_any("readers", marks_in(view)))
        if view.closed_categories:
            must_not.append(_matches_any("category", sorted(view.closed_categories)))
        return models.Filter(must=must, must_not=must_not)

    async def _hits(
        self,
        query: list[float] | models.SparseVector,
        using: str,
        visible: models.Filter | None,
        limit: int,
        among: list[models.Prefetch] | None = None,
    ) -> list[Hit]:
        async with _errors_as_unavailable():
            answer = await self._client.query_points(
                self._collection,
                query=query,
                using=using,
                query_filter=visible,
                limit=limit,
                prefetch=among,
                with_payload=False,
            )
            return [Hit(str(point.id), point.score) for point in answer.points]

    async def _delete(self, chunks: models.Filter) -> None:
        selector = models.FilterSelector(filter=chunks)
        await self._client.delete(self._collection, selector, wait=True)


def connected(url: str, api_key: str | None, recipe: str, dimensions: int) -> QdrantServerIndex:
    client = AsyncQdrantClient(url=url, api_key=api_key, timeout=5, check_compatibility=False)
    return QdrantServerIndex(client, recipe, dimensions)


@asynccontextmanager
async def _errors_as_unavailable() -> AsyncIterator[None]:
    try:
        yield
    except (ApiException, HTTPError, RpcError, OSError, ValueError) as error:
        raise IndexUnavailable(f"{type(error).__name__}: {error}") from error


def _matches(key: str, value: str | int) -> models.FieldCondition:
    return models.FieldCondition(key=key, match=models.MatchValue(value=value))


def _matches_any(key: str, values: list[str]) -> models.FieldCondition:
    return models.FieldCondition(key=key, match=models.MatchAny(any=values))


def _document(document_id: str) -> models.FieldCondition:
    return _matches("document_id", document_id)


def _point(tenant_id: TenantId, text: IndexedText, embedding: Embedding) -> models.PointStruct:
    return models.PointStruct(
        id=embedding.chunk_id,
        vector={
            _MEANING: np.frombuffer(embedding.meaning, "<f4").tolist(),
            _WORDS: _sparse(Terms.from_bytes(embedding.terms)),
        },
        payload=payload_of(tenant_id, text),
    )


def _sparse(terms: Terms) -> models.SparseVector:
    return models.SparseVector(indices=terms.ids.tolist(), values=terms.weights.tolist())
