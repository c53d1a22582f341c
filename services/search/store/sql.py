"""What is kept, and how it is changed."""

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from services.mesh.caller import TenantId
from services.mesh.database import Database
from services.search.domain import Chunk, Embedding, KnowledgeDocument
from services.search.readers import Reader, Readers
from services.search.revisions import Revision, Revisions
from services.search.rows import (
    chunk_columns,
    document_columns,
    document_from,
    original_columns,
)
from services.search.store.admission import replace_category_list, replace_document_list
from services.search.store.readable import ReadableDocuments
from services.search.tables import (
    ChunkRow,
    DocumentReaderRow,
    DocumentRow,
    EmbeddingRow,
    VersionRow,
)


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


class SqlDocuments(ReadableDocuments):
    """And what may be done with it. Whoever puts sees everything, so `claim` asks no list."""

    async def claim(
        self, source_uri: str, new_document_id: str, now: datetime
    ) -> KnowledgeDocument:
        own = {"tenant_id": self.tenant_id, "source_uri": source_uri}
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
        is_postgresql = self.session.get_bind().dialect.name == "postgresql"
        if_absent = (
            postgresql_insert(DocumentRow).values(**own, **new).on_conflict_do_nothing()
            if is_postgresql
            else sqlite_insert(DocumentRow).values(**own, **new).on_conflict_do_nothing()
        )
        await self.session.execute(if_absent)
        row = await self.session.scalar(
            select(DocumentRow)
            .where(self.own(DocumentRow), DocumentRow.source_uri == source_uri)
            .with_for_update()
        )
        if row is None:
            raise LookupError("a document that was just claimed is gone")
        (document,) = await self.with_lists([document_from(row)])
        return document

    async def keep(
        self,
        document: KnowledgeDocument,
        chunks: Sequence[Chunk],
        embeddings: Sequence[Embedding],
    ) -> None:
        columns = document_columns(document)
        await self.session.execute(
            update(DocumentRow)
            .where(self.own(DocumentRow), DocumentRow.document_id == document.document_id)
            .values(columns)
        )
        await self.session.execute(
            insert(VersionRow).values(
                tenant_id=self.tenant_id,
                document_id=document.document_id,
                version=document.version,
                source_uri=document.source_uri,
                title=document.title,
                category=document.category,
                content=document.content,
                content_hash=document.content_hash,
                create_time=document.update_time,
                **original_columns(document.original),
            )
        )
        await self._remove_chunks(document.document_id)
        await self.session.execute(
            insert(ChunkRow), [{"tenant_id": self.tenant_id, **chunk_columns(c)} for c in chunks]
        )
        await self._insert_embeddings(embeddings)
        await replace_document_list(
            self.session, self.tenant_id, document.document_id, document.readers
        )

    async def set_readers(self, document_id: str, readers: Readers) -> KnowledgeDocument | None:
        row = await self.session.scalar(
            select(DocumentRow)
            .where(
                self.readable(),
                DocumentRow.document_id == document_id,
                DocumentRow.delete_time.is_(None),
            )
            .with_for_update()
        )
        if row is None:
            return None
        await replace_document_list(self.session, self.tenant_id, document_id, readers)
        (document,) = await self.with_lists([document_from(row)])
        return document

    async def set_category_readers(self, category: str, readers: Readers, new_id: str) -> str:
        return await replace_category_list(self.session, self.tenant_id, category, readers, new_id)

    async def keep_embeddings(self, embeddings: Sequence[Embedding]) -> None:
        wanted = [embedding.chunk_id for embedding in embeddings]
        present = set(
            await self.session.scalars(
                select(ChunkRow.chunk_id).where(self.own(ChunkRow), ChunkRow.chunk_id.in_(wanted))
            )
        )
        await self.session.execute(
            delete(EmbeddingRow).where(self.own(EmbeddingRow), EmbeddingRow.chunk_id.in_(present))
        )
        await self._insert_embeddings([one for one in embeddings if one.chunk_id in present])

    async def remove(self, document_id: str, now: datetime) -> None:
        await self.session.execute(
            update(DocumentRow)
            .where(
                self.own(DocumentRow),
                DocumentRow.document_id == document_id,
                DocumentRow.delete_time.is_(None),
            )
            .values(delete_time=now, update_time=now, chunk_count=0)
        )
        await self._remove_chunks(document_id)

    async def _remove_chunks(self, document_id: str) -> None:
        await self.session.execute(
            delete(ChunkRow).where(self.own(ChunkRow), ChunkRow.document_id == document_id)
        )

    async def _insert_embeddings(self, embeddings: Sequence[Embedding]) -> None:
        if embeddings:
            await self.session.execute(
                insert(EmbeddingRow),
                [{"tenant_id": self.tenant_id, **asdict(one)} for one in embeddings],
            )
