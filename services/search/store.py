"""All SQL of search, for SQLite and PostgreSQL."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.mesh.caller import TenantId
from services.mesh.database import Database
from services.search.domain import (
    Chunk,
    DocumentVersion,
    Embedding,
    IndexedText,
    KnowledgeDocument,
)
from services.search.ports import StoredPassage
from services.search.revisions import Revision, Revisions
from services.search.rows import CHUNK_COLUMNS, chunk_columns, chunk_from, document_from
from services.search.tables import ChunkRow, DocumentRow, EmbeddingRow, VersionRow

_Owned = type[DocumentRow] | type[VersionRow] | type[ChunkRow] | type[EmbeddingRow]


class SqlDocumentStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def reading(self, tenant_id: TenantId) -> AsyncIterator["SqlDocuments"]:
        async with self._database.tenant_reading(tenant_id) as session:
            yield SqlDocuments(session, tenant_id)

    @asynccontextmanager
    async def transaction(self, tenant_id: TenantId) -> AsyncIterator["SqlDocuments"]:
        async with self._database.tenant_transaction(tenant_id) as session:
            yield SqlDocuments(session, tenant_id)

    async def revisions(self) -> Revisions:
        statement = select(
            DocumentRow.tenant_id,
            DocumentRow.document_id,
            DocumentRow.version,
            DocumentRow.chunk_count,
        ).where(DocumentRow.delete_time.is_(None))
        async with self._database.system_transaction() as session:
            return {
                (TenantId(tenant_id), document_id): Revision(version, chunk_count)
                for tenant_id, document_id, version, chunk_count in await session.execute(statement)
            }


class SqlDocuments:
    """The documents of one tenant within one transaction."""

    def __init__(self, session: AsyncSession, tenant_id: TenantId) -> None:
        self._session = session
        self._tenant_id = tenant_id

    async def find(self, document_id: str) -> KnowledgeDocument | None:
        return await self._find(DocumentRow.document_id == document_id)

    async def find_by_source_uri(self, source_uri: str) -> KnowledgeDocument | None:
        return await self._find(DocumentRow.source_uri == source_uri)

    async def find_version(self, document_id: str, version: int) -> DocumentVersion | None:
        row = await self._session.get(VersionRow, (self._tenant_id, document_id, version))
        if row is None:
            return None
        return DocumentVersion(
            row.document_id, row.version, row.source_uri, row.title, row.content, row.create_time
        )

    async def is_known(self, document_id: str) -> bool:
        row = await self._session.get(DocumentRow, (self._tenant_id, document_id))
        return row is not None

    async def version_of(self, document_id: str) -> int | None:
        row = await self._session.get(DocumentRow, (self._tenant_id, document_id))
        return None if row is None or row.delete_time is not None else row.version

    async def list_documents(self, *, limit: int, after: str) -> list[KnowledgeDocument]:
        rows = await self._session.scalars(
            select(DocumentRow)
            .where(
                self._own(DocumentRow),
                DocumentRow.delete_time.is_(None),
                DocumentRow.source_uri > after,
            )
            .order_by(DocumentRow.source_uri)
            .limit(limit)
        )
        return [document_from(row) for row in rows]

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
            .where(self._own(ChunkRow), ChunkRow.chunk_id.in_(chunk_ids))
        )
        return {
            row.chunk_id: StoredPassage(chunk_from(row), row.title, row.source_uri, row.terms)
            for row in rows
        }

    async def indexed_text(self, document_id: str) -> IndexedText | None:
        row = await self._session.get(DocumentRow, (self._tenant_id, document_id))
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
        return IndexedText(document_id, row.version, row.title, chunks, embeddings)

    async def terms(self) -> list[tuple[str, bytes]]:
        rows = await self._session.execute(
            select(EmbeddingRow.chunk_id, EmbeddingRow.terms)
            .where(self._own(EmbeddingRow))
            .order_by(EmbeddingRow.chunk_id)
        )
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
        return document_from(row)

    async def keep(
        self,
        document: KnowledgeDocument,
        chunks: Sequence[Chunk],
        embeddings: Sequence[Embedding],
    ) -> None:
        columns = asdict(document)
        content = columns.pop("content")
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
                content=content,
                content_hash=document.content_hash,
                create_time=document.update_time,
            )
        )
        await self._remove_chunks(document.document_id)
        await self._session.execute(
            insert(ChunkRow), [{"tenant_id": self._tenant_id, **chunk_columns(c)} for c in chunks]
        )
        await self._insert_embeddings(embeddings)

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
            .where(self._own(DocumentRow), DocumentRow.delete_time.is_(None), condition)
        )
        pair = found.one_or_none()
        return None if pair is None else document_from(pair[0], pair[1])

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
