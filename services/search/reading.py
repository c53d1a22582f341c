"""Reads what somebody has written: its title, its category, its readers, and its passages."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from services.mesh.ids import new_id
from services.search.chunks import passages_of
from services.search.domain import (
    LONGEST_CATEGORY,
    LONGEST_TITLE,
    Chunk,
    DocumentText,
    KnowledgeDocument,
)
from services.search.errors import (
    DocumentEmpty,
    EffectiveDatesReversed,
    PublicationUnclear,
    ReadersUnclear,
)
from services.search.markdown import Block, FrontMatter, blocks_of, front_matter, plain, title_of
from services.search.publication import ALWAYS, DocumentState, Period
from services.search.readers import Readers, readers_from_words
from services.search.words import has_word


def read_text(text: DocumentText) -> tuple[DocumentText, list[Chunk]]:
    """The text with all that its front matter says, and its passages as chunks of no document."""
    matter = front_matter(text.content)
    blocks = blocks_of(text.content, matter.end)
    title = text.title.strip() or title_of(matter, blocks, text.source_uri)
    # As a category is written where it is closed, or one more space would keep it open.
    category = " ".join(text.category.split()) or " ".join(matter.category.split())
    written = replace(
        text,
        # Bare, as what a caller gives is: the same title put once more is then the same.
        title=title[:LONGEST_TITLE].strip(),
        category=category[:LONGEST_CATEGORY].strip(),
        readers=text.readers if text.readers is not None else _readers_of(matter, text.source_uri),
        state=text.state or _state_of(matter, text.source_uri),
        period=text.period if text.period is not None else _period_of(matter, text.source_uri),
    )
    return written, _chunks(text.content, blocks, text.source_uri)


def read_version(document: KnowledgeDocument) -> tuple[Readers | None, list[Chunk]]:
    """Whom the front matter of a version that is kept names, and its passages as its chunks."""
    matter = front_matter(document.content)
    readers = _readers_of(matter, document.source_uri)
    return readers, owned_by(document, passages_as_chunks(document.content, document.source_uri))


def passages_as_chunks(content: str, source_uri: str) -> list[Chunk]:
    """Of no document yet. Raises DocumentEmpty."""
    return _chunks(content, blocks_of(content, front_matter(content).end), source_uri)


def owned_by(document: KnowledgeDocument, chunks: Sequence[Chunk]) -> list[Chunk]:
    document_id, version = document.document_id, document.version
    return [replace(chunk, document_id=document_id, version=version) for chunk in chunks]


def _state_of(matter: FrontMatter, source_uri: str) -> DocumentState | None:
    if not matter.state:
        return None
    try:
        return DocumentState(matter.state.upper())
    except ValueError:
        raise PublicationUnclear(source_uri, "state") from None


def _period_of(matter: FrontMatter, source_uri: str) -> Period | None:
    begin = _moment(matter.effective_from, source_uri, "effective_from")
    end = _moment(matter.effective_until, source_uri, "effective_until")
    period = Period(begin, end)
    if period.is_reversed:
        raise EffectiveDatesReversed(source_uri)
    return None if period == ALWAYS else period


def _moment(text: str, source_uri: str, key: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise PublicationUnclear(source_uri, key) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _chunks(content: str, blocks: Sequence[Block], source_uri: str) -> list[Chunk]:
    chunks = [
        Chunk(
            chunk_id=new_id(),
            document_id="",
            version=0,
            position=position,
            headings=passage.headings,
            lead=passage.lead,
            text=content[passage.start : passage.end],
            start=passage.start,
            end=passage.end,
        )
        for position, passage in enumerate(passages_of(content, blocks))
    ]
    if not any(has_word(plain(chunk.text)) for chunk in chunks):
        raise DocumentEmpty(source_uri)
    return chunks


def _readers_of(matter: FrontMatter, source_uri: str) -> Readers | None:
    if matter.readers is None:
        return None
    readers = readers_from_words(matter.readers)
    if readers is None:
        raise ReadersUnclear(source_uri)
    return readers
