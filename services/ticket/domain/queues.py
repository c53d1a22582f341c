"""Queues, and what becomes of the tickets when one is deleted."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.ticket.domain.log import Change, TicketEventKind, event_of
from services.ticket.domain.rules import touched
from services.ticket.domain.ticket import Act, Ticket

MOST_QUEUES = 100


@dataclass(frozen=True)
class Queue:
    """The default queue has always been there and needs none of these."""

    name: str
    create_time: datetime


def requeued(ticket: Ticket, queue: str, act: Act) -> Change:
    """Takes the ticket along when its queue is deleted, even a closed one."""
    after = touched(replace(ticket, queue=queue), act)
    cause = f"the queue {ticket.queue} was deleted"
    event = event_of(ticket, after, TicketEventKind.UPDATED, act, cause=cause)
    return Change(ticket, after, (event,))
