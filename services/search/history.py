"""What a document said before: its versions, what changed between them, and one brought back."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.mesh.errors import PageTokenInvalid
from services.mesh.paging import decode_page_token, encode_page_token, page_size
from services.search.differences import Difference, difference_of
from services.search.domain import DocumentText, DocumentVersion, KnowledgeDocument
from services.search.errors import DocumentNotFound, VersionNotFound
from services.search.keeping import keep_text
from services.search.library import Library
from services.search.ports import Documents, DocumentStore
from services.search.publication import DocumentState
from services.search.readers import current_reader
from services.search.reading import passages_as_chunks

_NEWEST_FIRST = 2**31 - 1


@dataclass(frozen=True)
class VersionPage:
    versions: Sequence[DocumentVersion]
    next_page_token: str


@dataclass(frozen=True)
class Comparison:
    """Two versions without their content, and where their contents differ."""

    old: DocumentVersion
    new: DocumentVersion
    difference: Difference


async def get_document_version(
    store: DocumentStore, document_id: str, version: int
) -> DocumentVersion:
    async with store.reading(current_reader()) as documents:
        return await _version(documents, document_id, version)


async def list_document_versions(
    store: DocumentStore, document_id: str, size: int, token: str
) -> VersionPage:
    reader = current_reader()
    listed = {"of": "versions", "document_id": document_id}
    before = _before(decode_page_token(reader.tenant_id, listed, token))
    limit = page_size(size)
    async with store.reading(reader) as documents:
        if not await documents.is_known(document_id):
            raise DocumentNotFound(document_id)
        found = await documents.list_versions(document_id, limit=limit + 1, before=before)
    page = found[:limit]
    if len(found) == len(page):
        return VersionPage(page, "")
    last = str(page[-1].version)
    return VersionPage(page, encode_page_token(reader.tenant_id, listed, last))


async def diff_document_versions(
    store: DocumentStore, document_id: str, old: int, new: int
) -> Comparison:
    async with store.reading(current_reader()) as documents:
        before = await _version(documents, document_id, old)
        after = await _version(documents, document_id, new)
    difference = await asyncio.to_thread(difference_of, before.content, after.content)
    return Comparison(replace(before, content=""), replace(after, content=""), difference)


async def roll_back_document(library: Library, document_id: str, version: int) -> KnowledgeDocument:
    """The old words as a new version. Who may read is not rolled back, nor a category with it."""
    async with library.store.reading(current_reader()) as documents:
        document = await documents.find(document_id)
        if document is None:
            raise DocumentNotFound(document_id)
        old = await _version(documents, document_id, version)
    is_found = document.published_version > 0 and document.archive_time is None
    text = DocumentText(
        document.source_uri,
        old.title,
        document.category,
        old.content,
        original=old.original,
        state=DocumentState.PUBLISHED if is_found else None,
        period=old.period,
        restored_version=version,
    )
    chunks = await asyncio.to_thread(passages_as_chunks, text.content, text.source_uri)
    kept = await keep_text(library, text, text, chunks)
    return replace(kept, content="")


def _before(position: str | None) -> int:
    if position is None:
        return _NEWEST_FIRST
    # A place in a list is not sealed, and a number from elsewhere may be none.
    if not position.isdecimal() or int(position[:11]) > _NEWEST_FIRST:
        raise PageTokenInvalid("The page_token was not given out by this list.")
    return int(position)


async def _version(documents: Documents, document_id: str, version: int) -> DocumentVersion:
    found = await documents.find_version(document_id, version)
    if found is None:
        known = await documents.is_known(document_id)
        raise VersionNotFound(document_id, version) if known else DocumentNotFound(document_id)
    return found
