"""Classifies tickets behind the answer to whoever opened them."""

import asyncio
from collections.abc import Sequence
from itertools import groupby

import structlog

from services.mesh.caller import TenantId
from services.mesh.errors import MeshError, StorageUnavailable
from services.ticket.triage.desk import Desk, settle
from services.ticket.triage.ports import TriageOutbox, WaitingTicket

_BATCH = 64

log = structlog.get_logger()


class TriageWorker:
    """A background job. A ticket waits in the outbox until its finding is kept, so that whatever
    is killed on the way is done by the next one that runs."""

    def __init__(
        self,
        outbox: TriageOutbox,
        desk: Desk,
        *,
        poll_seconds: float,
    ) -> None:
        self._outbox = outbox
        self._desk = desk
        self._poll_seconds = poll_seconds

    async def run(self) -> None:
        while True:
            if not await self.work():
                await asyncio.sleep(self._poll_seconds)

    async def work(self) -> int:
        """Returns how many tickets it has seen to; one that fails does not stop others."""
        waiting = await self._outbox.list_waiting(_BATCH)
        waiting.sort(key=lambda ticket: ticket.tenant_id)
        done = 0
        for tenant_id, group in groupby(waiting, key=lambda ticket: ticket.tenant_id):
            done += await self._work_for(tenant_id, list(group))
        return done

    async def _work_for(self, tenant_id: TenantId, waiting: Sequence[WaitingTicket]) -> int:
        async with self._desk.store.reading(tenant_id) as tickets:
            found = [await tickets.find(each.ticket_id) for each in waiting]
        there = [ticket for ticket in found if ticket is not None]
        readings = await self._desk.read(tenant_id, there)
        done = 0
        for ticket, reading in zip(there, readings, strict=True):
            try:
                await settle(self._desk, tenant_id, ticket.ticket_id, reading)
                done += 1
            except StorageUnavailable:
                raise
            except MeshError as error:
                log.warning("a ticket was not classified", reason=error.reason)
        return done
