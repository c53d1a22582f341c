"""Who follows a ticket."""

from dataclasses import replace

from services.mesh.caller import UserId
from services.ticket.domain.log import Change, TicketEventKind, event_of
from services.ticket.domain.ticket import Act, Ticket
from services.ticket.errors.tickets import TooManyFollowers

MOST_FOLLOWERS = 50


def followed(ticket: Ticket, user_id: UserId, act: Act) -> Change:
    return _with_followers(ticket, {*ticket.follower_ids, user_id}, act)


def unfollowed(ticket: Ticket, user_id: UserId, act: Act) -> Change:
    return _with_followers(ticket, {*ticket.follower_ids} - {user_id}, act)


def _with_followers(ticket: Ticket, user_ids: set[UserId], act: Act) -> Change:
    """Leaves the etag and the update time alone, which would tell customers of it."""
    if len(user_ids) > MOST_FOLLOWERS:
        raise TooManyFollowers(MOST_FOLLOWERS)
    after = replace(ticket, follower_ids=tuple(sorted(user_ids)))
    if after == ticket:
        return Change(ticket, ticket)
    event = event_of(ticket, after, TicketEventKind.FOLLOWED, act)
    return Change(ticket, after, (replace(event, is_internal=True),))
