"""Rows ↔ domain."""

from dataclasses import asdict
from typing import Any

from sqlalchemy import Row

from services.search.domain import Chunk, DocumentVersion, KnowledgeDocument, Original
from services.search.publication import DocumentState, Period, Standing
from services.search.tables import ChunkRow, DocumentRow, VersionRow

# Columns, not rows as objects: making those would take half of a search's time.
CHUNK_COLUMNS = (
    ChunkRow.chunk_id,
    ChunkRow.document_id,
    ChunkRow.version,
    ChunkRow.position,
    ChunkRow.headings,
    ChunkRow.lead,
    ChunkRow.text,
    ChunkRow.start.label("start"),
    ChunkRow.end.label("end"),
)

# Of a version, without its content.
VERSION_COLUMNS = (
    VersionRow.document_id,
    VersionRow.version,
    VersionRow.source_uri,
    VersionRow.title,
    VersionRow.category,
    VersionRow.content_hash,
    VersionRow.create_time,
    VersionRow.publish_time,
    VersionRow.effective_from,
    VersionRow.effective_until,
    VersionRow.restored_version,
    VersionRow.source_media_type,
    VersionRow.source_sha256,
)


def document_from(
    row: DocumentRow, version: Row[*tuple[Any, ...]], content: str = ""
) -> KnowledgeDocument:
    """The document at this version."""
    return KnowledgeDocument(
        document_id=row.document_id,
        source_uri=row.source_uri,
        title=version.title,
        category=version.category,
        content=content,
        version=version.version,
        content_hash=version.content_hash,
        chunk_count=row.chunk_count if version.version == row.published_version else 0,
        create_time=row.create_time,
        update_time=version.create_time,
        delete_time=row.delete_time,
        published_version=row.published_version,
        archive_time=row.archive_time,
        period=Period(version.effective_from, version.effective_until),
        restored_version=version.restored_version,
        original=_original_from(version),
    )


def unwritten_from(row: DocumentRow) -> KnowledgeDocument:
    """A document that was claimed and has no version yet."""
    return KnowledgeDocument(
        row.document_id, row.source_uri, "", "", "", 0, "", 0, row.create_time, row.update_time
    )


def served_columns(document: KnowledgeDocument) -> dict[str, object]:
    """A document's row when the version at hand is published; contents and lists are elsewhere."""
    return {
        **newest_columns(document),
        "title": document.title,
        "category": document.category,
        "content_hash": document.content_hash,
        "chunk_count": document.chunk_count,
        "published_version": document.published_version,
        "effective_from": document.period.begin,
        "effective_until": document.period.end,
        **_original_columns(document.original),
    }


def newest_columns(document: KnowledgeDocument) -> dict[str, object]:
    """A document's row when the version at hand is only the newest."""
    return {
        "version": document.version,
        "create_time": document.create_time,
        "update_time": document.update_time,
        "delete_time": document.delete_time,
        "archive_time": document.archive_time,
    }


def version_columns(document: KnowledgeDocument) -> dict[str, object]:
    is_published = document.state is DocumentState.PUBLISHED
    return {
        "document_id": document.document_id,
        "version": document.version,
        "source_uri": document.source_uri,
        "title": document.title,
        "category": document.category,
        "content": document.content,
        "content_hash": document.content_hash,
        "create_time": document.update_time,
        "publish_time": document.update_time if is_published else None,
        "effective_from": document.period.begin,
        "effective_until": document.period.end,
        "restored_version": document.restored_version,
        **_original_columns(document.original),
    }


def version_from(
    document: DocumentRow, row: Row[*tuple[Any, ...]], content: str = ""
) -> DocumentVersion:
    return DocumentVersion(
        document_id=row.document_id,
        version=row.version,
        source_uri=row.source_uri,
        title=row.title,
        content=content,
        create_time=row.create_time,
        category=row.category,
        content_hash=row.content_hash,
        state=_state_of(document, row),
        period=Period(row.effective_from, row.effective_until),
        publish_time=row.publish_time,
        restored_version=row.restored_version,
        original=_original_from(row),
    )


def standing_of(row: DocumentRow) -> Standing:
    period = Period(row.effective_from, row.effective_until)
    return Standing(is_archived=row.archive_time is not None, period=period)


def chunk_from(row: Row[*tuple[Any, ...]]) -> Chunk:
    return Chunk(
        chunk_id=row.chunk_id,
        document_id=row.document_id,
        version=row.version,
        position=row.position,
        headings=tuple(row.headings),
        lead=row.lead,
        text=row.text,
        start=row.start,
        end=row.end,
    )


def chunk_columns(chunk: Chunk) -> dict[str, object]:
    return {**asdict(chunk), "headings": list(chunk.headings)}


def _state_of(document: DocumentRow, row: Row[*tuple[Any, ...]]) -> DocumentState:
    if row.version == document.published_version and document.archive_time is None:
        return DocumentState.PUBLISHED
    return DocumentState.DRAFT if row.publish_time is None else DocumentState.ARCHIVED


def _original_from(version: Row[*tuple[Any, ...]]) -> Original:
    return Original(version.source_media_type, version.source_sha256)


def _original_columns(original: Original) -> dict[str, object]:
    return {"source_media_type": original.media_type, "source_sha256": original.sha256}
