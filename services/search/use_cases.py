"""What can be done with documents, in the name of the current caller's tenant."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.mesh.paging import decode_page_token, encode_page_token, page_size
from services.search.domain import DocumentText, KnowledgeDocument, require_text
from services.search.errors import DocumentNotFound
from services.search.keeping import find_present, keep_text
from services.search.library import Library
from services.search.ports import DocumentStore
from services.search.readers import current_reader
from services.search.reading import read_text
from services.search.restricting import set_document_readers


@dataclass(frozen=True)
class DocumentPage:
    documents: Sequence[KnowledgeDocument]
    next_page_token: str


async def put_document(library: Library, text: DocumentText) -> KnowledgeDocument:
    """Keeps a new version unless nothing has changed; it can be found when this returns."""
    require_text(text)
    written, chunks = await asyncio.to_thread(read_text, text)
    if not written.category:
        # Or a file that no longer names its category would leave one that is closed to many.
        present = await find_present(library, current_reader(), text.source_uri)
        written = replace(written, category=present.category if present else "")
    kept = await keep_text(library, text, written, chunks)
    if text.readers is None or text.readers == kept.readers:
        return kept
    changed = await set_document_readers(library, kept.document_id, text.readers)
    return replace(changed, content=kept.content)


async def get_document(store: DocumentStore, document_id: str) -> KnowledgeDocument:
    async with store.reading(current_reader()) as documents:
        document = await documents.find(document_id)
    if document is None:
        raise DocumentNotFound(document_id)
    return document


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
