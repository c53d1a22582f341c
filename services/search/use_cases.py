"""What can be done with documents, in the name of the current caller's tenant."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.mesh.audit import acts_on
from services.mesh.caller import current_tenant
from services.mesh.clock import Clock
from services.mesh.ids import new_id
from services.mesh.paging import decode_page_token, encode_page_token, page_size
from services.search.chunks import passages_of
from services.search.domain import (
    LONGEST_CATEGORY,
    LONGEST_TITLE,
    Chunk,
    DocumentText,
    DocumentVersion,
    KnowledgeDocument,
    next_version,
    require_text,
)
from services.search.errors import DocumentEmpty, DocumentNotFound, VersionNotFound
from services.search.frequencies import TenantFrequencies
from services.search.indexing import Indexing
from services.search.markdown import blocks_of, front_matter, plain, title_of
from services.search.ports import DocumentStore
from services.search.vectors import Vectors
from services.search.words import has_word


@dataclass(frozen=True)
class Library:
    """What keeps documents and makes them searchable."""

    store: DocumentStore
    vectors: Vectors
    indexing: Indexing
    frequencies: TenantFrequencies
    clock: Clock


@dataclass(frozen=True)
class DocumentPage:
    documents: Sequence[KnowledgeDocument]
    next_page_token: str


async def put_document(library: Library, text: DocumentText) -> KnowledgeDocument:
    """Keeps a new version unless nothing has changed; it can be found when this returns."""
    tenant_id = current_tenant()
    require_text(text)
    text, chunks = await asyncio.to_thread(_read, text)
    async with library.store.reading(tenant_id) as documents:
        present = await documents.find_by_source_uri(text.source_uri)
    if present is not None and present.is_same(text.content_hash):
        return present
    embeddings = await library.vectors.of_chunks(text.title, chunks)
    with library.indexing.following():
        now = library.clock()
        async with library.store.transaction(tenant_id) as documents:
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
        await library.indexing.bring_up_to_date(tenant_id, document.document_id)
    library.frequencies.outdate(tenant_id)
    return document


async def get_document(store: DocumentStore, document_id: str) -> KnowledgeDocument:
    async with store.reading(current_tenant()) as documents:
        document = await documents.find(document_id)
    if document is None:
        raise DocumentNotFound(document_id)
    return document


async def get_document_version(
    store: DocumentStore, document_id: str, version: int
) -> DocumentVersion:
    async with store.reading(current_tenant()) as documents:
        found = await documents.find_version(document_id, version)
        if found is not None:
            return found
        if await documents.is_known(document_id):
            raise VersionNotFound(document_id, version)
    raise DocumentNotFound(document_id)


async def list_documents(store: DocumentStore, size: int, token: str) -> DocumentPage:
    tenant_id = current_tenant()
    after = decode_page_token(tenant_id, {}, token)
    limit = page_size(size)
    async with store.reading(tenant_id) as documents:
        found = await documents.list_documents(limit=limit + 1, after=after or "")
    page = found[:limit]
    if len(found) == len(page):
        return DocumentPage(page, "")
    return DocumentPage(page, encode_page_token(tenant_id, {}, page[-1].source_uri))


async def delete_document(library: Library, document_id: str) -> None:
    """Deleting once more changes nothing, so that a lost reply can be asked for again."""
    tenant_id = current_tenant()
    with library.indexing.following():
        async with library.store.transaction(tenant_id) as documents:
            if not await documents.is_known(document_id):
                raise DocumentNotFound(document_id)
            await documents.remove(document_id, library.clock())
        await library.indexing.bring_up_to_date(tenant_id, document_id)
    library.frequencies.outdate(tenant_id)


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
    named = replace(text, title=title[:LONGEST_TITLE], category=category[:LONGEST_CATEGORY])
    return named, chunks
