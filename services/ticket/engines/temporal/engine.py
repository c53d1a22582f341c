"""Starts and wakes the workflows, and does their steps in this process."""

import asyncio
from collections.abc import Collection
from datetime import datetime

import structlog
from temporalio import activity
from temporalio.client import Client
from temporalio.common import WorkflowIDReusePolicy
from temporalio.converter import DataConverter
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Worker

from services.mesh.caller import TenantId
from services.mesh.clock import Clock
from services.ticket.engines.performing import Performer
from services.ticket.engines.temporal.workflow import (
    ACTIVITY,
    CLASSIFY,
    SIGNAL,
    TASK_QUEUE,
    Order,
    Outcome,
    RouteTicket,
    workflow_id,
)
from services.ticket.ports.routing import RoutingBooks
from services.ticket.routing.steps import StepKind

NAME = "temporal"
_BATCH = 200
# They share one database, and on SQLite one writer.
_AT_ONCE = 8

log = structlog.get_logger()


class TemporalEngine:
    name = NAME

    def __init__(
        self,
        address: str,
        converter: DataConverter,
        books: RoutingBooks,
        performer: Performer,
        clock: Clock,
        *,
        namespace: str = "default",
        task_queue: str = TASK_QUEUE,
    ) -> None:
        self._address = address
        self._converter = converter
        self._books = books
        self._performer = performer
        self._clock = clock
        self._namespace = namespace
        self._task_queue = task_queue
        self._client: Client | None = None
        self._connecting = asyncio.Lock()

    async def start(self, tenant_id: TenantId, ticket_ids: Collection[str]) -> None:
        await self._books.start(tenant_id, ticket_ids, NAME, None)
        for ticket_id in ticket_ids:
            await self._start(Order(tenant_id, ticket_id, CLASSIFY), is_first=True)

    async def wake(self, tenant_id: TenantId, ticket_id: str) -> None:
        state = await self._books.find_state(tenant_id, ticket_id)
        if state is None or state.is_done:
            return
        client = await self.client()
        try:
            await client.get_workflow_handle(workflow_id(tenant_id, ticket_id)).signal(SIGNAL)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            # Temporal has lost it, or never had it: the ledger knows what was done.
            await self._start(Order(tenant_id, ticket_id), is_first=False)

    async def wake_all(self, tenant_id: TenantId) -> None:
        for ticket_id in await self._books.list_going_on(tenant_id):
            await self.wake(tenant_id, ticket_id)

    async def take_over(self) -> int:
        found = await self._books.list_of_others(NAME, limit=_BATCH)
        for tenant_id, ticket_id in found:
            await self._start(Order(tenant_id, ticket_id, CLASSIFY), is_first=False)
            await self._books.note_engine(tenant_id, ticket_id, NAME, None)
        return len(found)

    async def drive(self) -> int:
        """Temporal does."""
        return 0

    async def next_time(self) -> datetime | None:
        return None

    async def run(self) -> None:
        """A background job: does the steps that workflows ask for."""
        worker = Worker(
            await self.client(),
            task_queue=self._task_queue,
            workflows=[RouteTicket],
            activities=[self.perform],
            max_concurrent_activities=_AT_ONCE,
        )
        await worker.run()

    @activity.defn(name=ACTIVITY)
    async def perform(self, order: Order) -> Outcome:
        # Whoever can start a workflow of another name must not reach a ticket by that.
        if activity.info().workflow_id != workflow_id(order.tenant_id, order.ticket_id):
            raise ApplicationError("not the workflow of this ticket", non_retryable=True)
        step = await self._performer.perform(
            TenantId(order.tenant_id),
            order.ticket_id,
            StepKind(order.step) if order.step else None,
            self._clock(),
        )
        return Outcome(step.kind, step.time.isoformat() if step.time is not None else None)

    async def client(self) -> Client:
        async with self._connecting:
            if self._client is None:
                self._client = await Client.connect(
                    self._address, namespace=self._namespace, data_converter=self._converter
                )
            return self._client

    async def _start(self, order: Order, *, is_first: bool) -> None:
        client = await self.client()
        reuse = WorkflowIDReusePolicy
        try:
            await client.start_workflow(
                RouteTicket.run,
                order,
                id=workflow_id(order.tenant_id, order.ticket_id),
                task_queue=self._task_queue,
                id_reuse_policy=reuse.REJECT_DUPLICATE if is_first else reuse.ALLOW_DUPLICATE,
            )
        except WorkflowAlreadyStartedError:
            log.debug("the workflow runs already", ticket_id=order.ticket_id)
