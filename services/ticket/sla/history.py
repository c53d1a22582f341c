"""A ticket's log, as far as its clocks care."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.mesh.caller import UserId
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
        HistoryEntry(
            event.create_time,
            happening_of(
                event.kind, event.actor_id, ticket.requester_id, is_internal=event.is_internal
            ),
            event.status,
            ticket.priority,
        )
        for event in events
        if event.kind not in TURNS
    ]


def happening_of(
    kind: TicketEventKind, actor_id: UserId, requester_id: UserId, *, is_internal: bool
) -> Happening:
    if kind is TicketEventKind.OPENED:
        return Happening.CUSTOMER_WROTE
    if kind is TicketEventKind.MERGED:
        return Happening.MERGED
    if kind is not TicketEventKind.COMMENTED or is_internal:
        return Happening.CHANGED
    # Agents log in; whoever joins in by mail is with the customer.
    by_customer = actor_id == requester_id or is_sender_id(actor_id)
    return Happening.CUSTOMER_WROTE if by_customer else Happening.AGENT_WROTE
