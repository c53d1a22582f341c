"""The desk whose tickets Temporal drives."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Unpack

from services.mesh.caller import TenantId
from services.mesh.clock import Clock
from services.mesh.database import Database
from services.mesh.ids import new_id
from services.ticket.engines.performing import Performer
from services.ticket.engines.temporal.engine import TemporalEngine
from services.ticket.engines.temporal.sealing import sealing_converter
from services.ticket.engines.temporal.workflow import workflow_id
from services.ticket.ports.routing import Engine, RoutingBooks
from tests.ticket.routing.routing_desk import Parts, RoutingDesk


class TemporalDesk(RoutingDesk):
    def __init__(
        self,
        database: Database,
        address: str,
        keys: Path,
        *,
        tenant_id: TenantId | None = None,
        task_queue: str = "",
        **parts: Unpack[Parts],
    ) -> None:
        self.converter = sealing_converter(keys)
        self.task_queue = task_queue or new_id()

        def make_engine(books: RoutingBooks, performer: Performer, clock: Clock) -> Engine:
            self.temporal = TemporalEngine(
                address, self.converter, books, performer, clock, task_queue=self.task_queue
            )
            return self.temporal

        super().__init__(database, tenant_id, make_engine=make_engine, **parts)

    @asynccontextmanager
    async def working(self) -> AsyncIterator["TemporalDesk"]:
        job = asyncio.create_task(self.temporal.run())
        try:
            yield self
        finally:
            job.cancel()
            with suppress(asyncio.CancelledError):
                await job

    async def pass_time(self) -> None:
        await self.temporal.wake_all(self.tenant_id)

    async def is_busy(self) -> bool:
        """Whether a workflow has something to do, or the outbox has."""
        client = await self.temporal.client()
        for ticket_id in await self.books.list_going_on(self.tenant_id):
            name = workflow_id(self.tenant_id, ticket_id)
            description = (await client.get_workflow_handle(name).describe()).raw_description
            if description.pending_activities or description.HasField("pending_workflow_task"):
                await asyncio.sleep(0.05)
                return True
        return bool(await self.outbox.list_waiting(limit=1, offset=0))
