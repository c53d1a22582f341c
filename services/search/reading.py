"""Reads what somebody has written: its title, its category, its readers, and its passages."""

from collections.abc import Sequence
from dataclasses import replace

from services.mesh.ids import new_id
from services.search.chunks import passages_of
from services.search.domain import (
    LONGEST_CATEGORY,
    LONGEST_TITLE,
    Chunk,
    DocumentText,
    KnowledgeDocument,
)
from services.search.errors import DocumentEmpty, ReadersUnclear
from services.search.markdown import FrontMatter, blocks_of, front_matter, plain, title_of
from services.search.readers import Readers, readers_from_words
from services.search.words import has_word


def read_text(text: DocumentText) -> tuple[DocumentText, list[Chunk]]:
    """The text with all that its front matter says, and its passages as chunks of no document."""
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
        # Bare, as what a caller gives is: the same title put once more is then the same.
        title=title[:LONGEST_TITLE].strip(),
        category=category[:LONGEST_CATEGORY].strip(),
        readers=text.readers if text.readers is not None else _readers_of(matter, text.source_uri),
    )
    return written, chunks


def read_version(document: KnowledgeDocument) -> tuple[Readers | None, list[Chunk]]:
    """Whom the front matter of a version that is kept names, and its passages as its chunks."""
    text = DocumentText(document.source_uri, document.title, document.category, document.content)
    written, chunks = read_text(text)
    return written.readers, owned_by(document, chunks)


def owned_by(document: KnowledgeDocument, chunks: Sequence[Chunk]) -> list[Chunk]:
    document_id, version = document.document_id, document.version
    return [replace(chunk, document_id=document_id, version=version) for chunk in chunks]


def _readers_of(matter: FrontMatter, source_uri: str) -> Readers | None:
    if matter.readers is None:
        return None
    readers = readers_from_words(matter.readers)
    if readers is None:
        raise ReadersUnclear(source_uri)
    return readers
