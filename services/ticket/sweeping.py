"""Tells the log of each ticket when its clocks turn, soon after they do."""

import asyncio
from datetime import datetime

import structlog

from services.mesh.clock import Clock
from services.mesh.errors import MeshError, StorageUnavailable
from services.ticket.ports.sla import DueTicket, SlaSweep

_BATCH = 200

log = structlog.get_logger()


class Sweeper:
    """A background job. Whatever was due while none ran is told by the next one that does."""

    def __init__(self, due: SlaSweep, clock: Clock, poll_seconds: float) -> None:
        self._due = due
        self._clock = clock
        self._poll_seconds = poll_seconds

    async def run(self) -> None:
        while True:
            await self.sweep()
            await asyncio.sleep(self._poll_seconds)

    async def sweep(self) -> int:
        """Returns for how many tickets it told something; one that fails does not stop others."""
        told, passed_over = 0, 0
        now = self._clock()
        while found := await self._due.list_due(now, limit=_BATCH, offset=passed_over):
            for ticket in found:
                if await self._tell(ticket, now):
                    told += 1
                else:
                    passed_over += 1
        return told

    async def _tell(self, ticket: DueTicket, now: datetime) -> bool:
        try:
            return await self._due.tell(ticket, now)
        except StorageUnavailable:
            raise
        except MeshError as error:
            log.warning("a clock was not told", reason=error.reason)
            return False
