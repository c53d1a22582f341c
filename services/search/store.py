"""All SQL of search, for SQLite and PostgreSQL."""

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.mesh.caller import TenantId
from services.mesh.database import Database
from services.search.admission import (
    admits,
    category_ids,
    category_lists,
    document_lists,
    replace_category_list,
    replace_document_list,
    view_of,
)
from services.search.domain import (
    Category,
    Chunk,
    DocumentVersion,
    Embedding,
    IndexedText,
    KnowledgeDocument,
)
from services.search.ports import StoredPassage
from services.search.readers import Reader, Readers, View
from services.search.revisions import Revision, Revisions
from services.search.rows import (
    CHUNK_COLUMNS,
    chunk_columns,
    chunk_from,
    document_columns,
    document_from,
)
from services.search.tables import (
    ChunkRow,
    DocumentReaderRow,
    DocumentRow,
    EmbeddingRow,
    VersionRow,
)

_Owned = type[DocumentRow] | type[VersionRow] | type[ChunkRow] | type[EmbeddingRow]


class SqlDocumentStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def reading(self, reader: Reader) -> AsyncIterator["SqlDocuments"]:
        async with self._database.tenant_reading(reader.tenant_id) as session:
            yield SqlDocuments(session, reader)

    @asynccontextmanager
    async def transaction(self, reader: Reader) -> AsyncIterator["SqlDocuments"]:
        async with self._database.tenant_transaction(reader.tenant_id) as session:
            yield SqlDocuments(session, reader)

    async def revisions(self) -> Revisions:
        statement = select(
            DocumentRow.tenant_id,
            DocumentRow.document_id,
            DocumentRow.version,
            DocumentRow.chunk_count,
            DocumentRow.category,
        ).where(DocumentRow.delete_time.is_(None))
        listed = select(
            DocumentReaderRow.tenant_id, DocumentReaderRow.document_id, DocumentReaderRow.reader
        )
        async with self._database.system_transaction() as session:
            rows = (await session.execute(statement)).all()
            keys: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
            for tenant_id, document_id, reader in await session.execute(listed):
                keys[tenant_id, document_id].add(reader)
        return {
            (TenantId(tenant_id), document_id): Revision(
                version, chunk_count, category, frozenset(keys[tenant_id, document_id])
            )
            for tenant_id, document_id, version, chunk_count, category in rows
        }


class SqlDocuments:
    """The documents that one reader may read, within one transaction."""

    def __init__(self, session: AsyncSession, reader: Reader) -> None:
        self._session = session
        self._reader = reader
        self._tenant_id = reader.tenant_id

    async def view(self) -> View:
        return await view_of(self._session, self._reader)

    async def find(self, document_id: str) -> KnowledgeDocument | None:
        return await self._find(DocumentRow.document_id == document_id)

    async def find_by_source_uri(self, source_uri: str) -> KnowledgeDocument | None:
        return await self._find(DocumentRow.source_uri == source_uri)

    async def find_version(self, document_id: str, version: int) -> DocumentVersion | None:
        if not await self.is_known(document_id):
            return None
        row = await self._session.get(VersionRow, (self._tenant_id, document_id, version))
        if row is None:
            return None
        return DocumentVersion(
            row.document_id, row.version, row.source_uri, row.title, row.content, row.create_time
        )

    async def is_known(self, document_id: str) -> bool:
        known = select(DocumentRow.document_id).where(
            self._readable(), DocumentRow.document_id == document_id
        )
        return await self._session.scalar(known) is not None

    async def revision_of(self, document_id: str) -> Revision | None:
        row = await self._session.scalar(
            select(DocumentRow).where(self._readable(), DocumentRow.document_id == document_id)
        )
        if row is None or row.delete_time is not None:
            return None
        lists = await document_lists(self._session, self._tenant_id, [document_id])
        return Revision(row.version, row.chunk_count, row.category, lists[document_id].keys)

    async def list_documents(self, *, limit: int, after: str) -> list[KnowledgeDocument]:
        rows = await self._session.scalars(
            select(DocumentRow)
            .where(
                self._readable(),
                DocumentRow.delete_time.is_(None),
                DocumentRow.source_uri > after,
            )
            .order_by(DocumentRow.source_uri)
            .limit(limit)
        )
        return await self._with_lists([document_from(row) for row in rows])

    async def list_categories(self) -> list[Category]:
        rows = await self._session.execute(
            select(DocumentRow.category, func.count().label("documents"))
            .where(self._readable(), DocumentRow.delete_time.is_(None), DocumentRow.category != "")
            .group_by(DocumentRow.category)
        )
        counts = {row.category: row.documents for row in rows}
        lists = await category_lists(self._session, self._tenant_id)
        ids = await category_ids(self._session, self._tenant_id)
        return [
            Category(name, lists[name], counts.get(name, 0), ids.get(name, ""))
            for name in sorted({*counts, *lists})
            if self._reader.is_admitted_by(lists[name])
        ]

    async def passages(self, chunk_ids: Sequence[str]) -> dict[str, StoredPassage]:
        rows = await self._session.execute(
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
            .where(self._own(ChunkRow), self._readable(), ChunkRow.chunk_id.in_(chunk_ids))
        )
        return {
            row.chunk_id: StoredPassage(chunk_from(row), row.title, row.source_uri, row.terms)
            for row in rows
        }

    async def indexed_text(self, document_id: str) -> IndexedText | None:
        row = await self._session.scalar(
            select(DocumentRow).where(self._readable(), DocumentRow.document_id == document_id)
        )
        if row is None or row.delete_time is not None:
            return None
        rows = await self._session.execute(
            select(*CHUNK_COLUMNS, EmbeddingRow.recipe, EmbeddingRow.meaning, EmbeddingRow.terms)
            .join(
                EmbeddingRow,
                (EmbeddingRow.tenant_id == ChunkRow.tenant_id)
                & (EmbeddingRow.chunk_id == ChunkRow.chunk_id),
            )
            .where(self._own(ChunkRow), ChunkRow.document_id == document_id)
            .order_by(ChunkRow.position)
        )
        pairs = [
            (chunk_from(one), Embedding(one.chunk_id, one.recipe, one.meaning, one.terms))
            for one in rows
        ]
        chunks, embeddings = [chunk for chunk, _ in pairs], [vectors for _, vectors in pairs]
        lists = await document_lists(self._session, self._tenant_id, [document_id])
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
        statement = select(EmbeddingRow.chunk_id, EmbeddingRow.terms).where(self._own(EmbeddingRow))
        if not self._reader.sees_all:
            # What is closed is usually little, and then this is faster than joining all there is.
            closed = (
                select(ChunkRow.chunk_id)
                .join(DocumentRow, ChunkRow.document_id == DocumentRow.document_id)
                .where(self._own(ChunkRow), self._own(DocumentRow), ~admits(self._reader))
            )
            statement = statement.where(EmbeddingRow.chunk_id.not_in(closed))
        rows = await self._session.execute(statement.order_by(EmbeddingRow.chunk_id))
        return [(chunk_id, terms) for chunk_id, terms in rows]

    async def claim(
        self, source_uri: str, new_document_id: str, now: datetime
    ) -> KnowledgeDocument:
        own = {"tenant_id": self._tenant_id, "source_uri": source_uri}
        new = {
            "document_id": new_document_id,
            "title": "",
            "category": "",
            "version": 0,
            "content_hash": "",
            "chunk_count": 0,
            "create_time": now,
            "update_time": now,
        }
        is_postgresql = self._session.get_bind().dialect.name == "postgresql"
        if_absent = (
            postgresql_insert(DocumentRow).values(**own, **new).on_conflict_do_nothing()
            if is_postgresql
            else sqlite_insert(DocumentRow).values(**own, **new).on_conflict_do_nothing()
        )
        await self._session.execute(if_absent)
        row = await self._session.scalar(
            select(DocumentRow)
            .where(self._own(DocumentRow), DocumentRow.source_uri == source_uri)
            .with_for_update()
        )
        if row is None:
            raise LookupError("a document that was just claimed is gone")
        (document,) = await self._with_lists([document_from(row)])
        return document

    async def keep(
        self,
        document: KnowledgeDocument,
        chunks: Sequence[Chunk],
        embeddings: Sequence[Embedding],
    ) -> None:
        columns = document_columns(document)
        await self._session.execute(
            update(DocumentRow)
            .where(self._own(DocumentRow), DocumentRow.document_id == document.document_id)
            .values(columns)
        )
        await self._session.execute(
            insert(VersionRow).values(
                tenant_id=self._tenant_id,
                document_id=document.document_id,
                version=document.version,
                source_uri=document.source_uri,
                title=document.title,
                category=document.category,
                content=document.content,
                content_hash=document.content_hash,
                create_time=document.update_time,
            )
        )
        await self._remove_chunks(document.document_id)
        await self._session.execute(
            insert(ChunkRow), [{"tenant_id": self._tenant_id, **chunk_columns(c)} for c in chunks]
        )
        await self._insert_embeddings(embeddings)
        await replace_document_list(
            self._session, self._tenant_id, document.document_id, document.readers
        )

    async def set_readers(self, document_id: str, readers: Readers) -> KnowledgeDocument | None:
        row = await self._session.scalar(
            select(DocumentRow)
            .where(
                self._readable(),
                DocumentRow.document_id == document_id,
                DocumentRow.delete_time.is_(None),
            )
            .with_for_update()
        )
        if row is None:
            return None
        await replace_document_list(self._session, self._tenant_id, document_id, readers)
        (document,) = await self._with_lists([document_from(row)])
        return document

    async def set_category_readers(self, category: str, readers: Readers, new_id: str) -> str:
        return await replace_category_list(
            self._session, self._tenant_id, category, readers, new_id
        )

    async def keep_embeddings(self, embeddings: Sequence[Embedding]) -> None:
        wanted = [embedding.chunk_id for embedding in embeddings]
        present = set(
            await self._session.scalars(
                select(ChunkRow.chunk_id).where(self._own(ChunkRow), ChunkRow.chunk_id.in_(wanted))
            )
        )
        await self._session.execute(
            delete(EmbeddingRow).where(self._own(EmbeddingRow), EmbeddingRow.chunk_id.in_(present))
        )
        await self._insert_embeddings([one for one in embeddings if one.chunk_id in present])

    async def remove(self, document_id: str, now: datetime) -> None:
        await self._session.execute(
            update(DocumentRow)
            .where(
                self._own(DocumentRow),
                DocumentRow.document_id == document_id,
                DocumentRow.delete_time.is_(None),
            )
            .values(delete_time=now, update_time=now, chunk_count=0)
        )
        await self._remove_chunks(document_id)

    async def _find(self, condition: ColumnElement[bool]) -> KnowledgeDocument | None:
        found = await self._session.execute(
            select(DocumentRow, VersionRow.content)
            .join(
                VersionRow,
                (VersionRow.tenant_id == DocumentRow.tenant_id)
                & (VersionRow.document_id == DocumentRow.document_id)
                & (VersionRow.version == DocumentRow.version),
            )
            .where(self._readable(), DocumentRow.delete_time.is_(None), condition)
        )
        pair = found.one_or_none()
        if pair is None:
            return None
        (document,) = await self._with_lists([document_from(pair[0], pair[1])])
        return document

    async def _with_lists(self, documents: Sequence[KnowledgeDocument]) -> list[KnowledgeDocument]:
        ids = [document.document_id for document in documents]
        own = await document_lists(self._session, self._tenant_id, ids)
        of_categories = await category_lists(self._session, self._tenant_id)
        return [
            replace(
                document,
                readers=own[document.document_id],
                category_readers=of_categories[document.category],
            )
            for document in documents
        ]

    async def _remove_chunks(self, document_id: str) -> None:
        await self._session.execute(
            delete(ChunkRow).where(self._own(ChunkRow), ChunkRow.document_id == document_id)
        )

    async def _insert_embeddings(self, embeddings: Sequence[Embedding]) -> None:
        if embeddings:
            await self._session.execute(
                insert(EmbeddingRow),
                [{"tenant_id": self._tenant_id, **asdict(one)} for one in embeddings],
            )

    def _own(self, table: _Owned) -> ColumnElement[bool]:
        return table.tenant_id == self._tenant_id

    def _readable(self) -> ColumnElement[bool]:
        return and_(self._own(DocumentRow), admits(self._reader))
