"""Every ticket is in a queue, whatever happens to the queues."""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from helpdesk.ticket.v1 import queue_service_pb2, ticket_pb2
from services.mesh.caller import TenantId, acting_as
from services.ticket.domain import DEFAULT_QUEUE, MOST_QUEUES, Queue, TicketContent, fold
from services.ticket.errors.queues import QueueNotFound, TooManyQueues
from services.ticket.ports.tickets import EventQuery, TicketQuery, TicketStore
from services.ticket.store import SqlTicketStore
from services.ticket.use_cases import queueing, ticketing
from tests.support.mesh_server import refused
from tests.ticket.builders import NOON, TickingClock, a_customer, an_agent
from tests.ticket.clients import Client, People
from tests.ticket.desk import Desk

NOT_FOUND = grpc.StatusCode.NOT_FOUND
FAILED_PRECONDITION = grpc.StatusCode.FAILED_PRECONDITION
IN_NETWORK = TicketContent("No Wi-Fi", queue="network")


async def names(client: Client) -> list[str]:
    return [queue.name for queue in (await client.ListQueues()).queues]


async def make(client: Client, *queues: str) -> None:
    for name in queues:
        await client.CreateQueue(queue=queue_service_pb2.Queue(name=name))


async def test_queues_are_made_and_listed(people: People) -> None:
    assert await names(people.alex) == ["general"]
    await make(people.alex, "network", "billing")
    assert await names(people.alex) == ["general", "billing", "network"]
    assert await names(people.gerd) == ["general"]
    for name in ("network", "general"):
        with refused(grpc.StatusCode.ALREADY_EXISTS, "QUEUE_EXISTS") as refusals:
            await make(people.alex, name)
        assert refusals[0].metadata == {"queue": name}
    with refused(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST"):
        await make(people.alex, "No Spaces")
    for call in (
        people.nobody.ListQueues(),
        people.nobody.CreateQueue(queue=queue_service_pb2.Queue(name="x")),
        people.nobody.DeleteQueue(name="x"),
    ):
        with refused(grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
            await call


async def test_a_ticket_waits_in_the_queue_that_is_named(people: People) -> None:
    await make(people.alex, "network")
    assert (await people.anna.opened()).queue == "general"
    ticket = await people.anna.opened(queue="network", ticket_type=ticket_pb2.TICKET_TYPE_INCIDENT)
    assert (ticket.queue, ticket.ticket_type) == ("network", ticket_pb2.TICKET_TYPE_INCIDENT)
    for queue in ("nowhere", "net-work"):
        with refused(NOT_FOUND, "QUEUE_NOT_FOUND") as refusals:
            await people.anna.opened(queue=queue)
        assert refusals[0].metadata == {"queue": queue}
    content = ticket_pb2.Ticket(ticket_id=ticket.ticket_id, queue="nowhere")
    with refused(NOT_FOUND, "QUEUE_NOT_FOUND"):
        await people.alex.UpdateTicket(ticket=content)
    # What the mask leaves out is not looked at.
    await people.alex.UpdateTicket(ticket=content, update_mask=FieldMask(paths=["ticket_type"]))
    content.queue = ""
    moved = await people.alex.UpdateTicket(ticket=content, update_mask=FieldMask(paths=["queue"]))
    assert (moved.queue, moved.ticket_type) == ("general", 0)


async def test_another_tenants_queue_is_none(people: People) -> None:
    await make(people.gerd, "network")
    with refused(NOT_FOUND, "QUEUE_NOT_FOUND"):
        await people.anna.opened(queue="network")
    for name in ("network", "nowhere"):
        with refused(NOT_FOUND, "QUEUE_NOT_FOUND") as refusals:
            await people.alex.DeleteQueue(name=name)
        assert refusals[0].message == "There is no such queue."
    assert await names(people.gerd) == ["general", "network"]


async def test_a_queue_with_tickets_says_where_they_go(people: People) -> None:
    await make(people.alex, "network", "billing")
    ticket = await people.anna.opened(queue="network")
    closed = await people.anna.opened(queue="network")
    await people.alex.ResolveTicket(ticket_id=closed.ticket_id)
    await people.alex.CloseTicket(ticket_id=closed.ticket_id)
    with refused(FAILED_PRECONDITION, "DEFAULT_QUEUE_NEEDED"):
        await people.alex.DeleteQueue(name="general", move_to="billing")
    with refused(FAILED_PRECONDITION, "QUEUE_NOT_EMPTY") as refusals:
        await people.alex.DeleteQueue(name="network")
    assert refusals[0].metadata == {"queue": "network"}
    for nowhere in ("nowhere", "network"):
        with refused(NOT_FOUND, "QUEUE_NOT_FOUND"):
            await people.alex.DeleteQueue(name="network", move_to=nowhere)
    assert (await people.alex.GetTicket(ticket_id=ticket.ticket_id)).queue == "network"
    gone = await people.alex.DeleteQueue(name="network", move_to="billing")
    assert gone.moved_tickets == 2
    for one in (ticket, closed):
        assert (await people.alex.GetTicket(ticket_id=one.ticket_id)).queue == "billing"
    event = (await people.alex.ListTicketEvents(ticket_id=closed.ticket_id)).events[-1]
    assert (event.changes.queue, event.cause) == ("billing", "the queue network was deleted")
    assert (await people.alex.DeleteQueue(name="billing", move_to="general")).moved_tickets == 2
    await make(people.alex, "empty")
    assert (await people.alex.DeleteQueue(name="empty")).moved_tickets == 0
    assert await names(people.alex) == ["general"]


async def test_a_tenant_has_only_so_many_queues(desk: Desk) -> None:
    with acting_as(an_agent()):
        for number in range(MOST_QUEUES):
            await queueing.create_queue(desk.store, desk.clock, f"queue-{number}")
        with pytest.raises(TooManyQueues) as refusal:
            await queueing.create_queue(desk.store, desk.clock, "one-more")
        assert len(await queueing.list_queues(desk.store)) == MOST_QUEUES + 1
    assert refusal.value.metadata == {"most": "100"}


async def test_the_store_keeps_queues(
    store: TicketStore, tenant_id: TenantId, stranger_id: TenantId
) -> None:
    network, billing = Queue("network", NOON), Queue("billing", NOON)
    async with store.transaction(tenant_id) as tickets:
        assert [await tickets.add_queue(one) for one in (network, billing, network)] == [
            True,
            True,
            False,
        ]
        assert await tickets.list_queues() == [billing, network]
        asked = ["network", "nowhere", DEFAULT_QUEUE]
        assert await tickets.hold_queues(asked, to_delete=False) == {"network"}
    async with store.transaction(stranger_id) as tickets:
        await tickets.delete_queue("network")
        assert await tickets.hold_queues(["network"], to_delete=True) == frozenset()
    async with store.transaction(tenant_id) as tickets:
        await tickets.delete_queue("network")
        assert await tickets.list_queues() == [billing]


async def tickets_without_a_queue(store: TicketStore, tenant_id: TenantId) -> int:
    """Opens tickets in a queue, moves them, and deletes the queue, all at once, again and again."""
    clock = TickingClock()

    async def attempt(deed: Awaitable[object]) -> None:
        with suppress(QueueNotFound):
            await deed

    with acting_as(an_agent(tenant_id=tenant_id)):
        for _ in range(5):
            await queueing.create_queue(store, clock, "network")
            ticket = await ticketing.open_ticket(store, clock, TicketContent("x"))
            await asyncio.gather(
                *(attempt(ticketing.open_ticket(store, clock, IN_NETWORK)) for _ in range(3)),
                attempt(queueing.delete_queue(store, clock, "network", DEFAULT_QUEUE)),
                attempt(
                    ticketing.update_ticket(
                        store, clock, ticket.ticket_id, IN_NETWORK, paths=["queue"], etag=""
                    )
                ),
                *(attempt(ticketing.open_ticket(store, clock, IN_NETWORK)) for _ in range(3)),
            )
    async with store.reading(tenant_id) as tickets:
        found = await tickets.list_tickets(TicketQuery(limit=100))
        for each in found:
            log = await tickets.list_events(EventQuery(limit=9, ticket_id=each.ticket_id))
            assert fold(log) == each
    return sum(each.queue != DEFAULT_QUEUE for each in found)


async def test_no_ticket_is_without_a_queue(sql_store: SqlTicketStore, tenant_id: TenantId) -> None:
    assert await tickets_without_a_queue(sql_store, tenant_id) == 0


async def test_without_holding_the_queue_there_would_be_some(
    sql_store: SqlTicketStore, tenant_id: TenantId, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the test above."""

    async def holds_nothing(*_: object) -> None: ...

    monkeypatch.setattr(ticketing, "require_queues", holds_nothing)
    assert await tickets_without_a_queue(sql_store, tenant_id) > 0


async def test_a_customer_may_name_a_queue(desk: Desk) -> None:
    with acting_as(an_agent()):
        await queueing.create_queue(desk.store, desk.clock, "network")
    assert (await desk.opened_by(a_customer(), IN_NETWORK)).queue == "network"
