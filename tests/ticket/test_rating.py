"""How content requesters were, said by nobody else."""

import grpc
import pytest

from services.ticket.domain import Act, TicketStatus, rated
from services.ticket.errors.tickets import RatingNotAllowed, TransitionNotAllowed
from tests.support.mesh_server import refused
from tests.ticket.builders import ALEX, ANNA, NOON, a_ticket
from tests.ticket.clients import People

RATABLE = {TicketStatus.RESOLVED, TicketStatus.CLOSED}


@pytest.mark.parametrize("status", TicketStatus)
def test_only_what_was_done_is_rated(status: TicketStatus) -> None:
    ticket = a_ticket(status)
    if status in RATABLE:
        change = rated(ticket, 4, "Quick.", Act(ANNA, NOON))
        assert (change.ticket.rating, change.ticket.rating_comment) == (4, "Quick.")
        assert change.ticket.status is status
        assert rated(change.ticket, 4, "Quick.", Act(ANNA, NOON)).events == ()
        with pytest.raises(RatingNotAllowed):
            rated(ticket, 5, "", Act(ALEX, NOON))
        return
    with pytest.raises(TransitionNotAllowed) as refusal:
        rated(ticket, 4, "", Act(ANNA, NOON))
    assert refusal.value.metadata == {"status": status.value, "verb": "rate"}


async def test_a_requester_rates_and_nobody_else(people: People) -> None:
    ticket = await people.anna.opened()
    with refused(grpc.StatusCode.FAILED_PRECONDITION, "TRANSITION_NOT_ALLOWED"):
        await people.anna.RateTicket(ticket_id="1", rating=5)
    await people.alex.ResolveTicket(ticket_id="1")
    rating = await people.anna.RateTicket(ticket_id="1", rating=2, comment="Slow.")
    assert (rating.rating, rating.rating_comment) == (2, "Slow.")
    with refused(grpc.StatusCode.PERMISSION_DENIED, "RATING_NOT_ALLOWED"):
        await people.alex.RateTicket(ticket_id="1", rating=5)
    again = await people.anna.RateTicket(ticket_id="1", rating=4)
    assert await people.alex.GetTicket(ticket_id="1") == again
    assert (again.rating, again.rating_comment) == (4, "")
    log = (await people.alex.ListTicketEvents(ticket_id="1")).events
    assert [event.changes.rating for event in log] == [0, 0, 2, 4]
    for stranger in (people.ben, people.gerd):
        with refused(grpc.StatusCode.NOT_FOUND, "TICKET_NOT_FOUND"):
            await stranger.RateTicket(ticket_id=ticket.ticket_id, rating=1)
    for wrong in ({"rating": 0}, {"rating": 6}, {"rating": 1, "comment": "\0"}):
        with refused(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST"):
            await people.anna.RateTicket(ticket_id="1", **wrong)
    with refused(grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
        await people.nobody.RateTicket(ticket_id="1", rating=1)
