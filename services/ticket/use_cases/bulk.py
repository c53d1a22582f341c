"""One thing that is done to many tickets, each in a transaction of its own."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from services.mesh.caller import current_caller
from services.mesh.clock import Clock
from services.mesh.errors import MeshError, PermissionMissing
from services.ticket.domain import Ticket, TicketContent, Verb
from services.ticket.ports.tickets import TicketStore
from services.ticket.use_cases import ticketing
from services.ticket.use_cases.macros import MacroDesk, apply_macro, get_macro, require_permissions

_STEPS = {
    Verb.PEND: ticketing.pend_ticket,
    Verb.RESOLVE: ticketing.resolve_ticket,
    Verb.REOPEN: ticketing.reopen_ticket,
    Verb.CLOSE: ticketing.close_ticket,
}


@dataclass(frozen=True)
class BulkResult:
    """Of one ticket: what it became, or why it stayed as it was."""

    ticket_id: str
    outcome: Ticket | MeshError


async def update_all(
    store: TicketStore, clock: Clock, ticket_ids: Sequence[str], content: TicketContent
) -> list[BulkResult]:
    """Changes what the content says and leaves the rest."""
    _require_permission(f"ticket.tickets.{Verb.UPDATE}")
    return await _each(
        ticket_ids,
        lambda ticket_id: ticketing.update_ticket(
            store, clock, ticket_id, content, paths=(), etag=""
        ),
    )


async def assign_all(
    store: TicketStore, clock: Clock, ticket_ids: Sequence[str], assignee_id: str
) -> list[BulkResult]:
    _require_permission(f"ticket.tickets.{Verb.ASSIGN}")
    return await _each(
        ticket_ids,
        lambda ticket_id: ticketing.assign_ticket(store, clock, ticket_id, assignee_id, ""),
    )


async def move_all(
    store: TicketStore, clock: Clock, ticket_ids: Sequence[str], verb: Verb
) -> list[BulkResult]:
    step = _STEPS[verb]
    _require_permission(f"ticket.tickets.{verb}")
    return await _each(ticket_ids, lambda ticket_id: step(store, clock, ticket_id, ""))


async def apply_to_all(desk: MacroDesk, ticket_ids: Sequence[str], name: str) -> list[BulkResult]:
    """Raises MacroNotFound, and PermissionMissing for all at once."""
    _require_permission("ticket.macros.apply")
    require_permissions(await get_macro(desk, name))
    return await _each(ticket_ids, lambda ticket_id: apply_macro(desk, ticket_id, name))


async def _each(
    ticket_ids: Sequence[str], deed: Callable[[str], Awaitable[Ticket]]
) -> list[BulkResult]:
    results = []
    for ticket_id in ticket_ids:
        outcome: Ticket | MeshError
        try:
            outcome = await deed(ticket_id)
        except MeshError as error:
            outcome = error
        results.append(BulkResult(ticket_id, outcome))
    return results


def _require_permission(needed: str) -> None:
    """What may not be done to one ticket may not be done to many."""
    if not current_caller().may(needed):
        raise PermissionMissing(
            "You lack the permission that this needs.", metadata={"permission": needed}
        )
