"""Links between tickets, which lead in no circle."""

import asyncio

import grpc
import pytest

from helpdesk.ticket.v1 import ticket_pb2
from services.mesh.caller import TenantId, acting_as
from services.mesh.ids import new_id
from services.ticket.domain import MOST_LINKS, Link, LinkKind
from services.ticket.errors.links import LinkCycle, TooManyLinks
from services.ticket.ports.tickets import TicketStore, TicketWriting
from services.ticket.store import SqlTicketStore
from services.ticket.use_cases import linking
from tests.support.mesh_server import refused
from tests.ticket.builders import NOON, TickingClock, a_customer, an_agent, an_opening
from tests.ticket.clients import People
from tests.ticket.desk import Desk

NOT_FOUND = grpc.StatusCode.NOT_FOUND
DUPLICATE_OF, BLOCKS, CHILD_OF, SPLIT_FROM = ticket_pb2.TicketLinkKind.values()[1:]


async def test_tickets_are_linked_and_the_links_taken_away(people: People) -> None:
    ticket, other = await people.anna.opened(), await people.ben.opened()
    both = {"ticket_id": ticket.ticket_id, "other_ticket_id": other.ticket_id}
    link = await people.alex.LinkTickets(**both, kind=BLOCKS)
    assert (link.ticket_id, link.other_ticket_id) == tuple(both.values())
    assert await people.alex.LinkTickets(ticket_id="1", other_ticket_id="2", kind=BLOCKS) == link
    parent = await people.alex.LinkTickets(**both, kind=CHILD_OF)
    for one in (ticket, other):
        listed = await people.alex.ListTicketLinks(ticket_id=one.ticket_id)
        assert list(listed.links) == [link, parent]
        assert await people.alex.GetTicket(ticket_id=one.ticket_id) == one
    events = (await people.alex.ListTicketEvents(ticket_id="1")).events
    assert [(event.other_ticket_id, event.link_kind) for event in events[1:]] == [
        (other.ticket_id, BLOCKS),
        (other.ticket_id, CHILD_OF),
    ]
    assert len((await people.anna.ListTicketEvents(ticket_id="1")).events) == 1
    await people.alex.UnlinkTickets(**both, kind=BLOCKS)
    with refused(NOT_FOUND, "LINK_NOT_FOUND") as refusals:
        await people.alex.UnlinkTickets(**both, kind=BLOCKS)
    assert refusals[0].metadata == {"kind": "BLOCKS"}
    assert list((await people.alex.ListTicketLinks(ticket_id="2")).links) == [parent]


async def test_links_of_one_kind_lead_in_no_circle(people: People) -> None:
    ids = [(await people.anna.opened()).ticket_id for _ in range(3)]
    for ticket_id, other_id in ((ids[0], ids[1]), (ids[1], ids[2]), (ids[0], ids[2])):
        await people.alex.LinkTickets(ticket_id=ticket_id, other_ticket_id=other_id, kind=BLOCKS)
    for ticket_id, other_id in ((ids[2], ids[0]), (ids[1], ids[0]), (ids[1], ids[1])):
        with refused(grpc.StatusCode.FAILED_PRECONDITION, "LINK_CYCLE") as refusals:
            await people.alex.LinkTickets(
                ticket_id=ticket_id, other_ticket_id=other_id, kind=BLOCKS
            )
        assert refusals[0].metadata == {"kind": "BLOCKS"}
    # Links of another kind know nothing of these.
    await people.alex.LinkTickets(ticket_id=ids[2], other_ticket_id=ids[0], kind=DUPLICATE_OF)


@pytest.mark.parametrize("kind", [0, SPLIT_FROM, 99])
async def test_only_splitting_makes_some_links(people: People, kind: int) -> None:
    await people.anna.opened()
    with refused(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST"):
        await people.alex.LinkTickets(ticket_id="1", other_ticket_id="1", kind=kind)


async def test_others_tickets_are_not_there(people: People) -> None:
    ours, theirs = await people.anna.opened(), await people.gerd.opened()
    for ids in (
        {"ticket_id": ours.ticket_id, "other_ticket_id": theirs.ticket_id},
        {"ticket_id": theirs.ticket_id, "other_ticket_id": ours.ticket_id},
    ):
        for call in (people.alex.LinkTickets, people.alex.UnlinkTickets):
            with refused(NOT_FOUND, "TICKET_NOT_FOUND") as refusals:
                await call(**ids, kind=BLOCKS)
            assert refusals[0].metadata == {"ticket_id": theirs.ticket_id}
    with refused(NOT_FOUND, "TICKET_NOT_FOUND"):
        await people.alex.ListTicketLinks(ticket_id=theirs.ticket_id)
    needed = "PERMISSION_MISSING"
    both = {"ticket_id": "1", "other_ticket_id": "1", "kind": BLOCKS}
    for call in (
        people.nobody.LinkTickets(**both),
        people.nobody.UnlinkTickets(**both),
        people.nobody.ListTicketLinks(ticket_id="1"),
    ):
        with refused(grpc.StatusCode.PERMISSION_DENIED, needed):
            await call


async def test_a_ticket_has_only_so_many_links(desk: Desk) -> None:
    ticket = await desk.opened_by(a_customer())
    agent = an_agent()
    async with desk.store.transaction(agent.tenant_id or TenantId("")) as tickets:
        for _ in range(MOST_LINKS):
            await tickets.add_link(Link(ticket.ticket_id, LinkKind.BLOCKS, new_id(), NOON))
    other = await desk.opened_by(a_customer())
    for one, another in ((ticket, other), (other, ticket)):
        with acting_as(agent), pytest.raises(TooManyLinks) as refusal:
            await linking.link_tickets(
                desk.store, desk.clock, one.ticket_id, LinkKind.CHILD_OF, another.ticket_id
            )
        assert refusal.value.metadata == {"most": "500"}


async def test_the_store_keeps_links(
    store: TicketStore, tenant_id: TenantId, stranger_id: TenantId
) -> None:
    openings = [an_opening(number) for number in (1, 2, 3)]
    one, two, three = (opening.ticket.ticket_id for opening in openings)
    first, second = Link(one, LinkKind.BLOCKS, two, NOON), Link(two, LinkKind.BLOCKS, three, NOON)
    async with store.transaction(tenant_id) as tickets:
        await tickets.keep_all(openings)
        assert [await tickets.add_link(link) for link in (first, second, first)] == [
            True,
            True,
            False,
        ]
    async with store.transaction(stranger_id) as tickets:
        assert not await tickets.delete_link(one, LinkKind.BLOCKS, two)
    async with store.transaction(tenant_id) as tickets:
        assert {*await tickets.list_links(two)} == {first, second}
        assert await tickets.list_links(one) == [first]
        assert await tickets.leads_to([one, two], LinkKind.BLOCKS) == {two, three}
        assert await tickets.leads_to([one], LinkKind.CHILD_OF) == frozenset()
        assert not await tickets.delete_link(one, LinkKind.CHILD_OF, two)
        assert await tickets.delete_link(one, LinkKind.BLOCKS, two)
        assert await tickets.list_links(two) == [second]


async def circles_closed_at_once(store: TicketStore, tenant_id: TenantId) -> int:
    """Three links that together make a circle come at the same time, again and again."""
    clock = TickingClock()
    circles = 0
    with acting_as(an_agent(tenant_id=tenant_id)):
        for attempt in range(8):
            openings = [an_opening(attempt * 3 + place + 1) for place in range(3)]
            async with store.transaction(tenant_id) as tickets:
                await tickets.keep_all(openings)
            ids = [opening.ticket.ticket_id for opening in openings]
            outcomes = await asyncio.gather(
                *(
                    linking.link_tickets(store, clock, ids[i], LinkKind.BLOCKS, ids[(i + 1) % 3])
                    for i in range(3)
                ),
                return_exceptions=True,
            )
            refusals = [one for one in outcomes if not isinstance(one, Link)]
            assert all(isinstance(one, LinkCycle) for one in refusals)
            circles += not refusals
    return circles


async def test_links_that_come_at_once_close_no_circle(
    sql_store: SqlTicketStore, tenant_id: TenantId
) -> None:
    assert await circles_closed_at_once(sql_store, tenant_id) == 0


async def test_without_looking_they_would(
    sql_store: SqlTicketStore, tenant_id: TenantId, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the test above."""

    async def looks_away(tickets: TicketWriting, link: Link) -> None: ...

    monkeypatch.setattr(linking, "_require_no_cycle", looks_away)
    assert await circles_closed_at_once(sql_store, tenant_id) > 0
