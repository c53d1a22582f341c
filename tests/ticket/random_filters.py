"""Tickets and filters by chance, so that SQL can be held against what a filter means."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from services.mesh.caller import UserId
from services.mesh.ids import new_id
from services.ticket.domain import (
    Act,
    Change,
    TicketContent,
    TicketPriority,
    TicketStatus,
    TicketType,
    opened,
)
from services.ticket.filter.query import (
    AllOf,
    AnyOf,
    Comparator,
    Comparison,
    Expression,
    FilterField,
    HasWord,
    Not,
    Value,
)
from tests.ticket.builders import NOON
from tests.ticket.own_fields import DEFINITIONS, random_leaf, random_values

_PEOPLE = ("anna", "ben", "alex")
_TAGS = ("vpn", "mfa", "wifi")
_QUEUES = ("general", "network")
_WORDS = ("printer", "print", "jam", "screen", "screenshot")
_EQUALITY = (Comparator.EQUAL, Comparator.NOT_EQUAL)
_MOMENTS = [NOON + timedelta(minutes=minutes) for minutes in range(9)]
_ORDERED = tuple(Comparator)
_LEAVES: Mapping[FilterField, tuple[Sequence[Comparator], Sequence[Value]]] = {
    FilterField.STATUS: (_EQUALITY, [*TicketStatus]),
    FilterField.PRIORITY: (_ORDERED, [*TicketPriority]),
    FilterField.ASSIGNEE_ID: (_EQUALITY, [*_PEOPLE, ""]),
    FilterField.REQUESTER_ID: (_EQUALITY, _PEOPLE),
    FilterField.TAGS: (_EQUALITY, _TAGS),
    FilterField.QUEUE: (_EQUALITY, _QUEUES),
    FilterField.TICKET_TYPE: (_EQUALITY, [*TicketType]),
    FilterField.NUMBER: (_ORDERED, range(40)),
    FilterField.CREATE_TIME: (_ORDERED, _MOMENTS),
    FilterField.UPDATE_TIME: (_ORDERED, _MOMENTS),
}


def random_opening(dice: random.Random, number: int) -> Change:
    content = TicketContent(
        " ".join(dice.sample(_WORDS, 2)),
        "",
        dice.choice([*TicketPriority]),
        tuple(dice.sample(_TAGS, dice.randrange(3))),
        ticket_type=dice.choice([None, *TicketType]),
        queue=dice.choice(_QUEUES),
        fields=random_values(dice),
    )
    act = Act(UserId(dice.choice(_PEOPLE)), NOON + timedelta(minutes=dice.randrange(9)))
    change = opened(new_id(), number, content, act, None, definitions=DEFINITIONS)
    assignee = dice.choice([None, *map(UserId, _PEOPLE)])
    status = dice.choice([*TicketStatus])
    return replace(change, ticket=replace(change.ticket, status=status, assignee_id=assignee))


def random_expression(dice: random.Random, depth: int) -> Expression:
    if depth == 0 or dice.random() < 0.3:
        return _random_leaf(dice)
    parts = tuple(random_expression(dice, depth - 1) for _ in range(dice.randint(2, 3)))
    match dice.randrange(3):
        case 0:
            return Not(parts[0])
        case 1:
            return AllOf(parts)
        case _:
            return AnyOf(parts)


def _random_leaf(dice: random.Random) -> Expression:
    if dice.random() < 0.3:
        return random_leaf(dice)
    field = dice.choice([*FilterField, None])
    if field is None:
        return HasWord(dice.choice(_WORDS), dice.random() < 0.3)
    comparators, values = _LEAVES[field]
    return Comparison(field, dice.choice(comparators), dice.choice(values))
