"""The statuses of a ticket, and the steps from one to the next."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from services.ticket.domain.ticket import TicketStatus
from services.ticket.errors.tickets import TransitionNotAllowed


class Verb(StrEnum):
    UPDATE = "update"
    COMMENT = "comment"
    ASSIGN = "assign"
    PEND = "pend"
    RESOLVE = "resolve"
    REOPEN = "reopen"
    CLOSE = "close"
    ABSORB = "absorb"
    RATE = "rate"
    ATTACH = "attach"


_NEW, _OPEN, _PENDING, _RESOLVED, _CLOSED = TicketStatus

# What is not in here is refused; CLOSED has no way out.
TRANSITIONS: Mapping[tuple[TicketStatus, Verb], TicketStatus] = MappingProxyType(
    {
        (_NEW, Verb.UPDATE): _NEW,
        (_NEW, Verb.COMMENT): _NEW,
        (_NEW, Verb.ATTACH): _NEW,
        (_NEW, Verb.ABSORB): _NEW,
        (_NEW, Verb.ASSIGN): _OPEN,
        (_NEW, Verb.PEND): _PENDING,
        (_NEW, Verb.RESOLVE): _RESOLVED,
        (_OPEN, Verb.UPDATE): _OPEN,
        (_OPEN, Verb.COMMENT): _OPEN,
        (_OPEN, Verb.ATTACH): _OPEN,
        (_OPEN, Verb.ABSORB): _OPEN,
        (_OPEN, Verb.ASSIGN): _OPEN,
        (_OPEN, Verb.PEND): _PENDING,
        (_OPEN, Verb.RESOLVE): _RESOLVED,
        (_PENDING, Verb.UPDATE): _PENDING,
        (_PENDING, Verb.COMMENT): _PENDING,
        (_PENDING, Verb.ATTACH): _PENDING,
        (_PENDING, Verb.ABSORB): _PENDING,
        (_PENDING, Verb.ASSIGN): _PENDING,
        (_PENDING, Verb.RESOLVE): _RESOLVED,
        (_PENDING, Verb.REOPEN): _OPEN,
        (_RESOLVED, Verb.UPDATE): _RESOLVED,
        (_RESOLVED, Verb.COMMENT): _RESOLVED,
        (_RESOLVED, Verb.ATTACH): _RESOLVED,
        (_RESOLVED, Verb.ABSORB): _RESOLVED,
        (_RESOLVED, Verb.ASSIGN): _RESOLVED,
        (_RESOLVED, Verb.REOPEN): _OPEN,
        (_RESOLVED, Verb.CLOSE): _CLOSED,
        (_RESOLVED, Verb.RATE): _RESOLVED,
        (_CLOSED, Verb.RATE): _CLOSED,
    }
)


def status_after(status: TicketStatus, verb: Verb) -> TicketStatus:
    """Raises TransitionNotAllowed for a step that the table does not know."""
    after = TRANSITIONS.get((status, verb))
    if after is None:
        raise TransitionNotAllowed(status, verb)
    return after
