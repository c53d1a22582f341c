"""What search asks of the world."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import numpy as np
import numpy.typing as npt

from services.mesh.caller import TenantId
from services.search.domain import (
    Chunk,
    DocumentVersion,
    Embedding,
    IndexedText,
    KnowledgeDocument,
)
from services.search.keywords import Terms
from services.search.revisions import Revisions

Vector = npt.NDArray[np.float32]


class Encoder(Protocol):
    """Turns texts into unit vectors; near vectors mean alike. Blocks while it computes."""

    name: str
    dimensions: int

    def encode(self, texts: Sequence[str]) -> Vector:
        """One row for each text."""
        ...

    def encode_query(self, text: str) -> Vector: ...


@dataclass(frozen=True)
class Hit:
    chunk_id: str
    score: float


class VectorIndex(Protocol):
    """Finds chunks by meaning and by words. A copy of what the store holds, and never the truth.

    Nothing of one tenant is found, counted or weighed when another one asks. What `put` and
    `remove` have done survives the end of the process. Raises IndexUnavailable.
    """

    async def open(self) -> None:
        """Makes the index when there is none, or none that can be read. Idempotent."""
        ...

    async def put(self, tenant_id: TenantId, text: IndexedText) -> None:
        """Makes these the document's only chunks."""
        ...

    async def remove(self, tenant_id: TenantId, document_id: str) -> None: ...

    async def nearest(self, tenant_id: TenantId, vector: Vector, limit: int) -> list[Hit]:
        """Best first, by cosine similarity."""
        ...

    async def by_keywords(self, tenant_id: TenantId, terms: Terms, limit: int) -> list[Hit]:
        """Best first, by the dot product of the words; only chunks that hold one."""
        ...

    async def similarities(
        self, tenant_id: TenantId, vector: Vector, chunk_ids: Sequence[str]
    ) -> dict[str, float]:
        """The cosine similarity of each of the tenant's chunks among these."""
        ...

    async def count(self, tenant_id: TenantId) -> int: ...

    async def revisions(self) -> Revisions:
        """What the index holds of all tenants, to compare with the store."""
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True)
class StoredPassage:
    chunk: Chunk
    title: str
    source_uri: str
    terms: bytes


class Documents(Protocol):
    """The documents of one tenant within one transaction."""

    async def find(self, document_id: str) -> KnowledgeDocument | None:
        """With its content; not when it is deleted."""
        ...

    async def find_by_source_uri(self, source_uri: str) -> KnowledgeDocument | None:
        """With its content; not when it is deleted."""
        ...

    async def find_version(self, document_id: str, version: int) -> DocumentVersion | None:
        """Also when the document is deleted."""
        ...

    async def is_known(self, document_id: str) -> bool:
        """Also when the document is deleted."""
        ...

    async def version_of(self, document_id: str) -> int | None:
        """The newest version's number; not when the document is deleted."""
        ...

    async def list_documents(self, *, limit: int, after: str) -> list[KnowledgeDocument]:
        """By source URI in code point order, behind `after`, without content."""
        ...

    async def passages(self, chunk_ids: Sequence[str]) -> dict[str, StoredPassage]:
        """Those of the chunks that newest versions consist of."""
        ...

    async def indexed_text(self, document_id: str) -> IndexedText | None: ...

    async def terms(self) -> list[tuple[str, bytes]]:
        """The words of every chunk, by chunk id."""
        ...


class WritableDocuments(Documents, Protocol):
    async def claim(
        self, source_uri: str, new_document_id: str, now: datetime
    ) -> KnowledgeDocument:
        """The document under a URI, or a new one at version 0; nobody else has it meanwhile."""
        ...

    async def keep(
        self,
        document: KnowledgeDocument,
        chunks: Sequence[Chunk],
        embeddings: Sequence[Embedding],
    ) -> None:
        """Keeps a new version; its chunks take the place of the version before."""
        ...

    async def keep_embeddings(self, embeddings: Sequence[Embedding]) -> None:
        """Replaces the vectors of chunks; passes over chunks that are gone."""
        ...

    async def remove(self, document_id: str, now: datetime) -> None:
        """Takes a document and its chunks out; its versions stay."""
        ...


class DocumentStore(Protocol):
    """Raises StorageUnavailable when nothing can be read or kept."""

    def reading(self, tenant_id: TenantId) -> AbstractAsyncContextManager[Documents]: ...

    def transaction(
        self, tenant_id: TenantId
    ) -> AbstractAsyncContextManager[WritableDocuments]: ...

    async def revisions(self) -> Revisions:
        """The newest versions of all tenants' documents but the deleted ones."""
        ...
