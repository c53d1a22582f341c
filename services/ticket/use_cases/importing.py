"""How a ticket is taken over from elsewhere."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from services.mesh.audit import acts_on
from services.mesh.caller import current_tenant, current_user
from services.mesh.clock import Clock
from services.mesh.ids import is_id, new_id
from services.ticket.domain import DEFAULT_QUEUE, MOST_FOLLOWERS, Act, Ticket
from services.ticket.domain.imports import (
    LARGEST_KEPT_NUMBER,
    History,
    Origin,
    has_fields,
    imported,
    with_own_fields,
)
from services.ticket.errors.queues import QueueNotFound
from services.ticket.errors.tickets import TooManyFollowers
from services.ticket.ports.tickets import TicketStore, TicketWriting

# Of this product's own exports: what they name by id may be in this very tenant.
OWN_SOURCE = "helpdesk"


@dataclass(frozen=True)
class ImportedTicket:
    ticket: Ticket
    was_there: bool


async def import_ticket(
    store: TicketStore,
    clock: Clock,
    origin: Origin,
    told: Callable[[str, Act], History],
) -> ImportedTicket:
    """`told` makes the history of a ticket with this id, which has no number of its own yet."""
    act = Act(current_user(), clock())
    history = told(new_id(), act)
    async with store.transaction(current_tenant()) as tickets:
        await _require_queue(tickets, history.ticket.queue)
        if len(history.ticket.follower_ids) > MOST_FOLLOWERS:
            raise TooManyFollowers(MOST_FOLLOWERS)
        known = await _find(tickets, origin, history.ticket.ticket_id)
        if known is not None:
            acts_on("ticket", known.ticket_id)
            return ImportedTicket(known, was_there=True)
        wanted = history.ticket.number
        kept = wanted if wanted <= LARGEST_KEPT_NUMBER else 0
        history = _numbered(history, await tickets.take_number(kept))
        if has_fields(history):
            history = with_own_fields(history, await tickets.list_fields())
        history = imported(history, act, origin)
        await tickets.keep_history(history)
        acts_on("ticket", history.ticket.ticket_id)
        return ImportedTicket(history.ticket, was_there=False)


async def _find(tickets: TicketWriting, origin: Origin, ticket_id: str) -> Ticket | None:
    if origin.source == OWN_SOURCE and is_id(origin.foreign_id):
        own = await tickets.find(origin.foreign_id)
        if own is not None:
            return own
    taken_by = await tickets.take_origin(origin, ticket_id)
    return None if taken_by == ticket_id else await tickets.find(taken_by)


async def _require_queue(tickets: TicketWriting, queue: str) -> None:
    if queue == DEFAULT_QUEUE:
        return
    if queue not in await tickets.hold_queues([queue], to_delete=False):
        raise QueueNotFound(queue)


def _numbered(history: History, number: int) -> History:
    return replace(history, ticket=replace(history.ticket, number=number))
