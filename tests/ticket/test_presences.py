"""Who is at a ticket: told to agents of the tenant, and to nobody else."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime, timedelta

import grpc
import pytest

from helpdesk.ticket.v1 import ticket_pb2
from services.mesh.caller import Caller, TenantId, UserId, acting_as
from services.mesh.clock import utc_now
from services.mesh.database import Database
from services.mesh.ids import new_id
from services.ticket.domain import TicketContent
from services.ticket.domain.presence import Activity, Presence
from services.ticket.errors.tickets import TicketNotFound
from services.ticket.ports.tickets import TicketStore
from services.ticket.store import SqlTicketStore
from services.ticket.use_cases import presences, ticketing
from services.ticket.use_cases.watching import Pace, PresenceTold, WatchStep, watch_tickets
from tests.support.mesh_server import refused
from tests.ticket.builders import ALEX, ANNA, BEN, a_customer, an_agent
from tests.ticket.clients import Client, People

GINA = UserId(new_id())
VIEWING, ANSWERING = Activity.VIEWING, Activity.ANSWERING
QUICK = Pace(poll_seconds=0.005, heartbeat_seconds=60)


class Clock:
    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.ahead


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def ticket_id(store: TicketStore, tenant_id: TenantId) -> str:
    with acting_as(a_customer(ANNA, tenant_id)):
        return (await ticketing.open_ticket(store, utc_now, TicketContent("x"))).ticket_id


def told(caller: Caller) -> Caller:
    return replace(caller, permissions=caller.permissions | {presences.LIST_PERMISSION})


class At:
    """People of a tenant who say that they are at one of its tickets."""

    def __init__(
        self, store: TicketStore, clock: Clock, tenant_id: TenantId, ticket_id: str
    ) -> None:
        self.store = store
        self.clock = clock
        self.tenant_id = tenant_id
        self.ticket_id = ticket_id
        self.anna = a_customer(ANNA, tenant_id)
        self.alex, self.gina = (told(an_agent(each, tenant_id)) for each in (ALEX, GINA))

    async def says(self, caller: Caller, activity: Activity, seconds: int = 0) -> list[Presence]:
        with acting_as(caller):
            return await presences.set_presence(
                self.store, self.clock, self.ticket_id, activity, seconds
            )

    async def sees(self, caller: Caller) -> dict[str, Activity]:
        with acting_as(caller):
            found = await presences.list_presences(self.store, self.clock, self.ticket_id)
        return {each.user_id: each.activity for each in found}


@pytest.fixture
def at(store: TicketStore, clock: Clock, tenant_id: TenantId, ticket_id: str) -> At:
    return At(store, clock, tenant_id, ticket_id)


async def test_whoever_comes_is_told_who_else_is_there(at: At) -> None:
    assert await at.says(at.alex, ANSWERING) == []

    [other] = await at.says(at.gina, VIEWING)

    assert (other.user_id, other.activity) == (ALEX, ANSWERING)


async def test_it_is_over_by_itself_and_earlier_when_they_go(at: At) -> None:
    await at.says(at.alex, ANSWERING)
    await at.says(at.gina, VIEWING, 300)
    at.clock.ahead += timedelta(seconds=presences.USUAL_SECONDS)

    assert await at.sees(at.alex) == {GINA: VIEWING}

    await at.says(at.gina, Activity.GONE)
    assert await at.sees(at.alex) == {}


async def test_whoever_says_so_again_stays(at: At) -> None:
    for _ in range(3):
        await at.says(at.alex, VIEWING)
        at.clock.ahead += timedelta(seconds=20)

    assert await at.sees(at.gina) == {ALEX: VIEWING}


async def test_a_customer_is_seen_and_sees_nobody(at: At) -> None:
    await at.says(at.alex, ANSWERING)

    assert await at.says(at.anna, ANSWERING) == []
    assert await at.sees(at.anna) == {}
    # Not even with the permission, for it shows who handles the ticket.
    assert await at.sees(told(at.anna)) == {}
    assert await at.says(told(at.anna), ANSWERING) == []
    assert await at.sees(at.alex) == {ALEX: ANSWERING, ANNA: ANSWERING}


async def test_the_control_would_show_agents_to_the_customer(
    at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    await at.says(at.alex, ANSWERING)
    monkeypatch.setattr(presences, "may_be_told", lambda: True)

    assert await at.sees(at.anna) == {ALEX: ANSWERING}


async def test_at_a_ticket_of_others_nobody_is(at: At, stranger_id: TenantId) -> None:
    strangers = a_customer(BEN, at.tenant_id), told(an_agent(tenant_id=stranger_id))
    for stranger in strangers:
        with pytest.raises(TicketNotFound):
            await at.says(stranger, ANSWERING)
        with pytest.raises(TicketNotFound):
            await at.sees(stranger)
    assert await at.sees(at.alex) == {}


async def next_presence(steps: AsyncGenerator[WatchStep, None]) -> tuple[str, Activity]:
    async with asyncio.timeout(10):
        while not isinstance(step := await anext(steps), PresenceTold):
            pass
    return step.presence.user_id, step.presence.activity


def watching(at: At, clock: Clock | None, **asked: str) -> AsyncGenerator[WatchStep, None]:
    return watch_tickets(
        at.store,
        QUICK,
        after_seq=0,
        ticket_id=asked.get("ticket_id", ""),
        seconds=60,
        present_by=clock,
    )


async def test_a_watch_tells_who_is_there_who_comes_and_who_has_gone(at: At) -> None:
    await at.says(at.gina, VIEWING, 300)
    with acting_as(at.alex):
        async with aclosing(watching(at, at.clock)) as steps:
            assert await next_presence(steps) == (GINA, VIEWING)
            await at.says(at.anna, ANSWERING)
            assert await next_presence(steps) == (ANNA, ANSWERING)
            # That she stays is no news.
            await at.says(at.gina, VIEWING, 300)
            await at.says(at.gina, ANSWERING, 300)
            assert await next_presence(steps) == (GINA, ANSWERING)
            at.clock.ahead += timedelta(seconds=presences.USUAL_SECONDS)
            assert await next_presence(steps) == (ANNA, Activity.GONE)


async def test_a_watch_of_one_ticket_tells_who_is_at_that_one(at: At) -> None:
    with acting_as(at.anna):
        other = await ticketing.open_ticket(at.store, utc_now, TicketContent("y"))
    with acting_as(at.gina):
        await presences.set_presence(at.store, at.clock, other.ticket_id, VIEWING, 300)
    await at.says(at.anna, VIEWING)
    with acting_as(at.alex):
        async with aclosing(watching(at, at.clock, ticket_id=at.ticket_id)) as steps:
            assert await next_presence(steps) == (ANNA, VIEWING)
            await at.says(at.anna, Activity.GONE)
            assert await next_presence(steps) == (ANNA, Activity.GONE)


async def test_another_process_with_the_same_database_is_told(
    database: Database, tenant_id: TenantId, clock: Clock
) -> None:
    """Two stores, as two replicas have them: neither hears of the other's commits."""
    here, there = SqlTicketStore(database), SqlTicketStore(database)
    with acting_as(a_customer(ANNA, tenant_id)):
        ticket = await ticketing.open_ticket(here, utc_now, TicketContent("x"))
    at = At(here, clock, tenant_id, ticket.ticket_id)
    elsewhere = At(there, clock, tenant_id, ticket.ticket_id)
    with acting_as(at.alex):
        async with aclosing(watching(at, clock)) as steps:
            await anext(steps)
            await elsewhere.says(elsewhere.gina, ANSWERING)
            assert await next_presence(steps) == (GINA, ANSWERING)
    assert await at.sees(at.alex) == {GINA: ANSWERING}


async def told_between(
    people: People, client: Client, *, with_presences: bool, by: Client | None = None
) -> list[str]:
    """Whom the stream names before the second of two tickets that are opened meanwhile."""
    stream = client.WatchTickets(with_presences=with_presences)
    told: list[str] = []
    await anext(steps := aiter(stream))
    for _ in range(2):
        await (by or people.anna).opened()
        while not (step := await anext(steps)).HasField("ticket_event"):
            told += [step.presence.user_id] if step.HasField("presence") else []
    stream.cancel()
    return told


async def test_agents_are_told_by_the_stream_and_customers_are_not(people: People) -> None:
    ticket = await people.anna.opened()
    said = await people.alex.SetPresence(
        ticket_id=ticket.ticket_id, activity=ticket_pb2.TICKET_ACTIVITY_ANSWERING, seconds=300
    )
    assert list(said.others) == []

    assert await told_between(people, people.alex, with_presences=True) == [people.alex.user_id]
    assert await told_between(people, people.alex, with_presences=False) == []
    assert await told_between(people, people.anna, with_presences=True) == []
    [present] = (await people.alex.ListPresences(ticket_id=ticket.ticket_id)).presences
    assert present.activity == ticket_pb2.TICKET_ACTIVITY_ANSWERING


async def test_the_walls_hold_over_the_wire(people: People) -> None:
    ticket_id = (await people.anna.opened()).ticket_id
    for stranger in (people.ben, people.gerd):
        with refused(grpc.StatusCode.NOT_FOUND, "TICKET_NOT_FOUND"):
            await stranger.SetPresence(ticket_id=ticket_id)
    with refused(grpc.StatusCode.NOT_FOUND, "TICKET_NOT_FOUND"):
        await people.gerd.ListPresences(ticket_id=ticket_id)
    for call in (people.nobody.SetPresence, people.nobody.ListPresences, people.anna.ListPresences):
        with refused(grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
            await call(ticket_id=ticket_id)


async def test_a_stranger_is_told_of_nobody(people: People) -> None:
    ticket_id = (await people.anna.opened()).ticket_id
    viewing = ticket_pb2.TICKET_ACTIVITY_VIEWING
    await people.alex.SetPresence(ticket_id=ticket_id, activity=viewing, seconds=300)

    assert await told_between(people, people.gerd, with_presences=True, by=people.gerd) == []


@pytest.mark.parametrize(
    "wrong", [{"seconds": -1}, {"seconds": 301}, {"activity": 7}, {"ticket_id": ""}]
)
async def test_what_makes_no_sense_is_refused(people: People, wrong: dict[str, object]) -> None:
    fields = {"ticket_id": (await people.anna.opened()).ticket_id, **wrong}
    with refused(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST"):
        await people.alex.SetPresence(**fields)
