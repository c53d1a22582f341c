"""The documents that have yet to be copied to an index."""

import time
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass

from services.mesh.caller import TenantId
from services.search.revisions import Key


@dataclass(frozen=True)
class Backlog:
    """What has yet to be copied of a tenant; nothing is known before the first comparison."""

    behind: int
    rebuilding: int
    is_compared: bool


@dataclass(frozen=True)
class Lag:
    """`oldest_seconds` is how long a change has been known to wait; nothing is known before the
    first comparison."""

    behind: int
    oldest_seconds: float
    rebuilding: int
    is_compared: bool


class Waiting:
    """By tenant: each question asks for its own, and there may be many of others.

    Each waits since it came in first; those of a tenant are in that order.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._ids: dict[TenantId, dict[str, float]] = {}

    def __iter__(self) -> Iterator[Key]:
        return ((tenant_id, one) for tenant_id, ids in self._ids.items() for one in ids)

    def __len__(self) -> int:
        return sum(len(ids) for ids in self._ids.values())

    def __contains__(self, key: Key) -> bool:
        tenant_id, document_id = key
        return document_id in self._ids.get(tenant_id, ())

    def __ior__(self, keys: Set[Key]) -> "Waiting":
        for tenant_id, document_id in keys:
            self._ids.setdefault(tenant_id, {}).setdefault(document_id, self._clock())
        return self

    @property
    def oldest_seconds(self) -> float:
        """How long the one has waited that waits longest; 0 when none does."""
        firsts = [next(iter(ids.values())) for ids in self._ids.values()]
        return self._clock() - min(firsts) if firsts else 0.0

    def count_of(self, tenant_id: TenantId) -> int:
        return len(self._ids.get(tenant_id, ()))

    def discard(self, key: Key) -> None:
        tenant_id, document_id = key
        ids = self._ids.get(tenant_id, {})
        ids.pop(document_id, None)
        if not ids:
            self._ids.pop(tenant_id, None)

    def forget(self, tenant_id: TenantId) -> None:
        self._ids.pop(tenant_id, None)
