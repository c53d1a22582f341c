"""How content a requester was with what was done."""

from dataclasses import replace

from services.ticket.domain.log import Change, TicketEventKind, event_of
from services.ticket.domain.rules import touched
from services.ticket.domain.ticket import Act, Ticket
from services.ticket.domain.transitions import Verb, status_after
from services.ticket.errors.tickets import RatingNotAllowed


def rated(ticket: Ticket, rating: int, comment: str, act: Act) -> Change:
    """Keeps what the requester says of a solved or closed ticket, instead of what they said."""
    status_after(ticket.status, Verb.RATE)
    if act.actor_id != ticket.requester_id:
        raise RatingNotAllowed
    after = replace(ticket, rating=rating, rating_comment=comment)
    if after == ticket:
        return Change(ticket, ticket)
    after = touched(after, act)
    return Change(ticket, after, (event_of(ticket, after, TicketEventKind.RATED, act),))
