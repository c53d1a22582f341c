"""Rows ↔ domain."""

from dataclasses import asdict
from typing import Any

from sqlalchemy import Row

from services.search.domain import Chunk, KnowledgeDocument, Original
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
    ChunkRow.start,
    ChunkRow.end,
)


def document_from(row: DocumentRow, content: str = "") -> KnowledgeDocument:
    return KnowledgeDocument(
        document_id=row.document_id,
        source_uri=row.source_uri,
        title=row.title,
        category=row.category,
        content=content,
        version=row.version,
        content_hash=row.content_hash,
        chunk_count=row.chunk_count,
        create_time=row.create_time,
        update_time=row.update_time,
        delete_time=row.delete_time,
        original=original_from(row),
    )


def document_columns(document: KnowledgeDocument) -> dict[str, object]:
    """Content and lists have tables of their own."""
    columns = asdict(document)
    for elsewhere in ("content", "readers", "category_readers", "original"):
        del columns[elsewhere]
    return columns | original_columns(document.original)


def original_from(row: DocumentRow | VersionRow) -> Original:
    return Original(row.source_media_type, row.source_sha256)


def original_columns(original: Original) -> dict[str, object]:
    return {"source_media_type": original.media_type, "source_sha256": original.sha256}


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
