"""What can be done with queues."""

from services.mesh.audit import acts_on
from services.mesh.caller import current_tenant, current_user
from services.mesh.clock import Clock
from services.ticket.domain import DEFAULT_QUEUE, MOST_QUEUES, Act, Queue, requeued
from services.ticket.errors.queues import (
    DefaultQueueNeeded,
    QueueExists,
    QueueNotEmpty,
    QueueNotFound,
    TooManyQueues,
)
from services.ticket.ports.tickets import TicketStore


async def create_queue(store: TicketStore, clock: Clock, name: str) -> Queue:
    acts_on("queue", name)
    queue = Queue(name, clock())
    async with store.transaction(current_tenant()) as tickets:
        if name == DEFAULT_QUEUE or not await tickets.add_queue(queue):
            raise QueueExists(name)
        # Two that come at once may both be the last one; the limit is for the list's sake.
        if len(await tickets.list_queues()) > MOST_QUEUES:
            raise TooManyQueues(MOST_QUEUES)
    return queue


async def list_queues(store: TicketStore) -> list[Queue | None]:
    """The default queue, for which None stands, and the tenant's own by name."""
    async with store.reading(current_tenant()) as tickets:
        return [None, *await tickets.list_queues()]


async def delete_queue(store: TicketStore, clock: Clock, name: str, move_to: str) -> int:
    """Returns how many tickets went to the other queue; closed ones go, too."""
    if name == DEFAULT_QUEUE:
        raise DefaultQueueNeeded(name)
    act = Act(current_user(), clock())
    async with store.transaction(current_tenant()) as tickets:
        there = await tickets.hold_queues({name, move_to} - {""}, to_delete=True)
        if name not in there:
            raise QueueNotFound(name)
        acts_on("queue", name)
        if move_to and (move_to == name or move_to not in {*there, DEFAULT_QUEUE}):
            raise QueueNotFound(move_to)
        waiting = await tickets.lock_queued(name)
        if waiting and not move_to:
            raise QueueNotEmpty(name)
        await tickets.keep_all([requeued(ticket, move_to, act) for ticket in waiting])
        await tickets.delete_queue(name)
    return len(waiting)
