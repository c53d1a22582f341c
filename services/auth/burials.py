"""Buries deleted tenants as soon as the last service has confirmed that it holds nothing."""

import asyncio

import structlog

from services.auth.ports import AuthStore
from services.auth.use_cases.deletions import bury_the_purged
from services.mesh.clock import Clock

# A confirmation heard here is acted on at once; this is for those that another replica heard.
POLL_SECONDS = 10.0

_log = structlog.get_logger(__name__)


class Burials:
    def __init__(self, store: AuthStore, clock: Clock, poll_seconds: float = POLL_SECONDS) -> None:
        self._store = store
        self._clock = clock
        self._poll_seconds = poll_seconds
        self._confirmed = asyncio.Event()

    def look(self) -> None:
        """A service has confirmed a purge."""
        self._confirmed.set()

    async def run(self) -> None:
        while True:
            self._confirmed.clear()
            for tenant_id in await bury_the_purged(self._store, self._clock):
                _log.info("tenant deleted", tenant_id=tenant_id)
            await self._next()

    async def _next(self) -> None:
        try:
            async with asyncio.timeout(self._poll_seconds):
                await self._confirmed.wait()
        except TimeoutError:
            return
