"""Tickets and the rules of their life; nothing here knows a wire or a database."""

from services.ticket.domain.log import (
    Change,
    Changes,
    LogIncompleteError,
    TicketEvent,
    TicketEventKind,
    fold,
)
from services.ticket.domain.rules import assigned, commented, moved, opened, updated
from services.ticket.domain.ticket import (
    Act,
    Comment,
    Impact,
    Ticket,
    TicketContent,
    TicketPriority,
    TicketStatus,
    Urgency,
    require_etag,
)
from services.ticket.domain.transitions import TRANSITIONS, Verb

__all__ = [
    "TRANSITIONS",
    "Act",
    "Change",
    "Changes",
    "Comment",
    "Impact",
    "LogIncompleteError",
    "Ticket",
    "TicketContent",
    "TicketEvent",
    "TicketEventKind",
    "TicketPriority",
    "TicketStatus",
    "Urgency",
    "Verb",
    "assigned",
    "commented",
    "fold",
    "moved",
    "opened",
    "require_etag",
    "updated",
]
