"""Which version of each document is kept or indexed, and how the two differ."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.mesh.caller import TenantId

Key = tuple[TenantId, str]


@dataclass(frozen=True)
class Revision:
    version: int
    chunk_count: int


MIXED = 0
Revisions = Mapping[Key, Revision]


def counted(chunks: Iterable[tuple[TenantId, str, int]]) -> Revisions:
    """From the tenant, document and version of each chunk; several versions make MIXED."""
    revisions: dict[Key, Revision] = {}
    for (tenant_id, document_id, version), count in Counter(chunks).items():
        key = (tenant_id, document_id)
        revisions[key] = Revision(MIXED if key in revisions else version, count)
    return revisions


def differences(stored: Revisions, indexed: Revisions) -> set[Key]:
    return {key for key in stored.keys() | indexed.keys() if stored.get(key) != indexed.get(key)}
