"""What can be done with documents, in the name of the current caller's tenant."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.mesh.audit import acts_on
from services.mesh.ids import new_id
from services.mesh.paging import decode_page_token, encode_page_token, page_size
from services.search.chunks import passages_of
from services.search.domain import (
    LONGEST_CATEGORY,
    LONGEST_TITLE,
    Chunk,
    DocumentText,
    DocumentVersion,
    Embedding,
    KnowledgeDocument,
    next_version,
    require_text,
)
from services.search.errors import (
    DocumentEmpty,
    DocumentNotFound,
    ReadersUnclear,
    VersionNotFound,
)
from services.search.library import Library
from services.search.markdown import FrontMatter, blocks_of, front_matter, plain, title_of
from services.search.ports import DocumentStore
from services.search.readers import Reader, Readers, current_reader, readers_from_words
from services.search.restricting import set_document_readers
from services.search.words import has_word


@dataclass(frozen=True)
class DocumentPage:
    documents: Sequence[KnowledgeDocument]
    next_page_token: str


async def put_document(library: Library, text: DocumentText) -> KnowledgeDocument:
    """Keeps a new version unless nothing has changed; it can be found when this returns."""
    reader = current_reader()
    require_text(text)
    written, chunks = await asyncio.to_thread(_read, text)
    async with library.store.reading(reader) as documents:
        present = await documents.find_by_source_uri(written.source_uri)
    if present is not None and not written.category:
        # Or a file that no longer names its category would leave one that is closed to many.
        written = replace(written, category=present.category)
    if present is None or not present.is_same(written.content_hash):
        embeddings = await library.vectors.of_chunks(written.title, chunks)
        present = await _keep(library, reader, written, chunks, embeddings)
    # The front matter's word holds for the version that brought it: what an administrator has
    # changed since then, the same content does not change back.
    if text.readers is None or text.readers == present.readers:
        return present
    changed = await set_document_readers(library, present.document_id, text.readers)
    return replace(changed, content=present.content)


async def _keep(
    library: Library,
    reader: Reader,
    text: DocumentText,
    chunks: Sequence[Chunk],
    embeddings: Sequence[Embedding],
) -> KnowledgeDocument:
    with library.indexing.following():
        now = library.clock()
        async with library.store.transaction(reader) as documents:
            claimed = await documents.claim(text.source_uri, new_id(), now)
            if claimed.is_same(text.content_hash):
                return replace(claimed, content=text.content)
            document = next_version(claimed, text, len(chunks), now)
            own_chunks = [
                replace(one, document_id=document.document_id, version=document.version)
                for one in chunks
            ]
            await documents.keep(document, own_chunks, embeddings)
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


def _read(text: DocumentText) -> tuple[DocumentText, list[Chunk]]:
    matter = front_matter(text.content)
    blocks = blocks_of(text.content, matter.end)
    title = text.title.strip() or title_of(matter, blocks, text.source_uri)
    category = text.category.strip() or " ".join(matter.category.split())
    passages = passages_of(text.content, blocks)
    chunks = [
        Chunk(
            chunk_id=new_id(),
            document_id="",
            version=0,
            position=position,
            headings=passage.headings,
            lead=passage.lead,
            text=text.content[passage.start : passage.end],
            start=passage.start,
            end=passage.end,
        )
        for position, passage in enumerate(passages)
    ]
    if not any(has_word(plain(chunk.text)) for chunk in chunks):
        raise DocumentEmpty(text.source_uri)
    written = replace(
        text,
        title=title[:LONGEST_TITLE],
        category=category[:LONGEST_CATEGORY],
        readers=text.readers if text.readers is not None else _readers_of(matter, text.source_uri),
    )
    return written, chunks


def _readers_of(matter: FrontMatter, source_uri: str) -> Readers | None:
    if matter.readers is None:
        return None
    readers = readers_from_words(matter.readers)
    if readers is None:
        raise ReadersUnclear(source_uri)
    return readers
