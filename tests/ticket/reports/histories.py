"""Tickets whose life goes as the dice fall, within the rules."""

import random
from dataclasses import replace
from datetime import datetime, timedelta

from services.mesh.caller import UserId
from services.mesh.ids import new_id
from services.ticket.domain import (
    TRANSITIONS,
    Act,
    Change,
    Comment,
    Ticket,
    TicketContent,
    TicketPriority,
    TicketStatus,
    Verb,
    assigned,
    commented,
    merged,
    moved,
    opened,
    updated,
)

CUSTOMERS = (UserId("anna"), UserId("ben"))
AGENTS = (UserId("alex"), UserId("alina"))
QUEUES = ("general", "network", "printers")
MOST_STEPS = 9
_MOVES = (Verb.PEND, Verb.RESOLVE, Verb.REOPEN, Verb.CLOSE)


def histories(dice: random.Random, tickets: int, start: datetime, days: int) -> list[Change]:
    """All that happens, ticket by ticket; what happens to one is in the order of its times."""
    changes: list[Change] = []
    target: Ticket | None = None
    latest = start
    for number in range(1, tickets + 1):
        own = list(_history(dice, number, start + _some_time(dice, days), days))
        last = own[-1].ticket
        if target is not None and dice.random() < 0.1 and last.merged_into_id is None:
            # Behind all that has happened to either.
            latest = max(latest, own[-1].events[-1].create_time) + _some_time(dice, 1)
            own += merged(last, target, Act(dice.choice(AGENTS), latest))
        elif last.status is not TicketStatus.CLOSED:
            target, latest = last, own[-1].events[-1].create_time
        changes += own
    return changes


def _history(dice: random.Random, number: int, time: datetime, days: int) -> list[Change]:
    content = TicketContent(
        dice.choice(("Printer jam", "No Wi-Fi")),
        "",
        dice.choice([*TicketPriority]),
        queue=dice.choice(QUEUES),
    )
    changes = [opened(new_id(), number, content, Act(dice.choice(CUSTOMERS), time), None)]
    for _ in range(dice.randrange(MOST_STEPS)):
        time += _some_time(dice, days) / MOST_STEPS
        ticket = changes[-1].ticket
        if ticket.status is TicketStatus.CLOSED:
            break
        change = _step(dice, ticket, time)
        if change.events:
            changes.append(change)
    return changes


def _step(dice: random.Random, ticket: Ticket, time: datetime) -> Change:
    agent = dice.choice(AGENTS)
    allowed = [verb for verb in _MOVES if (ticket.status, verb) in TRANSITIONS]
    match dice.randrange(6):
        case 0:
            return assigned(ticket, dice.choice([None, *AGENTS]), Act(agent, time))
        case 1:
            content = TicketContent(queue=dice.choice(QUEUES))
            return updated(ticket, content, frozenset({"queue"}), Act(agent, time))
        case 2:
            return _comment(dice, ticket, ticket.requester_id, time)
        case 3:
            return _comment(dice, ticket, agent, time)
        case _:
            return moved(ticket, dice.choice(allowed), Act(agent, time))


def _comment(dice: random.Random, ticket: Ticket, author_id: UserId, time: datetime) -> Change:
    comment = Comment(
        new_id(), ticket.ticket_id, author_id, "Well.", is_internal=False, create_time=time
    )
    by_customer = author_id == ticket.requester_id
    if not by_customer and dice.random() < 0.4:
        comment = replace(comment, is_internal=True)
    return commented(ticket, comment, by_customer=by_customer)


def _some_time(dice: random.Random, days: int) -> timedelta:
    return timedelta(minutes=dice.randrange(1, days * 24 * 60))
