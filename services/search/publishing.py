"""Says whether a document is found, and at which version."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.search.domain import Chunk, Embedding, KnowledgeDocument
from services.search.errors import DocumentNotFound, VersionNotFound, VersionNotNewest
from services.search.library import Library
from services.search.publication import DocumentState
from services.search.readers import Reader, Readers, current_reader
from services.search.reading import read_version


@dataclass(frozen=True)
class _Prepared:
    """A version with all that it takes to find it; what has chunks already has none here."""

    document: KnowledgeDocument
    readers: Readers | None = None
    chunks: Sequence[Chunk] = ()
    embeddings: Sequence[Embedding] = ()


async def publish_document(
    library: Library, document_id: str, looked_at: int = 0
) -> KnowledgeDocument:
    """The newest version; its front matter's readers count from now on, as after a put."""
    reader = current_reader()
    published = None
    while published is None:
        document = await _newest(library, reader, document_id, looked_at)
        if document.state is DocumentState.PUBLISHED:
            return replace(document, content="")
        prepared = await _prepared(library, document)
        with library.indexing.following():
            published = await _publish(library, reader, prepared)
            if published is not None:
                await library.indexing.bring_up_to_date(reader.tenant_id, document_id)
    library.frequencies.outdate(reader.tenant_id)
    return published


async def archive_document(library: Library, document_id: str) -> KnowledgeDocument:
    """Archiving once more changes nothing."""
    reader = current_reader()
    with library.indexing.following():
        async with library.store.transaction(reader) as documents:
            document = await documents.lock(document_id)
            if document is None:
                raise DocumentNotFound(document_id)
            if document.state is not DocumentState.ARCHIVED:
                document = replace(document, archive_time=library.clock())
                await documents.archive(document)
        await library.indexing.bring_up_to_date(reader.tenant_id, document_id)
    library.frequencies.outdate(reader.tenant_id)
    return document


async def _newest(
    library: Library, reader: Reader, document_id: str, looked_at: int
) -> KnowledgeDocument:
    async with library.store.reading(reader) as documents:
        document = await documents.find(document_id)
    if document is None:
        raise DocumentNotFound(document_id)
    if looked_at > document.version:
        raise VersionNotFound(document_id, looked_at)
    if looked_at not in (0, document.version):
        raise VersionNotNewest(document_id, looked_at)
    return document


async def _prepared(library: Library, document: KnowledgeDocument) -> _Prepared:
    if document.version == document.published_version:
        return _Prepared(document)
    readers, chunks = await asyncio.to_thread(read_version, document)
    if document.restored_version:
        # It brings back what was said, not who could read it then.
        readers = None
    embeddings = await library.vectors.of_chunks(document.title, chunks)
    return _Prepared(document, readers, chunks, embeddings)


async def _publish(
    library: Library, reader: Reader, prepared: _Prepared
) -> KnowledgeDocument | None:
    """None when the document has changed meanwhile."""
    document = prepared.document
    async with library.store.transaction(reader) as documents:
        locked = await documents.lock(document.document_id)
        if locked is None:
            raise DocumentNotFound(document.document_id)
        has_chunks = locked.version == locked.published_version
        if locked.version != document.version or has_chunks == bool(prepared.chunks):
            return None
        published = replace(
            locked,
            published_version=locked.version,
            archive_time=None,
            chunk_count=len(prepared.chunks) or locked.chunk_count,
            readers=locked.readers if prepared.readers is None else prepared.readers,
        )
        now = library.clock()
        await documents.publish(published, prepared.chunks, prepared.embeddings, now)
    return published
