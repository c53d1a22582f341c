"""What one reader may read: every statement asks the lists, whatever the index has said."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Executable, Row, and_, exists, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from services.search.domain import (
    Category,
    DocumentVersion,
    Embedding,
    IndexedText,
    KnowledgeDocument,
)
from services.search.ports import StoredPassage, StoredTerms
from services.search.readers import Reader, View
from services.search.revisions import Revision
from services.search.rows import (
    CHUNK_COLUMNS,
    VERSION_COLUMNS,
    chunk_from,
    document_from,
    standing_of,
    version_from,
)
from services.search.store import prepared
from services.search.store.admission import (
    admits,
    category_ids,
    category_lists,
    document_lists,
    view_from,
)
from services.search.store.standing import has_been_shown, in_force
from services.search.tables import ChunkRow, DocumentRow, EmbeddingRow, VersionRow

_Owned = type[DocumentRow] | type[VersionRow] | type[ChunkRow] | type[EmbeddingRow]


class ReadableDocuments:
    def __init__(self, session: AsyncSession, reader: Reader, now: datetime) -> None:
        self.session = session
        self._reader = reader
        self.tenant_id = reader.tenant_id
        self.now = now

    async def view(self) -> View:
        keys = {f"key_{n}": key for n, key in enumerate(sorted(self._reader.keys))}
        rows = await self._prepared(prepared.view(len(keys)), **keys)
        return view_from(self._reader, rows)

    async def find(self, document_id: str) -> KnowledgeDocument | None:
        return await self._find(DocumentRow.document_id == document_id)

    async def find_by_source_uri(self, source_uri: str) -> KnowledgeDocument | None:
        return await self._find(DocumentRow.source_uri == source_uri)

    async def find_version(self, document_id: str, version: int) -> DocumentVersion | None:
        found = await self.session.execute(
            select(DocumentRow, VersionRow.content, *VERSION_COLUMNS)
            .join(VersionRow, _same_document())
            .where(
                self.readable(),
                self._may_be_opened(),
                DocumentRow.document_id == document_id,
                VersionRow.version == version,
            )
        )
        row = found.one_or_none()
        return None if row is None else version_from(row[0], row, row.content)

    async def list_versions(
        self, document_id: str, *, limit: int, before: int
    ) -> list[DocumentVersion]:
        rows = await self.session.execute(
            select(DocumentRow, *VERSION_COLUMNS)
            .join(VersionRow, _same_document())
            .where(
                self.readable(),
                self._may_be_opened(),
                DocumentRow.document_id == document_id,
                VersionRow.version < before,
            )
            .order_by(VersionRow.version.desc())
            .limit(limit)
        )
        return [version_from(row[0], row) for row in rows]

    async def is_known(self, document_id: str) -> bool:
        opened = exists().where(self.own(VersionRow), _same_document(), self._may_be_opened())
        known = select(DocumentRow.document_id).where(
            self.readable(),
            DocumentRow.document_id == document_id,
            true() if self._reader.sees_all else opened,
        )
        return await self.session.scalar(known) is not None

    async def revision_of(self, document_id: str) -> Revision | None:
        row = await self._published(document_id)
        if row is None:
            return None
        lists = await document_lists(self.session, self.tenant_id, [document_id])
        return Revision(
            row.published_version,
            row.chunk_count,
            row.category,
            lists[document_id].keys,
            standing_of(row),
        )

    async def list_documents(self, *, limit: int, after: str) -> list[KnowledgeDocument]:
        rows = await self.session.execute(
            select(DocumentRow, *VERSION_COLUMNS)
            .join(VersionRow, self._shown_version())
            .where(self.shown(), DocumentRow.source_uri > after)
            .order_by(DocumentRow.source_uri)
            .limit(limit)
        )
        return await self.with_lists([document_from(row[0], row) for row in rows])

    async def list_categories(self) -> list[Category]:
        rows = await self.session.execute(
            select(VersionRow.category, func.count().label("documents"))
            .join(DocumentRow, self._shown_version())
            .where(self.shown(), VersionRow.category != "")
            .group_by(VersionRow.category)
        )
        counts = {row.category: row.documents for row in rows}
        lists = await category_lists(self.session, self.tenant_id)
        ids = await category_ids(self.session, self.tenant_id)
        return [
            Category(name, lists[name], counts.get(name, 0), ids.get(name, ""))
            for name in sorted({*counts, *lists})
            if self._reader.is_admitted_by(lists[name])
        ]

    async def terms_of(self, chunk_ids: Sequence[str]) -> list[StoredTerms]:
        rows = await self._of_chunks(prepared.terms, chunk_ids)
        return [StoredTerms(*row) for row in rows]

    async def passages(self, chunk_ids: Sequence[str]) -> dict[str, StoredPassage]:
        rows = await self._of_chunks(prepared.passages, chunk_ids)
        return {
            row.chunk_id: StoredPassage(chunk_from(row), row.title, row.source_uri) for row in rows
        }

    async def indexed_text(self, document_id: str) -> IndexedText | None:
        row = await self._published(document_id)
        if row is None:
            return None
        rows = await self.session.execute(
            select(*CHUNK_COLUMNS, EmbeddingRow.recipe, EmbeddingRow.meaning, EmbeddingRow.terms)
            .join(
                EmbeddingRow,
                (EmbeddingRow.tenant_id == ChunkRow.tenant_id)
                & (EmbeddingRow.chunk_id == ChunkRow.chunk_id),
            )
            .where(self.own(ChunkRow), ChunkRow.document_id == document_id)
            .order_by(ChunkRow.position)
        )
        pairs = [
            (chunk_from(one), Embedding(one.chunk_id, one.recipe, one.meaning, one.terms))
            for one in rows
        ]
        chunks, embeddings = [chunk for chunk, _ in pairs], [vectors for _, vectors in pairs]
        lists = await document_lists(self.session, self.tenant_id, [document_id])
        return IndexedText(
            document_id,
            row.published_version,
            row.title,
            chunks,
            embeddings,
            row.category,
            lists[document_id],
            standing_of(row),
        )

    async def published_ids(self) -> list[str]:
        rows = await self.session.scalars(
            select(DocumentRow.document_id).where(
                self.readable(),
                DocumentRow.delete_time.is_(None),
                DocumentRow.published_version > 0,
            )
        )
        return [*rows]

    async def terms(self) -> list[tuple[str, bytes]]:
        # What is closed is usually little, and then this is faster than joining all there is.
        closed = (
            select(ChunkRow.chunk_id)
            .join(DocumentRow, ChunkRow.document_id == DocumentRow.document_id)
            .where(
                self.own(ChunkRow),
                self.own(DocumentRow),
                ~and_(admits(self._reader), in_force(self.now)),
            )
        )
        rows = await self.session.execute(
            select(EmbeddingRow.chunk_id, EmbeddingRow.terms)
            .where(self.own(EmbeddingRow), EmbeddingRow.chunk_id.not_in(closed))
            .order_by(EmbeddingRow.chunk_id)
        )
        return [(chunk_id, terms) for chunk_id, terms in rows]

    async def _of_chunks(
        self, prepare: Callable[..., Executable], chunk_ids: Sequence[str]
    ) -> Sequence[Row[*tuple[Any, ...]]]:
        is_postgresql = self.session.get_bind().dialect.name == "postgresql"
        statement = prepare(sees_all=self._reader.sees_all, is_postgresql=is_postgresql)
        keys = {} if self._reader.sees_all else {"keys": sorted(self._reader.keys)}
        return await self._prepared(statement, chunk_ids=[*chunk_ids], **keys)

    async def _prepared(
        self, statement: Executable, **values: object
    ) -> Sequence[Row[*tuple[Any, ...]]]:
        # Straight on the connection: no row of these becomes an object that the session knows.
        connection = await self.session.connection()
        named = {"tenant_id": self.tenant_id, "now": self.now, **values}
        return (await connection.execute(statement, named)).all()

    async def with_lists(self, documents: Sequence[KnowledgeDocument]) -> list[KnowledgeDocument]:
        ids = [document.document_id for document in documents]
        own = await document_lists(self.session, self.tenant_id, ids)
        of_categories = await category_lists(self.session, self.tenant_id)
        return [
            replace(
                document,
                readers=own[document.document_id],
                category_readers=of_categories[document.category],
            )
            for document in documents
        ]

    def own(self, table: _Owned) -> ColumnElement[bool]:
        return table.tenant_id == self.tenant_id

    def readable(self) -> ColumnElement[bool]:
        """Whether the lists admit the reader, also to what was found once."""
        return and_(self.own(DocumentRow), admits(self._reader))

    def shown(self) -> ColumnElement[bool]:
        """Whether the document is there for the reader now."""
        is_there = DocumentRow.delete_time.is_(None)
        return and_(self.readable(), is_there if self._reader.sees_all else in_force(self.now))

    async def _published(self, document_id: str) -> DocumentRow | None:
        return await self.session.scalar(
            select(DocumentRow).where(
                self.shown(),
                DocumentRow.document_id == document_id,
                DocumentRow.published_version > 0,
            )
        )

    async def _find(self, condition: ColumnElement[bool]) -> KnowledgeDocument | None:
        found = await self.session.execute(
            select(DocumentRow, VersionRow.content, *VERSION_COLUMNS)
            .join(VersionRow, self._shown_version())
            .where(self.shown(), condition)
        )
        row = found.one_or_none()
        if row is None:
            return None
        (document,) = await self.with_lists([document_from(row[0], row, row.content)])
        return document

    def _shown_version(self) -> ColumnElement[bool]:
        """Newer drafts are for those only who write them."""
        sees_all = self._reader.sees_all
        shown = DocumentRow.version if sees_all else DocumentRow.published_version
        return and_(_same_document(), VersionRow.version == shown)

    def _may_be_opened(self) -> ColumnElement[bool]:
        return true() if self._reader.sees_all else has_been_shown(self.now)


def _same_document() -> ColumnElement[bool]:
    return and_(
        VersionRow.tenant_id == DocumentRow.tenant_id,
        VersionRow.document_id == DocumentRow.document_id,
    )
