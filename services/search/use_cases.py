"""What can be done with documents, in the name of the current caller's tenant."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.mesh.audit import acts_on
from services.mesh.ids import new_id
from services.mesh.paging import decode_page_token, encode_page_token, page_size
from services.search.domain import (
    Chunk,
    DocumentText,
    DocumentVersion,
    Embedding,
    KnowledgeDocument,
    next_version,
    require_text,
)
from services.search.errors import DocumentNotFound, VersionNotFound
from services.search.library import Library
from services.search.ports import DocumentStore
from services.search.publication import DocumentState
from services.search.publishing import archive_document, publish_document
from services.search.readers import Reader, current_reader
from services.search.reading import owned_by, read_text
from services.search.restricting import set_document_readers


@dataclass(frozen=True)
class DocumentPage:
    documents: Sequence[KnowledgeDocument]
    next_page_token: str


async def put_document(library: Library, text: DocumentText) -> KnowledgeDocument:
    """Keeps a new version unless nothing has changed; it can be found when this returns."""
    reader = current_reader()
    require_text(text)
    written, chunks = await asyncio.to_thread(read_text, text)
    present = await _present(library, reader, text.source_uri)
    if present is not None and not written.category:
        # Or a file that no longer names its category would leave one that is closed to many.
        written = replace(written, category=present.category)
    if present is None or not present.says(written):
        present = await _keep(library, text, written, chunks, present)
    # The front matter's word holds for the version that brought it: what an administrator has
    # changed since then, the same content does not change back.
    changed = await _with_state(library, present, text.state)
    if text.readers is not None and text.readers != changed.readers:
        changed = await set_document_readers(library, present.document_id, text.readers)
    return replace(changed, content=present.content)


async def _present(library: Library, reader: Reader, source_uri: str) -> KnowledgeDocument | None:
    async with library.store.reading(reader) as documents:
        return await documents.find_by_source_uri(source_uri)


async def _with_state(
    library: Library, document: KnowledgeDocument, wanted: DocumentState | None
) -> KnowledgeDocument:
    """A wish for a draft is granted by what is there: its words are found already, or are one."""
    if wanted in (None, DocumentState.DRAFT, document.state):
        return document
    acts_on("document", document.document_id)
    if wanted is DocumentState.ARCHIVED:
        return await archive_document(library, document.document_id)
    return await publish_document(library, document.document_id, document.version)


async def _keep(
    library: Library,
    text: DocumentText,
    written: DocumentText,
    chunks: Sequence[Chunk],
    present: KnowledgeDocument | None,
) -> KnowledgeDocument:
    reader = current_reader()
    kept = None
    while kept is None:
        state = present.state_after(text.state) if present else text.state
        if state in (None, DocumentState.PUBLISHED):
            embeddings = await library.vectors.of_chunks(written.title, chunks)
            kept = await _try_to_keep(library, reader, written, chunks, embeddings)
        else:
            # What nobody is to find lets nobody in either, unless the caller says so.
            unread = replace(written, readers=text.readers)
            kept = await _try_to_keep(library, reader, unread, chunks, [])
        if kept is None:
            present = await _present(library, reader, text.source_uri)
    return kept


async def _try_to_keep(
    library: Library,
    reader: Reader,
    text: DocumentText,
    chunks: Sequence[Chunk],
    embeddings: Sequence[Embedding],
) -> KnowledgeDocument | None:
    """None when the document's state has changed meanwhile, so that there is more to prepare."""
    with library.indexing.following():
        now = library.clock()
        async with library.store.transaction(reader) as documents:
            claimed = await documents.claim(text.source_uri, new_id(), now)
            if claimed.says(text):
                return replace(claimed, content=text.content)
            document = next_version(claimed, text, len(chunks), now)
            if (document.state is DocumentState.PUBLISHED) != bool(embeddings):
                return None
            await documents.keep(document, owned_by(document, chunks), embeddings)
            acts_on("document", document.document_id)
        await library.indexing.bring_up_to_date(reader.tenant_id, document.document_id)
    library.frequencies.outdate(reader.tenant_id)
    return document


async def get_document(store: DocumentStore, document_id: str) -> KnowledgeDocument:
    async with store.reading(current_reader()) as documents:
        document = await documents.find(document_id)
    if document is None:
        raise DocumentNotFound(document_id)
    return document


async def get_document_version(
    store: DocumentStore, document_id: str, version: int
) -> DocumentVersion:
    async with store.reading(current_reader()) as documents:
        found = await documents.find_version(document_id, version)
        if found is not None:
            return found
        if await documents.is_known(document_id):
            raise VersionNotFound(document_id, version)
    raise DocumentNotFound(document_id)


async def list_documents(store: DocumentStore, size: int, token: str) -> DocumentPage:
    reader = current_reader()
    after = decode_page_token(reader.tenant_id, {}, token)
    limit = page_size(size)
    async with store.reading(reader) as documents:
        found = await documents.list_documents(limit=limit + 1, after=after or "")
    page = found[:limit]
    if len(found) == len(page):
        return DocumentPage(page, "")
    return DocumentPage(page, encode_page_token(reader.tenant_id, {}, page[-1].source_uri))


async def delete_document(library: Library, document_id: str) -> None:
    """Deleting once more changes nothing, so that a lost reply can be asked for again."""
    reader = current_reader()
    with library.indexing.following():
        async with library.store.transaction(reader) as documents:
            if not await documents.is_known(document_id):
                raise DocumentNotFound(document_id)
            await documents.remove(document_id, library.clock())
        await library.indexing.bring_up_to_date(reader.tenant_id, document_id)
    library.frequencies.outdate(reader.tenant_id)
