"""Brings a file into the knowledge base."""

import asyncio
import codecs
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from services.mesh.audit import acts_on
from services.search.domain import DocumentText, KnowledgeDocument, Original
from services.search.errors import DocumentEmpty
from services.search.formats.converted import Converted, Remark, WarningKind
from services.search.formats.converting import Converter, too_much_markdown
from services.search.formats.invisible import without_invisible
from services.search.formats.kinds import Format
from services.search.formats.sniffing import format_of
from services.search.library import Library
from services.search.markdown import blocks_of, front_matter
from services.search.readers import Readers
from services.search.use_cases import put_document


@dataclass(frozen=True)
class File:
    """`title` and `category` are empty where the file itself shall say them."""

    source_uri: str
    data: bytes
    media_type: str = ""
    title: str = ""
    category: str = ""
    readers: Readers | None = None


@dataclass(frozen=True)
class Imported:
    document: KnowledgeDocument
    warnings: Sequence[Remark]


async def import_document(library: Library, converter: Converter, file: File) -> Imported:
    """Keeps what the file says as a new version, unless nothing has changed."""
    kind = format_of(file.data, file.source_uri, file.media_type)
    converted = _as_it_is(file.data, kind) or await converter.convert(
        file.data, kind, file.source_uri
    )
    text, removed = await asyncio.to_thread(_text_of, file, kind, converted)
    if len(text.content.encode()) > converter.limits.markdown_bytes:
        raise too_much_markdown(file.source_uri, converter.limits)
    if not text.content.strip():
        raise DocumentEmpty(file.source_uri)
    document = await put_document(library, text)
    acts_on("document", document.document_id)
    return Imported(document, [*converted.warnings, *_of_invisible(removed)])


def _as_it_is(data: bytes, kind: Format) -> Converted | None:
    """Text in UTF-8 needs no parser, and so no process of its own."""
    if kind.is_marked or data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return None
    try:
        return Converted(data.removeprefix(codecs.BOM_UTF8).decode())
    except UnicodeDecodeError:
        return None


def _text_of(file: File, kind: Format, converted: Converted) -> tuple[DocumentText, int]:
    markdown, removed = without_invisible(converted.markdown)
    text = DocumentText(
        file.source_uri,
        file.title or _own_title(converted.title, markdown),
        file.category,
        markdown,
        file.readers,
        Original(kind.media_type, hashlib.sha256(file.data).hexdigest()),
    )
    return text, removed


def _own_title(title: str, markdown: str) -> str:
    """What the file calls itself is often the name of a template; a heading is better."""
    if not title:
        return ""
    matter = front_matter(markdown)
    blocks = blocks_of(markdown, matter.end)
    return "" if any(block.heading for block in blocks) else title


def _of_invisible(count: int) -> list[Remark]:
    if not count:
        return []
    were = "character was" if count == 1 else "characters were"
    return [Remark(WarningKind.INVISIBLE_CHARACTERS, count, f"{count} invisible {were} removed")]
