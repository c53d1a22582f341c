"""The documents that have yet to be copied to an index."""

from collections.abc import Iterator, Set
from dataclasses import dataclass

from services.mesh.caller import TenantId
from services.search.revisions import Key


@dataclass(frozen=True)
class Backlog:
    """What has yet to be copied of a tenant; nothing is known before the first comparison."""

    behind: int
    rebuilding: int
    is_compared: bool


class Waiting:
    """By tenant: each question asks for its own, and there may be many of others."""

    def __init__(self) -> None:
        self._ids: dict[TenantId, set[str]] = {}

    def __iter__(self) -> Iterator[Key]:
        return ((tenant_id, one) for tenant_id, ids in self._ids.items() for one in ids)

    def __len__(self) -> int:
        return sum(len(ids) for ids in self._ids.values())

    def __contains__(self, key: Key) -> bool:
        tenant_id, document_id = key
        return document_id in self._ids.get(tenant_id, ())

    def __ior__(self, keys: Set[Key]) -> "Waiting":
        for tenant_id, document_id in keys:
            self._ids.setdefault(tenant_id, set()).add(document_id)
        return self

    def count_of(self, tenant_id: TenantId) -> int:
        return len(self._ids.get(tenant_id, ()))

    def discard(self, key: Key) -> None:
        tenant_id, document_id = key
        ids = self._ids.get(tenant_id, set())
        ids.discard(document_id)
        if not ids:
            self._ids.pop(tenant_id, None)

    def forget(self, tenant_id: TenantId) -> None:
        self._ids.pop(tenant_id, None)
