"""What requesters say of what was done."""

from services.mesh.caller import current_user
from services.mesh.clock import Clock
from services.ticket.domain import Act, Change, Ticket, rated
from services.ticket.ports.tickets import TicketStore
from services.ticket.use_cases.content_checks import require_text
from services.ticket.use_cases.ticketing import change_ticket


async def rate_ticket(
    store: TicketStore, clock: Clock, ticket_id: str, rating: int, comment: str
) -> Ticket:
    act = Act(current_user(), clock())

    def decide(ticket: Ticket) -> Change:
        require_text("comment", comment)
        return rated(ticket, rating, comment, act)

    return await change_ticket(store, ticket_id, "", decide)
