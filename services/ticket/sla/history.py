"""A ticket's log, as far as its clocks care."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.ticket.domain import TicketPriority, TicketStatus


class Happening(StrEnum):
    """A customer's opening is something that they wrote; internal comments are CHANGED."""

    CUSTOMER_WROTE = "CUSTOMER_WROTE"
    AGENT_WROTE = "AGENT_WROTE"
    CHANGED = "CHANGED"
    MERGED = "MERGED"


@dataclass(frozen=True)
class HistoryEntry:
    """Status and priority are those afterwards. The first entry of a history opens the ticket."""

    time: datetime
    happening: Happening
    status: TicketStatus
    priority: TicketPriority
