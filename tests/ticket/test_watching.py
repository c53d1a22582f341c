"""Watches: nothing is missed, nothing foreign is seen, and the end is announced."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AbstractContextManager, aclosing, nullcontext

import pytest

from services.mesh.caller import Caller, TenantId, acting_as
from services.ticket.domain import TicketContent, TicketEvent
from services.ticket.errors.tickets import TicketNotFound
from services.ticket.ports.tickets import TicketStore
from services.ticket.use_cases import ticketing
from services.ticket.use_cases.watching import Done, Heartbeat, Pace, WatchStep, watch_tickets
from tests.ticket.builders import ANNA, BEN, TickingClock, a_customer, an_agent

PATIENT = Pace(poll_seconds=60, heartbeat_seconds=60)
QUICK = Pace(poll_seconds=0.005, heartbeat_seconds=60)
clock = TickingClock()


def watch(
    store: TicketStore,
    pace: Pace = PATIENT,
    *,
    after_seq: int = 0,
    ticket_id: str = "",
    seconds: float = 60,
) -> AsyncGenerator[WatchStep, None]:
    return watch_tickets(store, pace, after_seq=after_seq, ticket_id=ticket_id, seconds=seconds)


async def open_ticket(store: TicketStore, caller: Caller) -> str:
    with acting_as(caller):
        return (await ticketing.open_ticket(store, clock, TicketContent("x"))).ticket_id


async def comment(store: TicketStore, caller: Caller, *, is_internal: bool = False) -> None:
    with acting_as(caller):
        await ticketing.add_comment(store, clock, "1", "x", is_internal=is_internal)


async def next_event(steps: AsyncGenerator[WatchStep, None]) -> TicketEvent:
    async with asyncio.timeout(10):
        step = await anext(steps)
    assert isinstance(step, TicketEvent)
    return step


async def test_a_watch_begins_by_saying_where_it_stands(
    store: TicketStore, tenant_id: TenantId
) -> None:
    await open_ticket(store, a_customer(tenant_id=tenant_id))
    with acting_as(an_agent(tenant_id=tenant_id)):
        async with aclosing(watch(store)) as steps:
            assert await anext(steps) == Heartbeat(1)


async def test_what_happens_in_this_process_is_told_without_a_poll(
    store: TicketStore, tenant_id: TenantId
) -> None:
    with acting_as(an_agent(tenant_id=tenant_id)):
        async with aclosing(watch(store)) as steps:
            await anext(steps)
            coming = asyncio.ensure_future(next_event(steps))
            ticket_id = await open_ticket(store, a_customer(tenant_id=tenant_id))
            event = await coming
    assert (event.seq, event.ticket_id, event.kind) == (1, ticket_id, "OPENED")


class DeafStore:
    """A store whose tickets another process changes: no commit is ever heard of."""

    def __init__(self, store: TicketStore) -> None:
        self.reading = store.reading
        self.transaction = store.transaction

    def listening(self, tenant_id: TenantId) -> AbstractContextManager[asyncio.Event]:
        del tenant_id
        return nullcontext(asyncio.Event())


async def test_what_happens_elsewhere_is_told_after_a_poll(
    store: TicketStore, tenant_id: TenantId
) -> None:
    with acting_as(an_agent(tenant_id=tenant_id)):
        async with aclosing(watch(DeafStore(store), QUICK)) as steps:
            await anext(steps)
            coming = asyncio.ensure_future(next_event(steps))
            await open_ticket(store, a_customer(tenant_id=tenant_id))
            assert (await coming).seq == 1


async def test_a_watch_resumes_without_a_gap(store: TicketStore, tenant_id: TenantId) -> None:
    for _ in range(250):
        await open_ticket(store, a_customer(tenant_id=tenant_id))
    with acting_as(an_agent(tenant_id=tenant_id)):
        async with aclosing(watch(store, after_seq=7)) as steps:
            assert await anext(steps) == Heartbeat(7)
            seen = [(await next_event(steps)).seq for _ in range(243)]
    assert seen == list(range(8, 251))


async def test_a_place_that_does_not_exist_yet_is_not_believed(
    store: TicketStore, tenant_id: TenantId
) -> None:
    await open_ticket(store, a_customer(tenant_id=tenant_id))
    with acting_as(an_agent(tenant_id=tenant_id)):
        async with aclosing(watch(store, after_seq=2**64 - 1)) as steps:
            assert await anext(steps) == Heartbeat(1)


async def test_a_customer_is_told_of_their_own_tickets_and_no_internal_comments(
    store: TicketStore, tenant_id: TenantId, stranger_id: TenantId
) -> None:
    anna, agent = a_customer(ANNA, tenant_id), an_agent(tenant_id=tenant_id)
    own = await open_ticket(store, anna)
    with acting_as(anna):
        async with aclosing(watch(store)) as steps:
            await anext(steps)
            await open_ticket(store, a_customer(BEN, tenant_id))
            await open_ticket(store, a_customer(ANNA, stranger_id))
            await comment(store, agent, is_internal=True)
            await comment(store, agent)
            event = await next_event(steps)
    assert (event.seq, event.ticket_id, event.kind) == (4, own, "COMMENTED")


async def test_one_ticket_can_be_watched(store: TicketStore, tenant_id: TenantId) -> None:
    anna, agent = a_customer(ANNA, tenant_id), an_agent(tenant_id=tenant_id)
    watched = await open_ticket(store, anna)
    with acting_as(agent):
        async with aclosing(watch(store, ticket_id="#1")) as steps:
            await anext(steps)
            await open_ticket(store, anna)
            await comment(store, agent, is_internal=True)
            event = await next_event(steps)
    assert (event.ticket_id, event.kind) == (watched, "COMMENTED")


async def test_a_ticket_of_others_cannot_be_watched(
    store: TicketStore, tenant_id: TenantId, stranger_id: TenantId
) -> None:
    ticket_id = await open_ticket(store, a_customer(ANNA, tenant_id))
    for stranger in (a_customer(BEN, tenant_id), an_agent(tenant_id=stranger_id)):
        with acting_as(stranger), pytest.raises(TicketNotFound):
            await anext(watch(store, ticket_id=ticket_id))


async def test_a_silent_watch_shows_that_it_lives_and_how_far_it_is(
    store: TicketStore, tenant_id: TenantId
) -> None:
    pace = Pace(poll_seconds=60, heartbeat_seconds=0.01)
    with acting_as(a_customer(ANNA, tenant_id)):
        async with aclosing(watch(store, pace)) as steps:
            assert await anext(steps) == Heartbeat(0)
            await open_ticket(store, a_customer(BEN, tenant_id))
            assert await anext(steps) == Heartbeat(1)


async def test_a_watch_ends_with_done(store: TicketStore, tenant_id: TenantId) -> None:
    await open_ticket(store, a_customer(ANNA, tenant_id))
    with acting_as(a_customer(ANNA, tenant_id)):
        steps = [step async for step in watch(store, seconds=0.05)]
    assert steps == [Heartbeat(1), Done(1)]
