"""What is kept, and how it is changed."""

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from services.mesh.caller import TenantId
from services.mesh.clock import Clock, utc_now
from services.mesh.database import Database
from services.search.domain import Chunk, Embedding, KnowledgeDocument
from services.search.golden_sets import GoldenSetStore
from services.search.publication import DocumentState
from services.search.readers import Reader, Readers
from services.search.revisions import Revision, Revisions
from services.search.rows import (
    VERSION_COLUMNS,
    chunk_columns,
    document_from,
    newest_columns,
    served_columns,
    standing_of,
    unwritten_from,
    version_columns,
)
from services.search.store.admission import replace_category_list, replace_document_list
from services.search.store.golden_sets import SqlGoldenSetStore
from services.search.store.readable import ReadableDocuments
from services.search.store.standing import withdraw_if_not_begun
from services.search.tables import (
    ChunkRow,
    DocumentReaderRow,
    DocumentRow,
    EmbeddingRow,
    VersionRow,
)


class SqlDocumentStore:
    """Tells by the clock what is in force."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock
        self.golden_sets: GoldenSetStore = SqlGoldenSetStore(database)

    @asynccontextmanager
    async def reading(self, reader: Reader) -> AsyncIterator["SqlDocuments"]:
        async with self._database.tenant_reading(reader.tenant_id) as session:
            yield SqlDocuments(session, reader, self._clock())

    @asynccontextmanager
    async def transaction(self, reader: Reader) -> AsyncIterator["SqlDocuments"]:
        async with self._database.tenant_transaction(reader.tenant_id) as session:
            yield SqlDocuments(session, reader, self._clock())

    async def revisions(self) -> Revisions:
        published = select(DocumentRow).where(
            DocumentRow.delete_time.is_(None), DocumentRow.published_version > 0
        )
        listed = select(
            DocumentReaderRow.tenant_id, DocumentReaderRow.document_id, DocumentReaderRow.reader
        )
        async with self._database.system_transaction() as session:
            rows = (await session.scalars(published)).all()
            keys: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
            for tenant_id, document_id, reader in await session.execute(listed):
                keys[tenant_id, document_id].add(reader)
        return {
            (TenantId(row.tenant_id), row.document_id): Revision(
                row.published_version,
                row.chunk_count,
                row.category,
                frozenset(keys[row.tenant_id, row.document_id]),
                standing_of(row),
            )
            for row in rows
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
        return await self._at_newest(row)

    async def lock(self, document_id: str) -> KnowledgeDocument | None:
        row = await self.session.scalar(
            select(DocumentRow)
            .where(self.shown(), DocumentRow.document_id == document_id)
            .with_for_update()
        )
        return None if row is None else await self._at_newest(row)

    async def keep(
        self,
        document: KnowledgeDocument,
        chunks: Sequence[Chunk],
        embeddings: Sequence[Embedding],
    ) -> None:
        await self.session.execute(
            insert(VersionRow).values(tenant_id=self.tenant_id, **version_columns(document))
        )
        if document.state is DocumentState.PUBLISHED:
            await self._serve(document)
            await self._replace_chunks(document.document_id, chunks, embeddings)
        elif document.state is DocumentState.ARCHIVED:
            await self.archive(document)
        else:
            await self._update(document.document_id, newest_columns(document))
        await replace_document_list(
            self.session, self.tenant_id, document.document_id, document.readers
        )

    async def publish(
        self,
        document: KnowledgeDocument,
        chunks: Sequence[Chunk],
        embeddings: Sequence[Embedding],
        now: datetime,
    ) -> None:
        await self._serve(document)
        await self.session.execute(
            update(VersionRow)
            .where(
                self.own(VersionRow),
                VersionRow.document_id == document.document_id,
                VersionRow.version == document.version,
                VersionRow.publish_time.is_(None),
            )
            .values(publish_time=now)
        )
        if chunks:
            await self._replace_chunks(document.document_id, chunks, embeddings)
        await replace_document_list(
            self.session, self.tenant_id, document.document_id, document.readers
        )

    async def archive(self, document: KnowledgeDocument) -> None:
        await withdraw_if_not_begun(self.session, self.tenant_id, document.document_id, self.now)
        await self._update(document.document_id, newest_columns(document))

    async def set_readers(self, document_id: str, readers: Readers) -> KnowledgeDocument | None:
        locked = await self.lock(document_id)
        if locked is None:
            return None
        await replace_document_list(self.session, self.tenant_id, document_id, readers)
        document = await self.find(document_id)
        return None if document is None else replace(document, content="")

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
        await withdraw_if_not_begun(self.session, self.tenant_id, document_id, self.now)
        await self.session.execute(
            update(DocumentRow)
            .where(
                self.own(DocumentRow),
                DocumentRow.document_id == document_id,
                DocumentRow.delete_time.is_(None),
            )
            .values(
                delete_time=now,
                update_time=now,
                chunk_count=0,
                published_version=0,
                archive_time=None,
                effective_from=None,
                effective_until=None,
            )
        )
        await self._remove_chunks(document_id)

    async def _at_newest(self, row: DocumentRow) -> KnowledgeDocument:
        found = await self.session.execute(
            select(*VERSION_COLUMNS).where(
                self.own(VersionRow),
                VersionRow.document_id == row.document_id,
                VersionRow.version == row.version,
            )
        )
        newest = found.one_or_none()
        document = unwritten_from(row) if newest is None else document_from(row, newest)
        (document,) = await self.with_lists([document])
        return document

    async def _serve(self, document: KnowledgeDocument) -> None:
        await withdraw_if_not_begun(self.session, self.tenant_id, document.document_id, self.now)
        await self._update(document.document_id, served_columns(document))

    async def _update(self, document_id: str, columns: Mapping[str, object]) -> None:
        await self.session.execute(
            update(DocumentRow)
            .where(self.own(DocumentRow), DocumentRow.document_id == document_id)
            .values(columns)
        )

    async def _replace_chunks(
        self, document_id: str, chunks: Sequence[Chunk], embeddings: Sequence[Embedding]
    ) -> None:
        await self._remove_chunks(document_id)
        await self.session.execute(
            insert(ChunkRow), [{"tenant_id": self.tenant_id, **chunk_columns(c)} for c in chunks]
        )
        await self._insert_embeddings(embeddings)

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
