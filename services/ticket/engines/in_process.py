"""Drives the routing of tickets in this process; what is to come waits in the database.

Any number of processes may do so: a row is had by whoever changes it first, and one that dies
leaves it as it was.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from services.mesh.caller import TenantId
from services.mesh.clock import Clock
from services.mesh.errors import StorageUnavailable, TokenInvalid
from services.ticket.engines.performing import Performer
from services.ticket.ports.routing import DueRouting, RoutingBooks
from services.ticket.routing.steps import EFFECTS, StepKind

NAME = "in_process"
_BATCH = 20
_TAKEN_OVER = 200
_PAUSE = timedelta(minutes=1)

log = structlog.get_logger()


class InProcessEngine:
    name = NAME

    def __init__(self, books: RoutingBooks, performer: Performer, clock: Clock) -> None:
        self._books = books
        self._performer = performer
        self._clock = clock

    async def start(self, tenant_id: TenantId, ticket_ids: Collection[str]) -> None:
        await self._books.start(tenant_id, ticket_ids, NAME, self._clock())

    async def wake(self, tenant_id: TenantId, ticket_id: str) -> None:
        await self._books.wake(tenant_id, ticket_id, self._clock())

    async def wake_all(self, tenant_id: TenantId) -> None:
        await self._books.wake_all(tenant_id, self._clock())

    async def take_over(self) -> int:
        found = await self._books.list_of_others(NAME, limit=_TAKEN_OVER)
        for tenant_id, ticket_id in found:
            await self._books.note_engine(tenant_id, ticket_id, NAME, self._clock())
        return len(found)

    async def drive(self) -> int:
        """Returns how many tickets it saw to; one that fails is put off and stops no others."""
        driven = 0
        for due in await self._books.list_due(NAME, self._clock(), limit=_BATCH):
            try:
                await self._drive(due)
                driven += 1
            except StorageUnavailable:
                raise
            except Exception:
                log.exception("a ticket was not routed", ticket_id=due.ticket_id)
                await self._put_off(due)
        return driven

    async def _drive(self, due: DueRouting) -> None:
        asked = StepKind.CLASSIFY if due.is_new else None
        while True:
            now = self._clock()
            step = await self._performer.perform_due(due, asked, now)
            if step is None or step.kind not in EFFECTS:
                return
            due, asked = replace(due, next_time=now), step.kind

    async def _put_off(self, due: DueRouting) -> None:
        try:
            await self._books.put_off(due, self._clock() + _PAUSE)
        except TokenInvalid:
            log.info("the tenant is being deleted", tenant_id=due.tenant_id)

    async def next_time(self) -> datetime | None:
        return await self._books.next_time(NAME)
