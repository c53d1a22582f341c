"""Documents, their versions and the passages that they are cut into."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.search.errors import DocumentEmpty, DocumentNotText, EffectiveDatesReversed
from services.search.publication import ALWAYS, IN_FORCE, DocumentState, Period, Standing
from services.search.readers import EVERYBODY, Readers
from services.search.revisions import Revision

LONGEST_TITLE = 300
LONGEST_CATEGORY = 60

# What no text file holds: C0 controls but white space and escape, and halves of characters.
_NOT_TEXT = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\ud800-\udfff]")


@dataclass(frozen=True)
class Original:
    """The file that a version was imported from."""

    media_type: str
    sha256: str


PUT_AS_TEXT = Original("", "")


@dataclass(frozen=True)
class KnowledgeDocument:
    """A document at one version: the newest for whoever manages it, the published for others.

    Version 0 is one that has never been put. A deleted document keeps its row, so that it can come
    back under the next version.
    """

    document_id: str
    source_uri: str
    title: str
    category: str
    content: str
    version: int
    content_hash: str
    chunk_count: int
    create_time: datetime
    update_time: datetime
    delete_time: datetime | None = None
    readers: Readers = EVERYBODY
    category_readers: Readers = EVERYBODY
    original: Original = PUT_AS_TEXT
    published_version: int = 0
    archive_time: datetime | None = None
    period: Period = ALWAYS
    restored_version: int = 0

    @property
    def is_restricted(self) -> bool:
        return bool(self.readers.keys or self.category_readers.keys)

    @property
    def is_there(self) -> bool:
        return self.version > 0 and self.delete_time is None

    @property
    def state(self) -> DocumentState:
        if self.archive_time is not None:
            return DocumentState.ARCHIVED
        is_published = 0 < self.version == self.published_version
        return DocumentState.PUBLISHED if is_published else DocumentState.DRAFT

    def says(self, text: "DocumentText") -> bool:
        """Whether a version with this text would differ in nothing."""
        is_same = self.is_there and self.content_hash == text.content_hash
        return is_same and text.period in (None, self.period)

    def state_after(self, wanted: DocumentState | None) -> DocumentState:
        """The next version's. Nothing but the wish to publish opens a draft or an archive."""
        if not self.is_there:
            return wanted or DocumentState.PUBLISHED
        if wanted is DocumentState.DRAFT and self.archive_time is not None:
            return DocumentState.ARCHIVED
        return wanted or self.state


@dataclass(frozen=True)
class DocumentText:
    """What a version says: the part of a document that somebody writes.

    Readers are no part of it: None leaves them to the front matter, or as they are. None leaves
    state and period as they are, too.
    """

    source_uri: str
    title: str
    category: str
    content: str
    readers: Readers | None = None
    original: Original = PUT_AS_TEXT
    state: DocumentState | None = None
    period: Period | None = None
    restored_version: int = 0

    @property
    def content_hash(self) -> str:
        # No field can hold the separator, see `require_text`.
        fields = (self.source_uri, self.title, self.category, self.content)
        return hashlib.sha256("\0".join(fields).encode()).hexdigest()


@dataclass(frozen=True)
class DocumentVersion:
    document_id: str
    version: int
    source_uri: str
    title: str
    content: str
    create_time: datetime
    original: Original = PUT_AS_TEXT
    category: str = ""
    content_hash: str = ""
    state: DocumentState = DocumentState.PUBLISHED
    period: Period = ALWAYS
    publish_time: datetime | None = None
    restored_version: int = 0


@dataclass(frozen=True)
class Chunk:
    """A passage of a version: `text` is the version's `content[start:end]`."""

    chunk_id: str
    document_id: str
    version: int
    position: int
    headings: tuple[str, ...]
    lead: str
    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Embedding:
    """A chunk as vectors: one of its meaning, one of its words.

    `recipe` names how they were made; only vectors of one recipe can be compared.
    """

    chunk_id: str
    recipe: str
    meaning: bytes
    terms: bytes


@dataclass(frozen=True)
class IndexedText:
    """What of a document belongs in the index: its published version in pieces."""

    document_id: str
    version: int
    title: str
    chunks: Sequence[Chunk]
    embeddings: Sequence[Embedding]
    category: str = ""
    readers: Readers = EVERYBODY
    standing: Standing = IN_FORCE

    def is_of(self, recipe: str) -> bool:
        return all(one.recipe == recipe for one in self.embeddings)

    @property
    def revision(self) -> Revision:
        return Revision(
            self.version, len(self.chunks), self.category, self.readers.keys, self.standing
        )


@dataclass(frozen=True)
class Category:
    name: str
    readers: Readers
    document_count: int
    category_id: str = ""


@dataclass(frozen=True)
class FoundPassage:
    """A chunk with what ranks it and what names its document."""

    chunk: Chunk
    title: str
    source_uri: str
    score: float
    similarity: float
    coverage: float


def require_text(text: DocumentText) -> None:
    for field in (text.source_uri, text.title, text.category, text.content):
        if _NOT_TEXT.search(field):
            raise DocumentNotText(text.source_uri)
    if not text.content.strip():
        raise DocumentEmpty(text.source_uri)
    if text.period is not None and text.period.is_reversed:
        raise EffectiveDatesReversed(text.source_uri)


def next_version(
    document: KnowledgeDocument, text: DocumentText, chunk_count: int, now: datetime
) -> KnowledgeDocument:
    """Without a word about readers the list stays: a change of content opens no document."""
    version = document.version + 1
    state = document.state_after(text.state)
    is_published = state is DocumentState.PUBLISHED
    period = document.period if document.is_there else ALWAYS
    return replace(
        document,
        title=text.title,
        category=text.category,
        content=text.content,
        version=version,
        content_hash=text.content_hash,
        chunk_count=chunk_count if is_published else 0,
        create_time=document.create_time if document.version else now,
        update_time=now,
        delete_time=None,
        readers=document.readers if text.readers is None else text.readers,
        original=text.original,
        published_version=version if is_published else document.published_version,
        archive_time=(document.archive_time or now) if state is DocumentState.ARCHIVED else None,
        period=period if text.period is None else text.period,
        restored_version=text.restored_version,
    )
