"""Keeps what was read as a document's next version, unless that would differ in nothing."""

from collections.abc import Sequence
from dataclasses import replace

from services.mesh.audit import acts_on
from services.mesh.ids import new_id
from services.search.domain import (
    Chunk,
    DocumentText,
    Embedding,
    KnowledgeDocument,
    next_version,
)
from services.search.library import Library
from services.search.publication import DocumentState
from services.search.publishing import archive_document, publish_document
from services.search.readers import Reader, current_reader
from services.search.reading import owned_by


async def keep_text(
    library: Library, said: DocumentText, written: DocumentText, chunks: Sequence[Chunk]
) -> KnowledgeDocument:
    """`said` is the caller's own word; `written` has the front matter's besides.

    The front matter's word holds for the version that brought it: what an administrator has
    changed since then, the same content does not change back.
    """
    reader = current_reader()
    present = await find_present(library, reader, written.source_uri)
    asked = replace(written, period=said.period)
    kept = present if present is not None and present.says(asked) else None
    while kept is None:
        state = present.state_after(written.state) if present else written.state
        if state in (None, DocumentState.PUBLISHED):
            embeddings = await library.vectors.of_chunks(written.title, chunks)
            kept = await _try_to_keep(library, asked, written, chunks, embeddings)
        else:
            # What nobody is to find lets nobody in either, unless the caller says so.
            unread = replace(written, readers=said.readers)
            kept = await _try_to_keep(library, asked, unread, chunks, [])
        if kept is None:
            present = await find_present(library, reader, written.source_uri)
    return await _with_state(library, kept, said.state)


async def find_present(
    library: Library, reader: Reader, source_uri: str
) -> KnowledgeDocument | None:
    async with library.store.reading(reader) as documents:
        return await documents.find_by_source_uri(source_uri)


async def _try_to_keep(
    library: Library,
    asked: DocumentText,
    text: DocumentText,
    chunks: Sequence[Chunk],
    embeddings: Sequence[Embedding],
) -> KnowledgeDocument | None:
    """None when the document's state has changed meanwhile, so that there is more to prepare."""
    reader = current_reader()
    with library.indexing.following():
        now = library.clock()
        async with library.store.transaction(reader) as documents:
            claimed = await documents.claim(text.source_uri, new_id(), now)
            if claimed.says(asked):
                return replace(claimed, content=text.content)
            document = next_version(claimed, text, len(chunks), now)
            if (document.state is DocumentState.PUBLISHED) != bool(embeddings):
                return None
            await documents.keep(document, owned_by(document, chunks), embeddings)
            acts_on("document", document.document_id)
        await library.indexing.bring_up_to_date(reader.tenant_id, document.document_id)
    library.frequencies.outdate(reader.tenant_id)
    return document


async def _with_state(
    library: Library, document: KnowledgeDocument, wanted: DocumentState | None
) -> KnowledgeDocument:
    """A wish for a draft is granted by what is there: its words are found already, or are one."""
    if wanted in (None, DocumentState.DRAFT, document.state):
        return document
    acts_on("document", document.document_id)
    if wanted is DocumentState.ARCHIVED:
        changed = await archive_document(library, document.document_id)
    else:
        changed = await publish_document(library, document.document_id, document.version)
    return replace(changed, content=document.content)
