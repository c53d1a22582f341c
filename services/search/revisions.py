"""Which version of each document is kept or indexed, for whom, and how the two differ."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.mesh.caller import TenantId
from services.search.publication import IN_FORCE, Standing

Key = tuple[TenantId, str]


@dataclass(frozen=True)
class Revision:
    """All but the first two are what a search is filtered by."""

    version: int
    chunk_count: int
    category: str = ""
    reader_keys: frozenset[str] = frozenset()
    standing: Standing = IN_FORCE


@dataclass(frozen=True)
class IndexedChunk:
    """What the index holds of a chunk, but for its vectors."""

    tenant_id: TenantId
    document_id: str
    version: int
    category: str
    reader_keys: frozenset[str]
    standing: Standing = IN_FORCE


MIXED = 0
Revisions = Mapping[Key, Revision]


def counted(chunks: Iterable[IndexedChunk]) -> Revisions:
    """Chunks of one document that do not agree make a revision that no store has."""
    revisions: dict[Key, Revision] = {}
    for chunk, count in Counter(chunks).items():
        key = (chunk.tenant_id, chunk.document_id)
        version = MIXED if key in revisions else chunk.version
        revisions[key] = Revision(version, count, chunk.category, chunk.reader_keys, chunk.standing)
    return revisions


def differences(stored: Revisions, indexed: Revisions) -> set[Key]:
    return {key for key in stored.keys() | indexed.keys() if stored.get(key) != indexed.get(key)}
