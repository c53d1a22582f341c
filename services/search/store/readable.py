"""What one reader may read: every statement asks the lists, whatever the index has said."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.search.domain import (
    Category,
    DocumentVersion,
    Embedding,
    IndexedText,
    KnowledgeDocument,
)
from services.search.ports import StoredPassage
from services.search.readers import Reader, View
from services.search.revisions import Revision
from services.search.rows import CHUNK_COLUMNS, chunk_from, document_from, original_from
from services.search.store.admission import (
    admits,
    category_ids,
    category_lists,
    document_lists,
    view_of,
)
from services.search.tables import ChunkRow, DocumentRow, EmbeddingRow, VersionRow

_Owned = type[DocumentRow] | type[VersionRow] | type[ChunkRow] | type[EmbeddingRow]


class ReadableDocuments:
    def __init__(self, session: AsyncSession, reader: Reader) -> None:
        self.session = session
        self._reader = reader
        self.tenant_id = reader.tenant_id

    async def view(self) -> View:
        return await view_of(self.session, self._reader)

    async def find(self, document_id: str) -> KnowledgeDocument | None:
        return await self._find(DocumentRow.document_id == document_id)

    async def find_by_source_uri(self, source_uri: str) -> KnowledgeDocument | None:
        return await self._find(DocumentRow.source_uri == source_uri)

    async def find_version(self, document_id: str, version: int) -> DocumentVersion | None:
        if not await self.is_known(document_id):
            return None
        row = await self.session.get(VersionRow, (self.tenant_id, document_id, version))
        if row is None:
            return None
        return DocumentVersion(
            row.document_id,
            row.version,
            row.source_uri,
            row.title,
            row.content,
            row.create_time,
            original_from(row),
        )

    async def is_known(self, document_id: str) -> bool:
        known = select(DocumentRow.document_id).where(
            self.readable(), DocumentRow.document_id == document_id
        )
        return await self.session.scalar(known) is not None

    async def revision_of(self, document_id: str) -> Revision | None:
        row = await self.session.scalar(
            select(DocumentRow).where(self.readable(), DocumentRow.document_id == document_id)
        )
        if row is None or row.delete_time is not None:
            return None
        lists = await document_lists(self.session, self.tenant_id, [document_id])
        return Revision(row.version, row.chunk_count, row.category, lists[document_id].keys)

    async def list_documents(self, *, limit: int, after: str) -> list[KnowledgeDocument]:
        rows = await self.session.scalars(
            select(DocumentRow)
            .where(
                self.readable(),
                DocumentRow.delete_time.is_(None),
                DocumentRow.source_uri > after,
            )
            .order_by(DocumentRow.source_uri)
            .limit(limit)
        )
        return await self.with_lists([document_from(row) for row in rows])

    async def list_categories(self) -> list[Category]:
        rows = await self.session.execute(
            select(DocumentRow.category, func.count().label("documents"))
            .where(self.readable(), DocumentRow.delete_time.is_(None), DocumentRow.category != "")
            .group_by(DocumentRow.category)
        )
        counts = {row.category: row.documents for row in rows}
        lists = await category_lists(self.session, self.tenant_id)
        ids = await category_ids(self.session, self.tenant_id)
        return [
            Category(name, lists[name], counts.get(name, 0), ids.get(name, ""))
            for name in sorted({*counts, *lists})
            if self._reader.is_admitted_by(lists[name])
        ]

    async def passages(self, chunk_ids: Sequence[str]) -> dict[str, StoredPassage]:
        rows = await self.session.execute(
            select(*CHUNK_COLUMNS, DocumentRow.title, DocumentRow.source_uri, EmbeddingRow.terms)
            .join(
                DocumentRow,
                (DocumentRow.tenant_id == ChunkRow.tenant_id)
                & (DocumentRow.document_id == ChunkRow.document_id),
            )
            .join(
                EmbeddingRow,
                (EmbeddingRow.tenant_id == ChunkRow.tenant_id)
                & (EmbeddingRow.chunk_id == ChunkRow.chunk_id),
            )
            .where(self.own(ChunkRow), self.readable(), ChunkRow.chunk_id.in_(chunk_ids))
        )
        return {
            row.chunk_id: StoredPassage(chunk_from(row), row.title, row.source_uri, row.terms)
            for row in rows
        }

    async def indexed_text(self, document_id: str) -> IndexedText | None:
        row = await self.session.scalar(
            select(DocumentRow).where(self.readable(), DocumentRow.document_id == document_id)
        )
        if row is None or row.delete_time is not None:
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
            row.version,
            row.title,
            chunks,
            embeddings,
            row.category,
            lists[document_id],
        )

    async def terms(self) -> list[tuple[str, bytes]]:
        statement = select(EmbeddingRow.chunk_id, EmbeddingRow.terms).where(self.own(EmbeddingRow))
        if not self._reader.sees_all:
            # What is closed is usually little, and then this is faster than joining all there is.
            closed = (
                select(ChunkRow.chunk_id)
                .join(DocumentRow, ChunkRow.document_id == DocumentRow.document_id)
                .where(self.own(ChunkRow), self.own(DocumentRow), ~admits(self._reader))
            )
            statement = statement.where(EmbeddingRow.chunk_id.not_in(closed))
        rows = await self.session.execute(statement.order_by(EmbeddingRow.chunk_id))
        return [(chunk_id, terms) for chunk_id, terms in rows]

    async def _find(self, condition: ColumnElement[bool]) -> KnowledgeDocument | None:
        found = await self.session.execute(
            select(DocumentRow, VersionRow.content)
            .join(
                VersionRow,
                (VersionRow.tenant_id == DocumentRow.tenant_id)
                & (VersionRow.document_id == DocumentRow.document_id)
                & (VersionRow.version == DocumentRow.version),
            )
            .where(self.readable(), DocumentRow.delete_time.is_(None), condition)
        )
        pair = found.one_or_none()
        if pair is None:
            return None
        (document,) = await self.with_lists([document_from(pair[0], pair[1])])
        return document

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
        return and_(self.own(DocumentRow), admits(self._reader))
