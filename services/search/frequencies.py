"""How rare words are for each tenant, counted again as their documents change."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from services.mesh.caller import TenantId
from services.search.keywords import Frequencies, Terms
from services.search.ports import DocumentStore

MOST_TENANTS = 256
# Counting takes at most this share of the time, however large and busy a tenant is.
SHARE_OF_TIME = 0.02
# Other processes may change documents too.
SECONDS_TO_BELIEVE = 600.0


@dataclass
class _Counted:
    frequencies: Frequencies
    at: float
    seconds: float
    is_outdated: bool = False

    def must_be_renewed(self, now: float) -> bool:
        age = now - self.at
        return (self.is_outdated and age * SHARE_OF_TIME > self.seconds) or age > SECONDS_TO_BELIEVE


class TenantFrequencies:
    def __init__(self, store: DocumentStore, seconds: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._seconds = seconds
        self._counted: OrderedDict[TenantId, _Counted] = OrderedDict()

    async def of(self, tenant_id: TenantId) -> Frequencies:
        known = self._counted.get(tenant_id)
        if known is None or known.must_be_renewed(self._seconds()):
            known = await self._count(tenant_id)
            self._counted[tenant_id] = known
        self._counted.move_to_end(tenant_id)
        while len(self._counted) > MOST_TENANTS:
            self._counted.popitem(last=False)
        return known.frequencies

    def outdate(self, tenant_id: TenantId) -> None:
        known = self._counted.get(tenant_id)
        if known is not None:
            known.is_outdated = True

    async def _count(self, tenant_id: TenantId) -> _Counted:
        begin = self._seconds()
        async with self._store.reading(tenant_id) as documents:
            stored = await documents.terms()
        passages = [Terms.from_bytes(terms) for _, terms in stored]
        frequencies = await asyncio.to_thread(Frequencies.of, passages)
        now = self._seconds()
        return _Counted(frequencies, now, now - begin)
