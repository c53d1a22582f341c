"""A ticket's log, as far as its clocks care."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.ticket.domain import (
    Ticket,
    TicketEvent,
    TicketEventKind,
    TicketPriority,
    TicketStatus,
)
from services.ticket.domain.mail_senders import is_sender_id

TURNS = frozenset(
    {TicketEventKind.SLA_AMBER, TicketEventKind.SLA_RED, TicketEventKind.SLA_BREACHED}
)


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


def history_of(ticket: Ticket, events: Iterable[TicketEvent]) -> list[HistoryEntry]:
    """Makes it from all events of the ticket, in their order.

    Only the last priority counts, so the one that the ticket has stands for all: older entries of
    the log do not say theirs.
    """
    return [
        HistoryEntry(event.create_time, _happening(ticket, event), event.status, ticket.priority)
        for event in events
        if event.kind not in TURNS
    ]


def _happening(ticket: Ticket, event: TicketEvent) -> Happening:
    if event.kind is TicketEventKind.OPENED:
        return Happening.CUSTOMER_WROTE
    if event.kind is TicketEventKind.MERGED:
        return Happening.MERGED
    if event.kind is not TicketEventKind.COMMENTED or event.is_internal:
        return Happening.CHANGED
    # Agents log in; whoever joins in by mail is with the customer.
    by_customer = event.actor_id == ticket.requester_id or is_sender_id(event.actor_id)
    return Happening.CUSTOMER_WROTE if by_customer else Happening.AGENT_WROTE
