"""In-memory twins of search's ports; test_store.py and test_vector_index.py vouch for them."""

import zlib
from collections import Counter
from collections.abc import AsyncIterator, Sequence, Set
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np

from services.mesh.caller import TenantId
from services.mesh.clock import Clock, utc_now
from services.search.domain import (
    Category,
    Chunk,
    DocumentVersion,
    Embedding,
    IndexedText,
    KnowledgeDocument,
)
from services.search.errors import IndexUnavailable, RecipesMixed
from services.search.golden_sets import GoldenSetStore
from services.search.keywords import Overlap, Terms
from services.search.ports import Hit, StoredPassage, StoredTerms, Vector
from services.search.publication import BEGINNING, DocumentState, Standing
from services.search.readers import EVERYBODY, Reader, Readers, View
from services.search.revisions import IndexedChunk, Revision, Revisions, counted
from services.search.words import words
from tests.search.fake_golden_sets import FakeGoldenSetStore


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
    """Without a recipe it takes all, and is alone."""

    def __init__(self, recipe: str = "", place: "dict[str, FakeIndex] | None" = None) -> None:
        self.texts: dict[tuple[TenantId, str], IndexedText] = {}
        self.is_down = False
        self._recipe = recipe
        self._place = {} if place is None else place

    async def open(self) -> None:
        self._require_up()
        if self._place.setdefault(self._recipe, self) is not self:
            self.texts = self._place[self._recipe].texts

    async def put(self, tenant_id: TenantId, text: IndexedText) -> None:
        self._require_up()
        if self._recipe and not text.is_of(self._recipe):
            raise RecipesMixed(self._recipe)
        self.texts[tenant_id, text.document_id] = text

    async def remove(self, tenant_id: TenantId, document_id: str) -> None:
        self._require_up()
        self.texts.pop((tenant_id, document_id), None)

    async def candidates(
        self, view: View, vector: Vector, terms: Terms, limit: int
    ) -> dict[str, float]:
        near = self._best([(one, _cosine(vector, one)) for one in self._visible(view)], None)
        chosen = {hit.chunk_id for hit in near[:limit]}
        chosen |= {hit.chunk_id for hit in await self.by_keywords(view, terms, limit)}
        return {hit.chunk_id: hit.score for hit in near if hit.chunk_id in chosen}

    async def by_keywords(self, view: View, terms: Terms, limit: int) -> list[Hit]:
        visible = self._visible(view)
        points = Overlap.of(terms, [Terms.from_bytes(one.terms) for one in visible]).scores()
        pairs = [
            (one, float(point)) for one, point in zip(visible, points, strict=True) if point > 0
        ]
        return self._best(pairs, limit)

    async def count(self, view: View) -> int:
        return len(self._visible(view))

    async def revisions(self) -> Revisions:
        self._require_up()
        return counted(
            IndexedChunk(
                tenant_id,
                document_id,
                text.version,
                text.category,
                text.readers.keys,
                text.standing,
            )
            for (tenant_id, document_id), text in self.texts.items()
            for _ in text.embeddings
        )

    async def other_recipes(self) -> frozenset[str]:
        self._require_up()
        return frozenset(self._place) - {self._recipe}

    def beside(self, recipe: str, dimensions: int) -> "FakeIndex":
        return FakeIndex(recipe, self._place)

    async def drop_others(self, kept: Set[str] = frozenset()) -> None:
        for recipe in await self.other_recipes() - kept:
            del self._place[recipe]

    async def close(self) -> None:
        pass

    def _visible(self, view: View) -> list[Embedding]:
        self._require_up()
        return [
            embedding
            for (owner, _), text in self.texts.items()
            if owner == view.tenant_id
            and text.standing.holds_at(view.since)
            and (view.sees_all or _is_in(view, text))
            for embedding in text.embeddings
        ]

    def _best(self, pairs: list[tuple[Embedding, float]], limit: int | None) -> list[Hit]:
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
    """What a tenant has: each document at its newest version, and all versions of each."""

    by_id: dict[str, KnowledgeDocument] = field(default_factory=dict)
    versions: dict[tuple[str, int], DocumentVersion] = field(default_factory=dict)
    chunks: dict[str, list[Chunk]] = field(default_factory=dict)
    embeddings: dict[str, Embedding] = field(default_factory=dict)
    category_readers: dict[str, Readers] = field(default_factory=dict)
    category_ids: dict[str, str] = field(default_factory=dict)

    def published(self, document: KnowledgeDocument) -> KnowledgeDocument | None:
        version = self.versions.get((document.document_id, document.published_version))
        return None if version is None else self._at(document, version)

    def admitting(self, document: KnowledgeDocument) -> KnowledgeDocument:
        """With the list of the category that it was last published in."""
        shown = self.published(document) or document
        return replace(
            document, category_readers=self.category_readers.get(shown.category, EVERYBODY)
        )

    def _at(self, document: KnowledgeDocument, version: DocumentVersion) -> KnowledgeDocument:
        is_published = version.version == document.published_version
        chunks = self.chunks.get(document.document_id, []) if is_published else []
        return replace(
            document,
            title=version.title,
            category=version.category,
            content=version.content,
            version=version.version,
            content_hash=version.content_hash,
            chunk_count=len(chunks),
            update_time=version.create_time,
            period=version.period,
            restored_version=version.restored_version,
            original=version.original,
        )


@dataclass
class FakeDocuments:
    shelf: Shelf
    reader: Reader
    now: datetime

    async def view(self) -> View:
        turns = [
            moment
            for document in self.shelf.by_id.values()
            if (published := self.shelf.published(document)) and document.delete_time is None
            for moment in (published.period.begin, published.period.end)
            if moment is not None and moment <= self.now
        ]
        since = max(turns, default=BEGINNING)
        if self.reader.sees_all:
            return View(self.reader.tenant_id, sees_all=True, since=since)
        named = {key for one in self.shelf.by_id.values() for key in one.readers.keys}
        lists = self.shelf.category_readers
        closed = {name for name in lists if not self.reader.is_admitted_by(lists[name])}
        keys = self.reader.keys & named
        return View(self.reader.tenant_id, keys, frozenset(closed), since=since)

    async def find(self, document_id: str) -> KnowledgeDocument | None:
        return next((one for one in self._shown() if one.document_id == document_id), None)

    async def find_by_source_uri(self, source_uri: str) -> KnowledgeDocument | None:
        return next((one for one in self._shown() if one.source_uri == source_uri), None)

    async def find_version(self, document_id: str, version: int) -> DocumentVersion | None:
        found = self._versions(document_id)
        return next((one for one in found if one.version == version), None)

    async def list_versions(
        self, document_id: str, *, limit: int, before: int
    ) -> list[DocumentVersion]:
        found = [one for one in self._versions(document_id) if one.version < before]
        found.sort(key=lambda one: -one.version)
        return [replace(one, content="") for one in found[:limit]]

    async def is_known(self, document_id: str) -> bool:
        return bool(self._versions(document_id))

    async def revision_of(self, document_id: str) -> Revision | None:
        published = self._published(document_id)
        return None if published is None else _revision(published)

    async def list_documents(self, *, limit: int, after: str) -> list[KnowledgeDocument]:
        behind = [replace(one, content="") for one in self._shown() if one.source_uri > after]
        return sorted(behind, key=lambda one: one.source_uri)[:limit]

    async def list_categories(self) -> list[Category]:
        counts = Counter(one.category for one in self._shown() if one.category)
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

    async def terms_of(self, chunk_ids: Sequence[str]) -> list[StoredTerms]:
        found = await self.passages(chunk_ids)
        return [
            StoredTerms(chunk_id, one.chunk.document_id, self.shelf.embeddings[chunk_id].terms)
            for chunk_id, one in found.items()
        ]

    async def passages(self, chunk_ids: Sequence[str]) -> dict[str, StoredPassage]:
        return {
            chunk.chunk_id: StoredPassage(chunk, document.title, document.source_uri)
            for document in self._in_force()
            for chunk in self.shelf.chunks[document.document_id]
            if chunk.chunk_id in chunk_ids
        }

    async def indexed_text(self, document_id: str) -> IndexedText | None:
        document = self._published(document_id)
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
            _standing(document),
        )

    async def published_ids(self) -> list[str]:
        return [one for one in self.shelf.by_id if self._published(one) is not None]

    async def terms(self) -> list[tuple[str, bytes]]:
        return sorted(
            (chunk.chunk_id, self.shelf.embeddings[chunk.chunk_id].terms)
            for document in self._in_force()
            for chunk in self.shelf.chunks[document.document_id]
        )

    async def claim(
        self, source_uri: str, new_document_id: str, now: datetime
    ) -> KnowledgeDocument:
        for document in self.shelf.by_id.values():
            if document.source_uri == source_uri:
                return replace(self._with_list(document), content="")
        return KnowledgeDocument(new_document_id, source_uri, "", "", "", 0, "", 0, now, now)

    async def lock(self, document_id: str) -> KnowledgeDocument | None:
        if await self.find(document_id) is None:
            return None
        return replace(self._with_list(self.shelf.by_id[document_id]), content="")

    async def keep(
        self,
        document: KnowledgeDocument,
        chunks: Sequence[Chunk],
        embeddings: Sequence[Embedding],
    ) -> None:
        is_published = document.state is DocumentState.PUBLISHED
        self.shelf.versions[document.document_id, document.version] = DocumentVersion(
            document.document_id,
            document.version,
            document.source_uri,
            document.title,
            document.content,
            document.update_time,
            document.original,
            document.category,
            document.content_hash,
            period=document.period,
            publish_time=document.update_time if is_published else None,
            restored_version=document.restored_version,
        )
        if document.state is not DocumentState.DRAFT:
            self._withdraw_if_not_begun(document.document_id)
        self.shelf.by_id[document.document_id] = document
        if is_published:
            self._replace_chunks(document.document_id, chunks, embeddings)

    async def publish(
        self,
        document: KnowledgeDocument,
        chunks: Sequence[Chunk],
        embeddings: Sequence[Embedding],
        now: datetime,
    ) -> None:
        key = (document.document_id, document.version)
        self._withdraw_if_not_begun(document.document_id)
        version = self.shelf.versions[key]
        self.shelf.versions[key] = replace(version, publish_time=version.publish_time or now)
        self.shelf.by_id[document.document_id] = replace(document, content=version.content)
        if chunks:
            self._replace_chunks(document.document_id, chunks, embeddings)

    async def archive(self, document: KnowledgeDocument) -> None:
        self._withdraw_if_not_begun(document.document_id)
        content = self.shelf.by_id[document.document_id].content
        self.shelf.by_id[document.document_id] = replace(document, content=content)

    async def set_readers(self, document_id: str, readers: Readers) -> KnowledgeDocument | None:
        if await self.find(document_id) is None:
            return None
        newest = self.shelf.by_id[document_id]
        self.shelf.by_id[document_id] = replace(newest, readers=readers)
        changed = await self.find(document_id)
        return None if changed is None else replace(changed, content="")

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
            self._withdraw_if_not_begun(document_id)
            self.shelf.by_id[document_id] = replace(
                document,
                delete_time=now,
                chunk_count=0,
                published_version=0,
                archive_time=None,
            )
        self._forget(document_id)

    def _replace_chunks(
        self, document_id: str, chunks: Sequence[Chunk], embeddings: Sequence[Embedding]
    ) -> None:
        self._forget(document_id)
        self.shelf.chunks[document_id] = list(chunks)
        self.shelf.embeddings |= {one.chunk_id: one for one in embeddings}

    def _forget(self, document_id: str) -> None:
        for chunk in self.shelf.chunks.pop(document_id, []):
            del self.shelf.embeddings[chunk.chunk_id]

    def _withdraw_if_not_begun(self, document_id: str) -> None:
        document = self.shelf.by_id.get(document_id)
        if document is None or not document.published_version:
            return
        key = (document_id, document.published_version)
        version = self.shelf.versions[key]
        if not version.period.has_begun_at(self.now):
            self.shelf.versions[key] = replace(version, publish_time=None)

    def _readable(self) -> list[KnowledgeDocument]:
        """Whose lists admit the reader, at their newest versions."""
        return [
            self._with_list(document)
            for document in self.shelf.by_id.values()
            if self.reader.is_admitted_by(document.readers)
            and self.reader.is_admitted_by(self.shelf.admitting(document).category_readers)
        ]

    def _in_force(self) -> list[KnowledgeDocument]:
        """At their published versions."""
        published = [self.shelf.published(document) for document in self._readable()]
        return [
            self._with_list(one)
            for one in published
            if one is not None and one.delete_time is None and _standing(one).holds_at(self.now)
        ]

    def _shown(self) -> list[KnowledgeDocument]:
        if not self.reader.sees_all:
            return self._in_force()
        return [one for one in self._readable() if one.delete_time is None]

    def _published(self, document_id: str) -> KnowledgeDocument | None:
        document = self.shelf.by_id.get(document_id)
        is_shown = any(one.document_id == document_id for one in self._shown())
        published = self.shelf.published(document) if document and is_shown else None
        return None if published is None else self._with_list(published)

    def _versions(self, document_id: str) -> list[DocumentVersion]:
        return [
            replace(version, state=_state(document, version))
            for document in self._readable()
            for (owner, _), version in sorted(self.shelf.versions.items())
            if owner == document_id == document.document_id
            and (self.reader.sees_all or _has_been_shown(version, self.now))
        ]

    def _with_list(self, document: KnowledgeDocument) -> KnowledgeDocument:
        return replace(
            document, category_readers=self.shelf.category_readers.get(document.category, EVERYBODY)
        )


class FakeDocumentStore:
    def __init__(self, clock: Clock = utc_now) -> None:
        self._shelves: dict[TenantId, Shelf] = {}
        self._clock = clock
        self.golden_sets: GoldenSetStore = FakeGoldenSetStore()

    @asynccontextmanager
    async def reading(self, reader: Reader) -> AsyncIterator[FakeDocuments]:
        shelf = self._shelves.setdefault(reader.tenant_id, Shelf())
        yield FakeDocuments(shelf, reader, self._clock())

    @asynccontextmanager
    async def transaction(self, reader: Reader) -> AsyncIterator[FakeDocuments]:
        before = deepcopy(self._shelves.setdefault(reader.tenant_id, Shelf()))
        try:
            yield FakeDocuments(self._shelves[reader.tenant_id], reader, self._clock())
        except BaseException:
            self._shelves[reader.tenant_id] = before
            raise

    async def revisions(self) -> Revisions:
        return {
            (tenant_id, one.document_id): _revision(published)
            for tenant_id, shelf in self._shelves.items()
            for one in shelf.by_id.values()
            if one.delete_time is None and (published := shelf.published(one))
        }


def _standing(published: KnowledgeDocument) -> Standing:
    return Standing(published.archive_time is not None, published.period)


def _state(document: KnowledgeDocument, version: DocumentVersion) -> DocumentState:
    is_published = version.version == document.published_version
    if is_published and document.archive_time is None:
        return DocumentState.PUBLISHED
    return DocumentState.DRAFT if version.publish_time is None else DocumentState.ARCHIVED


def _has_been_shown(version: DocumentVersion, now: datetime) -> bool:
    begin, end = version.period.begin, version.period.end
    return (
        version.publish_time is not None
        and (begin is None or begin <= now)
        and (end is None or end > version.publish_time)
    )


def _revision(published: KnowledgeDocument) -> Revision:
    return Revision(
        published.version,
        published.chunk_count,
        published.category,
        published.readers.keys,
        _standing(published),
    )
