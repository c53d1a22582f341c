"""Who in this process waits for news of a tenant's tickets, or of everybody's."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from services.mesh.caller import TenantId


class Listeners:
    def __init__(self) -> None:
        self._waiting: defaultdict[TenantId, set[asyncio.Event]] = defaultdict(set)
        self._waiting_for_all: set[asyncio.Event] = set()

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

    @contextmanager
    def listening_to_all(self) -> Iterator[asyncio.Event]:
        news = asyncio.Event()
        self._waiting_for_all.add(news)
        try:
            yield news
        finally:
            self._waiting_for_all.discard(news)

    def announce(self, tenant_id: TenantId) -> None:
        for news in (*self._waiting.get(tenant_id, ()), *self._waiting_for_all):
            news.set()
