"""In-memory twins of search's ports; test_store.py and test_vector_index.py vouch for them."""

import zlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np

from services.mesh.caller import TenantId
from services.search.domain import (
    Chunk,
    DocumentVersion,
    Embedding,
    IndexedText,
    KnowledgeDocument,
)
from services.search.errors import IndexUnavailable
from services.search.keywords import Terms, scores
from services.search.ports import Hit, StoredPassage, Vector
from services.search.revisions import Revision, Revisions, counted
from services.search.words import words


class FakeEncoder:
    """Texts with the same words mean the same."""

    def __init__(self, name: str = "fake", dimensions: int = 64) -> None:
        self.name = name
        self.dimensions = dimensions
        self.encoded = 0

    def encode(self, texts: Sequence[str]) -> Vector:
        self.encoded += len(texts)
        return np.stack([self.encode_query(text) for text in texts])

    def encode_query(self, text: str) -> Vector:
        vector = np.full(self.dimensions, 1e-3, np.float32)
        for word in words(text):
            vector[zlib.crc32(word.encode()) % self.dimensions] += 1
        return (vector / np.linalg.norm(vector)).astype(np.float32)


class FakeIndex:
    def __init__(self) -> None:
        self.texts: dict[tuple[TenantId, str], IndexedText] = {}
        self.is_down = False

    async def open(self) -> None:
        self._require_up()

    async def put(self, tenant_id: TenantId, text: IndexedText) -> None:
        self._require_up()
        self.texts[tenant_id, text.document_id] = text

    async def remove(self, tenant_id: TenantId, document_id: str) -> None:
        self._require_up()
        self.texts.pop((tenant_id, document_id), None)

    async def nearest(self, tenant_id: TenantId, vector: Vector, limit: int) -> list[Hit]:
        return self._best([(one, _cosine(vector, one)) for one in self._visible(tenant_id)], limit)

    async def by_keywords(self, tenant_id: TenantId, terms: Terms, limit: int) -> list[Hit]:
        visible = self._visible(tenant_id)
        points = scores(terms, [Terms.from_bytes(one.terms) for one in visible])
        pairs = [
            (one, float(point)) for one, point in zip(visible, points, strict=True) if point > 0
        ]
        return self._best(pairs, limit)

    async def similarities(
        self, tenant_id: TenantId, vector: Vector, chunk_ids: Sequence[str]
    ) -> dict[str, float]:
        visible = self._visible(tenant_id)
        return {one.chunk_id: _cosine(vector, one) for one in visible if one.chunk_id in chunk_ids}

    async def count(self, tenant_id: TenantId) -> int:
        return len(self._visible(tenant_id))

    async def revisions(self) -> Revisions:
        self._require_up()
        return counted(
            (tenant_id, document_id, text.version)
            for (tenant_id, document_id), text in self.texts.items()
            for _ in text.embeddings
        )

    async def close(self) -> None:
        pass

    def _visible(self, tenant_id: TenantId) -> list[Embedding]:
        self._require_up()
        return [
            embedding
            for (owner, _), text in self.texts.items()
            if owner == tenant_id
            for embedding in text.embeddings
        ]

    def _best(self, pairs: list[tuple[Embedding, float]], limit: int) -> list[Hit]:
        hits = [Hit(embedding.chunk_id, score) for embedding, score in pairs]
        return sorted(hits, key=lambda hit: -hit.score)[:limit]

    def _require_up(self) -> None:
        if self.is_down:
            raise IndexUnavailable("down")


def _cosine(vector: Vector, embedding: Embedding) -> float:
    return float(vector @ np.frombuffer(embedding.meaning, np.float32))


@dataclass
class FakeDocuments:
    by_id: dict[str, KnowledgeDocument] = field(default_factory=dict)
    versions: dict[tuple[str, int], DocumentVersion] = field(default_factory=dict)
    chunks: dict[str, list[Chunk]] = field(default_factory=dict)
    embeddings: dict[str, Embedding] = field(default_factory=dict)

    async def find(self, document_id: str) -> KnowledgeDocument | None:
        document = self.by_id.get(document_id)
        return None if document is None or document.delete_time else document

    async def find_by_source_uri(self, source_uri: str) -> KnowledgeDocument | None:
        return next((one for one in self._live() if one.source_uri == source_uri), None)

    async def find_version(self, document_id: str, version: int) -> DocumentVersion | None:
        return self.versions.get((document_id, version))

    async def is_known(self, document_id: str) -> bool:
        return document_id in self.by_id

    async def version_of(self, document_id: str) -> int | None:
        document = await self.find(document_id)
        return None if document is None else document.version

    async def list_documents(self, *, limit: int, after: str) -> list[KnowledgeDocument]:
        behind = [replace(one, content="") for one in self._live() if one.source_uri > after]
        return sorted(behind, key=lambda one: one.source_uri)[:limit]

    async def passages(self, chunk_ids: Sequence[str]) -> dict[str, StoredPassage]:
        return {
            chunk.chunk_id: StoredPassage(
                chunk,
                self.by_id[document_id].title,
                self.by_id[document_id].source_uri,
                self.embeddings[chunk.chunk_id].terms,
            )
            for document_id, chunks in self.chunks.items()
            for chunk in chunks
            if chunk.chunk_id in chunk_ids
        }

    async def indexed_text(self, document_id: str) -> IndexedText | None:
        document = await self.find(document_id)
        if document is None:
            return None
        chunks = self.chunks[document_id]
        embeddings = [self.embeddings[chunk.chunk_id] for chunk in chunks]
        return IndexedText(document_id, document.version, document.title, chunks, embeddings)

    async def terms(self) -> list[tuple[str, bytes]]:
        return sorted((chunk_id, one.terms) for chunk_id, one in self.embeddings.items())

    async def claim(
        self, source_uri: str, new_document_id: str, now: datetime
    ) -> KnowledgeDocument:
        for document in self.by_id.values():
            if document.source_uri == source_uri:
                return replace(document, content="")
        return KnowledgeDocument(new_document_id, source_uri, "", "", "", 0, "", 0, now, now)

    async def keep(
        self,
        document: KnowledgeDocument,
        chunks: Sequence[Chunk],
        embeddings: Sequence[Embedding],
    ) -> None:
        self.by_id[document.document_id] = document
        self.versions[document.document_id, document.version] = DocumentVersion(
            document.document_id,
            document.version,
            document.source_uri,
            document.title,
            document.content,
            document.update_time,
        )
        self._forget(document.document_id)
        self.chunks[document.document_id] = list(chunks)
        self.embeddings |= {one.chunk_id: one for one in embeddings}

    async def keep_embeddings(self, embeddings: Sequence[Embedding]) -> None:
        for one in embeddings:
            if one.chunk_id in self.embeddings:
                self.embeddings[one.chunk_id] = one

    async def remove(self, document_id: str, now: datetime) -> None:
        document = self.by_id[document_id]
        if document.delete_time is None:
            self.by_id[document_id] = replace(
                document, delete_time=now, update_time=now, chunk_count=0
            )
        self._forget(document_id)

    def _forget(self, document_id: str) -> None:
        for chunk in self.chunks.pop(document_id, []):
            del self.embeddings[chunk.chunk_id]

    def _live(self) -> list[KnowledgeDocument]:
        return [one for one in self.by_id.values() if one.delete_time is None]


class FakeDocumentStore:
    def __init__(self) -> None:
        self._tenants: dict[TenantId, FakeDocuments] = {}

    @asynccontextmanager
    async def reading(self, tenant_id: TenantId) -> AsyncIterator[FakeDocuments]:
        yield self._tenants.setdefault(tenant_id, FakeDocuments())

    @asynccontextmanager
    async def transaction(self, tenant_id: TenantId) -> AsyncIterator[FakeDocuments]:
        before = deepcopy(self._tenants.setdefault(tenant_id, FakeDocuments()))
        try:
            yield self._tenants[tenant_id]
        except BaseException:
            self._tenants[tenant_id] = before
            raise

    async def revisions(self) -> Revisions:
        return {
            (tenant_id, one.document_id): Revision(one.version, one.chunk_count)
            for tenant_id, documents in self._tenants.items()
            for one in documents.by_id.values()
            if one.delete_time is None
        }
