"""Who in this process waits for news of a tenant's tickets."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from services.mesh.caller import TenantId


class Listeners:
    def __init__(self) -> None:
        self._waiting: defaultdict[TenantId, set[asyncio.Event]] = defaultdict(set)

    @contextmanager
    def listening(self, tenant_id: TenantId) -> Iterator[asyncio.Event]:
        news = asyncio.Event()
        self._waiting[tenant_id].add(news)
        try:
            yield news
        finally:
            self._waiting[tenant_id].discard(news)
            if not self._waiting[tenant_id]:
                del self._waiting[tenant_id]

    def announce(self, tenant_id: TenantId) -> None:
        for news in self._waiting.get(tenant_id, ()):
            news.set()
