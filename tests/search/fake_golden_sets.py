"""Golden sets in memory; test_golden_sets.py vouches for them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime

from services.mesh.caller import TenantId
from services.search.golden_sets import GoldenQuestion, GoldenSet


class FakeGoldenSetStore:
    def __init__(self) -> None:
        self._by_tenant: dict[TenantId, dict[str, GoldenSet]] = {}

    @asynccontextmanager
    async def reading(self, tenant_id: TenantId) -> AsyncIterator["FakeGoldenSets"]:
        yield FakeGoldenSets(self._by_tenant.setdefault(tenant_id, {}))

    @asynccontextmanager
    async def transaction(self, tenant_id: TenantId) -> AsyncIterator["FakeGoldenSets"]:
        yield FakeGoldenSets(self._by_tenant.setdefault(tenant_id, {}))


class FakeGoldenSets:
    def __init__(self, by_name: dict[str, GoldenSet]) -> None:
        self._by_name = by_name

    async def put(
        self, name: str, questions: Sequence[GoldenQuestion], new_id: str, now: datetime
    ) -> GoldenSet:
        known = self._by_name.get(name)
        golden_set_id = known.golden_set_id if known else new_id
        self._by_name[name] = GoldenSet(golden_set_id, name, questions, len(questions), now)
        return self._by_name[name]

    async def find(self, golden_set_id: str) -> GoldenSet | None:
        known = (one for one in self._by_name.values() if one.golden_set_id == golden_set_id)
        return next(known, None)

    async def list_all(self, *, limit: int, after: str) -> list[GoldenSet]:
        names = sorted(name for name in self._by_name if name > after)[:limit]
        return [replace(self._by_name[name], questions=()) for name in names]

    async def remove(self, golden_set_id: str) -> bool:
        found = await self.find(golden_set_id)
        if found is not None:
            del self._by_name[found.name]
        return found is not None
