"""Takes what waits in the outbox, in order, to whatever drives the routing of tickets."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import datetime, timedelta
from itertools import chain
from typing import Protocol

import structlog

from services.mesh.caller import TenantId
from services.mesh.clock import Clock
from services.mesh.errors import StorageUnavailable
from services.ticket.domain import TicketEventKind
from services.ticket.ports.routing import Engine, OutboxItem, RoutingBooks, RoutingOutbox

_BATCH = 200
_KEPT_FOR = timedelta(days=7)
_PRUNED_AT_ONCE = 1_000
_BETWEEN_PRUNINGS = timedelta(hours=1)
# After them somebody may have a place for a ticket that waits for one.
_FREEING = frozenset(
    {
        TicketEventKind.ASSIGNED,
        TicketEventKind.CLOSED,
        TicketEventKind.MERGED,
        TicketEventKind.PENDED,
        TicketEventKind.RESOLVED,
        TicketEventKind.UPDATED,
    }
)

_ByTicket = dict[tuple[TenantId, str], list[OutboxItem]]

log = structlog.get_logger()


class Dispatcher:
    def __init__(
        self, outbox: RoutingOutbox, books: RoutingBooks, engine: Engine, clock: Clock
    ) -> None:
        self._outbox = outbox
        self._books = books
        self._engine = engine
        self._clock = clock
        self._next_pruning: datetime | None = None

    async def dispatch(self) -> int:
        """Returns how many it has delivered; one that fails waits on and stops no others."""
        delivered, passed_over = 0, 0
        while items := await self._outbox.list_waiting(limit=_BATCH, offset=passed_over):
            handed_over = await self._hand_over(items)
            if handed_over:
                await self._outbox.note_delivered(handed_over, self._clock())
            delivered += len(handed_over)
            passed_over += len(items) - len(handed_over)
        return delivered

    async def prune(self) -> None:
        """Forgets what was delivered long ago; looks once an hour."""
        now = self._clock()
        if self._next_pruning is not None and now < self._next_pruning:
            return
        self._next_pruning = now + _BETWEEN_PRUNINGS
        while await self._outbox.prune(now - _KEPT_FOR, limit=_PRUNED_AT_ONCE) == _PRUNED_AT_ONCE:
            pass

    async def _hand_over(self, items: Iterable[OutboxItem]) -> list[OutboxItem]:
        by_ticket: _ByTicket = {}
        for item in items:
            by_ticket.setdefault((item.tenant_id, item.ticket_id), []).append(item)
        refused = await self._start_opened(by_ticket)
        handed_over: list[OutboxItem] = []
        for (tenant_id, ticket_id), told in by_ticket.items():
            if (tenant_id, ticket_id) in refused:
                continue
            try:
                if any(item.kind != TicketEventKind.OPENED for item in told):
                    await self._wake(tenant_id, ticket_id)
            except StorageUnavailable:
                raise
            except Exception:
                log.exception("a ticket was not handed over", ticket_id=ticket_id)
            else:
                handed_over += told
        for tenant_id in {item.tenant_id for item in handed_over if item.kind in _FREEING}:
            await self._wake_waiting(tenant_id)
        return handed_over

    async def _start_opened(self, by_ticket: _ByTicket) -> set[tuple[TenantId, str]]:
        """Returns which could not be started."""
        opened: defaultdict[TenantId, list[str]] = defaultdict(list)
        for (tenant_id, ticket_id), told in by_ticket.items():
            if any(item.kind == TicketEventKind.OPENED for item in told):
                opened[tenant_id].append(ticket_id)
        return {
            (tenant_id, ticket_id)
            for tenant_id, ticket_ids in opened.items()
            for ticket_id in await self._start(tenant_id, ticket_ids)
        }

    async def _start(self, tenant_id: TenantId, ticket_ids: Sequence[str]) -> Sequence[str]:
        """Returns those that were not; one that fails stops no others."""
        try:
            await self._engine.start(tenant_id, ticket_ids)
        except StorageUnavailable:
            raise
        except Exception:
            if len(ticket_ids) == 1:
                log.exception("a ticket was not handed over", ticket_id=ticket_ids[0])
                return ticket_ids
            each = [await self._start(tenant_id, [ticket_id]) for ticket_id in ticket_ids]
            return [*chain.from_iterable(each)]
        return ()

    async def _wake(self, tenant_id: TenantId, ticket_id: str) -> None:
        if ticket_id:
            await self._engine.wake(tenant_id, ticket_id)
        else:
            await self._engine.wake_all(tenant_id)

    async def _wake_waiting(self, tenant_id: TenantId) -> None:
        for ticket_id in await self._books.list_waiting_for_place(tenant_id):
            await self._engine.wake(tenant_id, ticket_id)


class Listening(Protocol):
    def listening_to_all(self) -> AbstractContextManager[asyncio.Event]: ...


class Router:
    """A background job: dispatches, and drives what is driven here, as soon as there is news."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        engine: Engine,
        listening: Listening,
        clock: Clock,
        poll_seconds: float,
    ) -> None:
        self._dispatcher = dispatcher
        self._engine = engine
        self._listening = listening
        self._clock = clock
        self._poll_seconds = poll_seconds

    async def run(self) -> None:
        with self._listening.listening_to_all() as news:
            log.info("routing", engine=self._engine.name)
            while await self._engine.take_over():
                pass
            while True:
                news.clear()
                await self._dispatcher.prune()
                if await self.work():
                    continue
                with suppress(TimeoutError):
                    await asyncio.wait_for(news.wait(), await self._pause())

    async def work(self) -> int:
        """Returns how much there was to do."""
        return await self._dispatcher.dispatch() + await self._engine.drive()

    async def _pause(self) -> float:
        next_time = await self._engine.next_time()
        if next_time is None:
            return self._poll_seconds
        seconds = (next_time - self._clock()).total_seconds()
        return min(max(seconds, 0.0), self._poll_seconds)
