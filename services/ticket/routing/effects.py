"""What the steps of routing do to a ticket. Nobody does it, so that no event has an actor."""

from dataclasses import replace
from datetime import datetime

from services.mesh.caller import UserId
from services.ticket.domain import (
    Act,
    Change,
    Ticket,
    TicketEventKind,
    TicketPriority,
    TicketStatus,
    Verb,
    assigned,
    moved,
)
from services.ticket.domain.log import event_of
from services.ticket.domain.rules import touched
from services.ticket.routing.policy import AgentChoice, Escalation

NOBODY = UserId("")


def given(ticket: Ticket, user_id: UserId, choice: AgentChoice, now: datetime) -> Change:
    """The cause says no more than the rule: customers are not told who else works."""
    change = assigned(ticket, user_id, Act(NOBODY, now))
    cause = f"routing: {choice.lower().replace('_', ' ')}"
    return replace(change, events=tuple(replace(each, cause=cause) for each in change.events))


def acknowledged(ticket: Ticket, now: datetime) -> Change:
    """An event that customers see, and no comment: nobody has answered them yet."""
    kind, act = TicketEventKind.ACKNOWLEDGED, Act(NOBODY, now)
    return Change(ticket, ticket, (event_of(ticket, ticket, kind, act),))


def escalated(
    ticket: Ticket,
    escalation: Escalation,
    now: datetime,
    *,
    is_queue_there: bool,
    is_assigned_by_person: bool,
) -> Change:
    """A priority that a person has set stays, and so does whom a person gave the ticket to."""
    after = ticket
    if is_queue_there and escalation.queue != ticket.queue:
        after = replace(after, queue=escalation.queue)
        if not is_assigned_by_person:
            after = replace(after, assignee_id=None)
    if escalation.lead_id is not None and not is_assigned_by_person:
        after = replace(after, assignee_id=escalation.lead_id, status=TicketStatus.OPEN)
    if escalation.raises_priority and ticket.priority_rule:
        higher = TicketPriority(min(ticket.priority + 1, TicketPriority.URGENT))
        # Without a rule, so that no later change of the text takes it back.
        after = replace(after, priority=higher, priority_rule="")
    if after == ticket:
        return Change(ticket, ticket)
    # Customers are not told of clocks.
    return _updated(ticket, after, "routing: escalated", now)


def closed(ticket: Ticket, reason: str, now: datetime) -> Change:
    change = moved(ticket, Verb.CLOSE, Act(NOBODY, now))
    cause = f"routing: {reason}"
    return replace(change, events=tuple(replace(each, cause=cause) for each in change.events))


def _updated(ticket: Ticket, after: Ticket, cause: str, now: datetime) -> Change:
    act = Act(NOBODY, now)
    after = touched(after, act)
    event = event_of(ticket, after, TicketEventKind.UPDATED, act, cause=cause)
    return Change(ticket, after, (event,))
