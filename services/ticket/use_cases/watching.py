"""Tells a caller what happens to the tickets they may see, for as long as they listen."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass

from services.mesh.caller import current_tenant
from services.mesh.clock import Clock
from services.ticket.domain import TicketEvent
from services.ticket.domain.presence import Presence
from services.ticket.ports.tickets import EventQuery, TicketStore
from services.ticket.use_cases.presences import Crowd
from services.ticket.use_cases.ticketing import find_visible, is_customer, visible_requester

_BATCH = 100


@dataclass(frozen=True)
class Heartbeat:
    seq: int


@dataclass(frozen=True)
class Done:
    seq: int


@dataclass(frozen=True)
class PresenceTold:
    """`seq` is how far the log was told; presences have no place in it."""

    seq: int
    presence: Presence


WatchStep = TicketEvent | PresenceTold | Heartbeat | Done


@dataclass(frozen=True)
class Pace:
    """News of this process comes at once; `poll_seconds` is how late that of others may be."""

    poll_seconds: float = 1.0
    heartbeat_seconds: float = 15.0


async def watch_tickets(
    store: TicketStore,
    pace: Pace,
    *,
    after_seq: int,
    ticket_id: str,
    seconds: float,
    present_by: Clock | None = None,
) -> AsyncGenerator[WatchStep, None]:
    """Yields a heartbeat with the place to resume from, then the events behind `after_seq`.

    An `after_seq` of 0 means from now on. With a clock, it is told who is there by it: at first all
    of them, then what changes. Ends with Done when the seconds are over.
    """
    now = asyncio.get_running_loop().time
    end = now() + seconds
    tenant_id = current_tenant()
    with store.listening(tenant_id) as news:
        async with store.reading(tenant_id) as tickets:
            last_seq = await tickets.last_seq()
            watched = (await find_visible(tickets, ticket_id)).ticket_id if ticket_id else None
        crowd = Crowd(present_by, watched) if present_by is not None else None
        seq = min(after_seq or last_seq, last_seq)
        yield Heartbeat(seq)
        heartbeat_due = now() + pace.heartbeat_seconds
        while now() < end:
            news.clear()
            events = await _events_behind(store, seq, watched)
            for event in events.found:
                yield event
            seq = events.seq
            for presence in await _news_of(store, crowd):
                yield PresenceTold(seq, presence)
            if events.found:
                heartbeat_due = now() + pace.heartbeat_seconds
                continue
            if now() >= heartbeat_due:
                yield Heartbeat(seq)
                heartbeat_due = now() + pace.heartbeat_seconds
            with suppress(TimeoutError):
                wait_seconds = min(pace.poll_seconds, end - now(), heartbeat_due - now())
                await asyncio.wait_for(news.wait(), max(wait_seconds, 0))
        yield Done(seq)


async def _news_of(store: TicketStore, crowd: Crowd | None) -> list[Presence]:
    if crowd is None:
        return []
    async with store.reading(current_tenant()) as tickets:
        return await crowd.changes(tickets)


@dataclass(frozen=True)
class _Events:
    found: list[TicketEvent]
    seq: int  # how far the log was read, also where it holds nothing for this caller


async def _events_behind(store: TicketStore, seq: int, ticket_id: str | None) -> _Events:
    async with store.reading(current_tenant()) as tickets:
        last_seq = await tickets.last_seq()
        if last_seq <= seq:
            return _Events([], seq)
        found = await tickets.list_events(
            EventQuery(
                limit=_BATCH,
                after_seq=seq,
                ticket_id=ticket_id,
                requester_id=visible_requester(),
                with_internal=not is_customer(),
            )
        )
    if len(found) == _BATCH:
        return _Events(found, found[-1].seq)
    return _Events(found, max([last_seq, *(event.seq for event in found)]))
