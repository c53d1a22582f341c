"""Who follows a ticket, and that customers do not learn of it."""

import grpc
import pytest

from services.mesh.caller import UserId
from services.ticket.domain import MOST_FOLLOWERS, Act, TicketStatus, followed, unfollowed
from services.ticket.errors.tickets import TooManyFollowers
from tests.support.mesh_server import refused
from tests.ticket.builders import ALEX, ANNA, NOON, a_ticket
from tests.ticket.clients import People

ACT = Act(ALEX, NOON)


def test_following_twice_leaves_what_once_leaves() -> None:
    once = followed(a_ticket(), ALEX, ACT).ticket
    assert followed(once, ALEX, ACT).events == ()
    both = followed(once, UserId("agnes"), ACT).ticket
    assert both.follower_ids == ("agnes", "alex")
    alone = unfollowed(both, ALEX, ACT)
    assert alone.ticket.follower_ids == ("agnes",)
    assert unfollowed(alone.ticket, ANNA, ACT).events == ()


def test_following_leaves_no_trace_that_customers_see() -> None:
    ticket = a_ticket(TicketStatus.CLOSED)
    change = followed(ticket, ALEX, ACT)
    assert (change.ticket.etag, change.ticket.update_time) == (ticket.etag, ticket.update_time)
    assert [event.is_internal for event in change.events] == [True]
    assert change.events[0].changes == {"follower_ids": ("alex",)}


def test_a_ticket_has_only_so_many_followers() -> None:
    ticket = a_ticket()
    for number in range(MOST_FOLLOWERS):
        ticket = followed(ticket, UserId(f"user-{number}"), ACT).ticket
    with pytest.raises(TooManyFollowers) as refusal:
        followed(ticket, ALEX, ACT)
    assert refusal.value.metadata == {"most": "50"}
    assert followed(ticket, UserId("user-0"), ACT).events == ()


async def test_agents_follow_and_customers_are_not_told(people: People) -> None:
    ticket = await people.anna.opened()
    mine = await people.alex.FollowTicket(ticket_id=ticket.ticket_id)
    assert list(mine.follower_ids) == [people.alex.user_id]
    both = await people.alex.FollowTicket(ticket_id="1", user_id=people.ben.user_id)
    assert set(both.follower_ids) == {people.alex.user_id, people.ben.user_id}
    assert await people.anna.GetTicket(ticket_id=ticket.ticket_id) == ticket
    assert len((await people.anna.ListTicketEvents(ticket_id="1")).events) == 1
    log = (await people.alex.ListTicketEvents(ticket_id="1")).events
    assert [list(event.changes.follower_ids) for event in log[1:]] == [
        list(mine.follower_ids),
        list(both.follower_ids),
    ]
    left = await people.alex.UnfollowTicket(ticket_id="1")
    assert list(left.follower_ids) == [people.ben.user_id]
    for call in (people.nobody.FollowTicket, people.nobody.UnfollowTicket):
        with refused(grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
            await call(ticket_id="1")
    for call in (people.gerd.FollowTicket, people.gerd.UnfollowTicket):
        with refused(grpc.StatusCode.NOT_FOUND, "TICKET_NOT_FOUND"):
            await call(ticket_id=ticket.ticket_id)
    with refused(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST"):
        await people.alex.FollowTicket(ticket_id="1", user_id="\0")
