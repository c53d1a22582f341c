"""In-memory twins of search's ports; test_store.py and test_vector_index.py vouch for them."""

import zlib
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np

from services.mesh.caller import TenantId
from services.search.domain import (
    Category,
    Chunk,
    DocumentVersion,
    Embedding,
    IndexedText,
    KnowledgeDocument,
)
from services.search.errors import IndexUnavailable
from services.search.keywords import Terms, scores
from services.search.ports import Hit, StoredPassage, Vector
from services.search.readers import EVERYBODY, Reader, Readers, View
from services.search.revisions import IndexedChunk, Revision, Revisions, counted
from services.search.words import words


class FakeEncoder:
    """Texts with the same words mean the same."""

    def __init__(self, name: str = "fake", dimensions: int = 64) -> None:
        self.name = name
        self.dimensions = dimensions
        self.encoded = 0

    def encode(self, texts: Sequence[str]) -> Vector:
        self.encoded += len(texts)
        return np.stack([self._vector(text) for text in texts])

    def encode_questions(self, texts: Sequence[str]) -> Vector:
        return np.stack([self._vector(text) for text in texts])

    def close(self) -> None:
        pass

    def _vector(self, text: str) -> Vector:
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

    async def nearest(self, view: View, vector: Vector, limit: int) -> list[Hit]:
        return self._best([(one, _cosine(vector, one)) for one in self._visible(view)], limit)

    async def by_keywords(self, view: View, terms: Terms, limit: int) -> list[Hit]:
        visible = self._visible(view)
        points = scores(terms, [Terms.from_bytes(one.terms) for one in visible])
        pairs = [
            (one, float(point)) for one, point in zip(visible, points, strict=True) if point > 0
        ]
        return self._best(pairs, limit)

    async def similarities(
        self, view: View, vector: Vector, chunk_ids: Sequence[str]
    ) -> dict[str, float]:
        visible = self._visible(view)
        return {one.chunk_id: _cosine(vector, one) for one in visible if one.chunk_id in chunk_ids}

    async def count(self, view: View) -> int:
        return len(self._visible(view))

    async def revisions(self) -> Revisions:
        self._require_up()
        return counted(
            IndexedChunk(tenant_id, document_id, text.version, text.category, text.readers.keys)
            for (tenant_id, document_id), text in self.texts.items()
            for _ in text.embeddings
        )

    async def close(self) -> None:
        pass

    def _visible(self, view: View) -> list[Embedding]:
        self._require_up()
        return [
            embedding
            for (owner, _), text in self.texts.items()
            if owner == view.tenant_id and (view.sees_all or _is_in(view, text))
            for embedding in text.embeddings
        ]

    def _best(self, pairs: list[tuple[Embedding, float]], limit: int) -> list[Hit]:
        hits = [Hit(embedding.chunk_id, score) for embedding, score in pairs]
        return sorted(hits, key=lambda hit: -hit.score)[:limit]

    def _require_up(self) -> None:
        if self.is_down:
            raise IndexUnavailable("down")


def _is_in(view: View, text: IndexedText) -> bool:
    named = text.readers.keys
    is_admitted = not named or not named.isdisjoint(view.keys)
    return is_admitted and text.category not in view.closed_categories


def _cosine(vector: Vector, embedding: Embedding) -> float:
    return float(vector @ np.frombuffer(embedding.meaning, np.float32))


@dataclass
class Shelf:
    """What a tenant has."""

    by_id: dict[str, KnowledgeDocument] = field(default_factory=dict)
    versions: dict[tuple[str, int], DocumentVersion] = field(default_factory=dict)
    chunks: dict[str, list[Chunk]] = field(default_factory=dict)
    embeddings: dict[str, Embedding] = field(default_factory=dict)
    category_readers: dict[str, Readers] = field(default_factory=dict)
    category_ids: dict[str, str] = field(default_factory=dict)


@dataclass
class FakeDocuments:
    shelf: Shelf
    reader: Reader

    async def view(self) -> View:
        if self.reader.sees_all:
            return View(self.reader.tenant_id, sees_all=True)
        named = {key for one in self.shelf.by_id.values() for key in one.readers.keys}
        lists = self.shelf.category_readers
        closed = {name for name in lists if not self.reader.is_admitted_by(lists[name])}
        return View(self.reader.tenant_id, self.reader.keys & named, frozenset(closed))

    async def find(self, document_id: str) -> KnowledgeDocument | None:
        return next((one for one in self._live() if one.document_id == document_id), None)

    async def find_by_source_uri(self, source_uri: str) -> KnowledgeDocument | None:
        return next((one for one in self._live() if one.source_uri == source_uri), None)

    async def find_version(self, document_id: str, version: int) -> DocumentVersion | None:
        is_known = await self.is_known(document_id)
        return self.shelf.versions.get((document_id, version)) if is_known else None

    async def is_known(self, document_id: str) -> bool:
        return any(one.document_id == document_id for one in self._readable())

    async def revision_of(self, document_id: str) -> Revision | None:
        document = await self.find(document_id)
        return None if document is None else _revision(document)

    async def list_documents(self, *, limit: int, after: str) -> list[KnowledgeDocument]:
        behind = [replace(one, content="") for one in self._live() if one.source_uri > after]
        return sorted(behind, key=lambda one: one.source_uri)[:limit]

    async def list_categories(self) -> list[Category]:
        counts = Counter(one.category for one in self._live() if one.category)
        lists = {
            name: readers for name, readers in self.shelf.category_readers.items() if readers.keys
        }
        return [
            Category(
                name,
                lists.get(name, EVERYBODY),
                counts[name],
                self.shelf.category_ids.get(name, ""),
            )
            for name in sorted({*counts, *lists})
            if self.reader.is_admitted_by(lists.get(name, EVERYBODY))
        ]

    async def passages(self, chunk_ids: Sequence[str]) -> dict[str, StoredPassage]:
        return {
            chunk.chunk_id: StoredPassage(
                chunk,
                document.title,
                document.source_uri,
                self.shelf.embeddings[chunk.chunk_id].terms,
            )
            for document in self._live()
            for chunk in self.shelf.chunks[document.document_id]
            if chunk.chunk_id in chunk_ids
        }

    async def indexed_text(self, document_id: str) -> IndexedText | None:
        document = await self.find(document_id)
        if document is None:
            return None
        chunks = self.shelf.chunks[document_id]
        embeddings = [self.shelf.embeddings[chunk.chunk_id] for chunk in chunks]
        return IndexedText(
            document_id,
            document.version,
            document.title,
            chunks,
            embeddings,
            document.category,
            document.readers,
        )

    async def terms(self) -> list[tuple[str, bytes]]:
        return sorted(
            (chunk.chunk_id, self.shelf.embeddings[chunk.chunk_id].terms)
            for document in self._live()
            for chunk in self.shelf.chunks[document.document_id]
        )

    async def claim(
        self, source_uri: str, new_document_id: str, now: datetime
    ) -> KnowledgeDocument:
        for document in self.shelf.by_id.values():
            if document.source_uri == source_uri:
                return replace(self._with_list(document), content="")
        return KnowledgeDocument(new_document_id, source_uri, "", "", "", 0, "", 0, now, now)

    async def keep(
        self,
        document: KnowledgeDocument,
        chunks: Sequence[Chunk],
        embeddings: Sequence[Embedding],
    ) -> None:
        self.shelf.by_id[document.document_id] = document
        self.shelf.versions[document.document_id, document.version] = DocumentVersion(
            document.document_id,
            document.version,
            document.source_uri,
            document.title,
            document.content,
            document.update_time,
            document.original,
        )
        self._forget(document.document_id)
        self.shelf.chunks[document.document_id] = list(chunks)
        self.shelf.embeddings |= {one.chunk_id: one for one in embeddings}

    async def set_readers(self, document_id: str, readers: Readers) -> KnowledgeDocument | None:
        document = await self.find(document_id)
        if document is None:
            return None
        changed = self.shelf.by_id[document_id] = replace(document, readers=readers)
        return replace(changed, content="")

    async def set_category_readers(self, category: str, readers: Readers, new_id: str) -> str:
        self.shelf.category_readers[category] = readers
        return self.shelf.category_ids.setdefault(category, new_id)

    async def keep_embeddings(self, embeddings: Sequence[Embedding]) -> None:
        for one in embeddings:
            if one.chunk_id in self.shelf.embeddings:
                self.shelf.embeddings[one.chunk_id] = one

    async def remove(self, document_id: str, now: datetime) -> None:
        document = self.shelf.by_id[document_id]
        if document.delete_time is None:
            self.shelf.by_id[document_id] = replace(
                document, delete_time=now, update_time=now, chunk_count=0
            )
        self._forget(document_id)

    def _forget(self, document_id: str) -> None:
        for chunk in self.shelf.chunks.pop(document_id, []):
            del self.shelf.embeddings[chunk.chunk_id]

    def _readable(self) -> list[KnowledgeDocument]:
        documents = [self._with_list(one) for one in self.shelf.by_id.values()]
        return [
            one
            for one in documents
            if self.reader.is_admitted_by(one.readers)
            and self.reader.is_admitted_by(one.category_readers)
        ]

    def _live(self) -> list[KnowledgeDocument]:
        return [one for one in self._readable() if one.delete_time is None]

    def _with_list(self, document: KnowledgeDocument) -> KnowledgeDocument:
        return replace(
            document, category_readers=self.shelf.category_readers.get(document.category, EVERYBODY)
        )


class FakeDocumentStore:
    def __init__(self) -> None:
        self._shelves: dict[TenantId, Shelf] = {}

    @asynccontextmanager
    async def reading(self, reader: Reader) -> AsyncIterator[FakeDocuments]:
        yield FakeDocuments(self._shelves.setdefault(reader.tenant_id, Shelf()), reader)

    @asynccontextmanager
    async def transaction(self, reader: Reader) -> AsyncIterator[FakeDocuments]:
        before = deepcopy(self._shelves.setdefault(reader.tenant_id, Shelf()))
        try:
            yield FakeDocuments(self._shelves[reader.tenant_id], reader)
        except BaseException:
            self._shelves[reader.tenant_id] = before
            raise

    async def revisions(self) -> Revisions:
        return {
            (tenant_id, one.document_id): _revision(one)
            for tenant_id, shelf in self._shelves.items()
            for one in shelf.by_id.values()
            if one.delete_time is None
        }


def _revision(document: KnowledgeDocument) -> Revision:
    return Revision(
        document.version, document.chunk_count, document.category, document.readers.keys
    )
