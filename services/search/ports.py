"""What search asks of the world."""

from collections.abc import Callable, Sequence, Set
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import numpy as np
import numpy.typing as npt

from services.mesh.caller import TenantId
from services.search.domain import (
    Category,
    Chunk,
    DocumentVersion,
    Embedding,
    IndexedText,
    KnowledgeDocument,
)
from services.search.golden_sets import GoldenSetStore
from services.search.keywords import Terms
from services.search.readers import Reader, Readers, View
from services.search.revisions import Revision, Revisions

Vector = npt.NDArray[np.float32]


class Encoder(Protocol):
    """Turns texts into unit vectors; near vectors mean alike. Blocks while it computes.

    `name` is another one whenever the vectors would be. Raises EncoderUnavailable.
    """

    name: str
    dimensions: int

    def encode(self, texts: Sequence[str]) -> Vector:
        """One row for each text."""
        ...

    def encode_questions(self, texts: Sequence[str]) -> Vector:
        """One row for each text; some models encode a question otherwise than what answers it."""
        ...

    def close(self) -> None: ...


# The encoder of a recipe, when it can still be had. Blocks.
FindEncoder = Callable[[str], Encoder | None]


@dataclass(frozen=True)
class Hit:
    chunk_id: str
    score: float


class VectorIndex(Protocol):
    """Finds chunks by meaning and by words. A copy of what the store holds, and never the truth.

    Nothing outside of a view is found, counted or weighed: limits count what is seen, so that what
    is hidden, archived or past its dates takes no place. What `put` and `remove` have done survives
    the end of the process. Raises IndexUnavailable.

    Each recipe has an index of its own; they stand beside one another and share nothing.
    """

    async def open(self) -> None:
        """Makes the index when there is none, or none that can be read. Idempotent."""
        ...

    async def put(self, tenant_id: TenantId, text: IndexedText) -> None:
        """Makes these the document's only chunks, for these readers only.

        Raises RecipesMixed when others than the index's own recipe made the vectors.
        """
        ...

    async def remove(self, tenant_id: TenantId, document_id: str) -> None: ...

    async def candidates(
        self, view: View, vector: Vector, terms: Terms, limit: int
    ) -> dict[str, float]:
        """The nearest chunks and the best by words, so many of each, with their similarities.

        Nearest first, by cosine similarity.
        """
        ...

    async def by_keywords(self, view: View, terms: Terms, limit: int) -> list[Hit]:
        """Best first, by the dot product of the words; only chunks that hold one."""
        ...

    async def count(self, view: View) -> int: ...

    async def revisions(self) -> Revisions:
        """What the index holds of all tenants, to compare with the store."""
        ...

    async def other_recipes(self) -> frozenset[str]:
        """Those of the indexes beside this one that can be asked."""
        ...

    def beside(self, recipe: str, dimensions: int) -> "VectorIndex":
        """Another index; to be closed before this one, and before it is dropped."""
        ...

    async def drop_others(self, kept: Set[str] = frozenset()) -> None:
        """Leaves nothing of any index beside this one, but for those of the kept recipes."""
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True)
class StoredTerms:
    """The words of a chunk, as `Terms` are stored."""

    chunk_id: str
    document_id: str
    terms: bytes


@dataclass(frozen=True)
class StoredPassage:
    chunk: Chunk
    title: str
    source_uri: str


class Documents(Protocol):
    """The documents that one reader may read, within one transaction. No others are in it.

    Whoever may put documents is shown all at their newest version, others those that are in force,
    at the published one.
    """

    async def view(self) -> View:
        """What the reader sees, for the index."""
        ...

    async def find(self, document_id: str) -> KnowledgeDocument | None:
        """With its content; not when it is deleted."""
        ...

    async def find_by_source_uri(self, source_uri: str) -> KnowledgeDocument | None:
        """With its content; not when it is deleted."""
        ...

    async def find_version(self, document_id: str, version: int) -> DocumentVersion | None:
        """Also when the document is deleted or archived.

        Who does not see all finds the versions that were ever shown, and no others.
        """
        ...

    async def list_versions(
        self, document_id: str, *, limit: int, before: int
    ) -> list[DocumentVersion]:
        """Those that `find_version` finds, below `before`, newest first, without content."""
        ...

    async def is_known(self, document_id: str) -> bool:
        """Whether `find_version` finds any."""
        ...

    async def revision_of(self, document_id: str) -> Revision | None:
        """What the index should hold; nothing when no version is published."""
        ...

    async def list_documents(self, *, limit: int, after: str) -> list[KnowledgeDocument]:
        """By source URI in code point order, behind `after`, without content."""
        ...

    async def list_categories(self) -> list[Category]:
        """By name in code point order: those of the documents, and those with readers."""
        ...

    async def terms_of(self, chunk_ids: Sequence[str]) -> list[StoredTerms]:
        """Of those of the chunks that published versions which are in force consist of."""
        ...

    async def passages(self, chunk_ids: Sequence[str]) -> dict[str, StoredPassage]:
        """The same chunks with all that is shown of them."""
        ...

    async def indexed_text(self, document_id: str) -> IndexedText | None: ...

    async def published_ids(self) -> list[str]:
        """Of all documents with a published version that is not deleted, whatever its dates."""
        ...

    async def terms(self) -> list[tuple[str, bytes]]:
        """The words of every chunk that is in force, by chunk id."""
        ...


class WritableDocuments(Documents, Protocol):
    async def claim(
        self, source_uri: str, new_document_id: str, now: datetime
    ) -> KnowledgeDocument:
        """The document under a URI, or a new one at version 0; nobody else has it meanwhile.

        Without content. Asks no list: whoever may put documents sees all of them.
        """
        ...

    async def lock(self, document_id: str) -> KnowledgeDocument | None:
        """The document at its newest version, without content; nobody else has it meanwhile.

        Not when it is deleted or not shown to the reader.
        """
        ...

    async def keep(
        self,
        document: KnowledgeDocument,
        chunks: Sequence[Chunk],
        embeddings: Sequence[Embedding],
    ) -> None:
        """Keeps a new version and the document's readers.

        When it is published its chunks take the place of those published before.
        """
        ...

    async def publish(
        self,
        document: KnowledgeDocument,
        chunks: Sequence[Chunk],
        embeddings: Sequence[Embedding],
        now: datetime,
    ) -> None:
        """Makes a version that is kept the published one; without chunks it has them already."""
        ...

    async def archive(self, document: KnowledgeDocument) -> None: ...

    async def set_readers(self, document_id: str, readers: Readers) -> KnowledgeDocument | None:
        """The document with its new readers, without content; not when it is deleted."""
        ...

    async def set_category_readers(self, category: str, readers: Readers, new_id: str) -> str:
        """The category's id: the new one when it had none.

        Of several at the same time one list is kept, never a mixture.
        """
        ...

    async def keep_embeddings(self, embeddings: Sequence[Embedding]) -> None:
        """Replaces the vectors of chunks; passes over chunks that are gone."""
        ...

    async def remove(self, document_id: str, now: datetime) -> None:
        """Takes a document and its chunks out; its versions stay."""
        ...


class DocumentStore(Protocol):
    """Raises StorageUnavailable when nothing can be read or kept.

    What is in force is told by its clock.
    """

    golden_sets: GoldenSetStore

    def reading(self, reader: Reader) -> AbstractAsyncContextManager[Documents]: ...

    def transaction(self, reader: Reader) -> AbstractAsyncContextManager[WritableDocuments]: ...

    async def revisions(self) -> Revisions:
        """The published versions of all tenants' documents."""
        ...
