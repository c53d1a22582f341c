"""Labelled questions of a tenant, and what must keep them."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.mesh.caller import TenantId


@dataclass(frozen=True)
class GoldenQuestion:
    """Each of the documents answers."""

    text: str
    source_uris: frozenset[str]


@dataclass(frozen=True)
class GoldenSet:
    golden_set_id: str
    name: str
    questions: Sequence[GoldenQuestion]
    question_count: int
    update_time: datetime


class GoldenSets(Protocol):
    """The golden sets of one tenant, within one transaction."""

    async def put(
        self, name: str, questions: Sequence[GoldenQuestion], new_id: str, now: datetime
    ) -> GoldenSet:
        """Replaces the set of this name, which keeps its id; of several at once one is kept."""
        ...

    async def find(self, golden_set_id: str) -> GoldenSet | None:
        """With its questions, in the order in which they were put."""
        ...

    async def list_all(self, *, limit: int, after: str) -> list[GoldenSet]:
        """By name in code point order, behind `after`, without questions."""
        ...

    async def remove(self, golden_set_id: str) -> bool:
        """Whether there was one."""
        ...


class GoldenSetStore(Protocol):
    """Raises StorageUnavailable when nothing can be read or kept."""

    def reading(self, tenant_id: TenantId) -> AbstractAsyncContextManager[GoldenSets]: ...

    def transaction(self, tenant_id: TenantId) -> AbstractAsyncContextManager[GoldenSets]: ...
