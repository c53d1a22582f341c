"""Reads the filter and the order of a list of tickets.

The grammar, a subset of AIP-160 and AIP-132:

    filter     = [ comparison { "AND" comparison } ]
    comparison = field ( "=" | "!=" ) value | "tags" ":" value
    field      = "status" | "priority" | "assignee_id" | "requester_id" | "tags"
    value      = word | string
    word       = letters, digits, "_", "-", "." and "@", at least one
    string     = '"' any characters, with '\\"' for '"' and '\\\\' for '\\' '"'
    order_by   = [ ( "create_time" | "update_time" | "number" | "priority" ) [ "desc" ] ]

`tags = vpn` and `tags:vpn` both mean that vpn is among the tags. `assignee_id = ""` finds the
tickets that nobody works on. Positions in messages count characters from 1.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from services.ticket.domain import TicketPriority, TicketStatus
from services.ticket.errors import FilterInvalid


class FilterField(StrEnum):
    STATUS = "status"
    PRIORITY = "priority"
    ASSIGNEE_ID = "assignee_id"
    REQUESTER_ID = "requester_id"
    TAGS = "tags"


class OrderField(StrEnum):
    CREATE_TIME = "create_time"
    UPDATE_TIME = "update_time"
    NUMBER = "number"
    PRIORITY = "priority"


@dataclass(frozen=True)
class Comparison:
    """Holds for a ticket whose field has the value, or, when negated, has it not."""

    field: FilterField
    value: str | TicketStatus | TicketPriority
    is_negated: bool = False


@dataclass(frozen=True)
class Order:
    field: OrderField
    is_descending: bool


_FILTER_FIELDS = tuple(field.value for field in FilterField)
_ORDER_FIELDS = tuple(field.value for field in OrderField)
NEWEST_FIRST = Order(OrderField.CREATE_TIME, is_descending=True)

_TOKEN = re.compile(
    r"""\s*(?:(?P<word>[\w.@-]+)|(?P<string>"(?:[^"\\\x00]|\\["\\])*")|(?P<operator>!=|=|:))"""
)
_ESCAPED = re.compile(r'\\(["\\])')


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    position: int


def parse_filter(text: str) -> tuple[Comparison, ...]:
    """Returns the comparisons that must all hold; raises FilterInvalid and says where."""
    tokens = _tokens(text)
    if tokens[0].kind == "end":
        return ()
    comparisons = [_comparison(tokens[:3])]
    rest = tokens[3:]
    while rest[0].kind != "end":
        if (rest[0].kind, rest[0].text) != ("word", "AND"):
            raise FilterInvalid("filter", rest[0].position, "expected AND or the end")
        comparisons.append(_comparison(rest[1:4]))
        rest = rest[4:]
    return tuple(comparisons)


def parse_order(text: str) -> Order:
    """Returns the order, newest first when the text is empty; raises FilterInvalid."""
    words = text.split()
    if not words:
        return NEWEST_FIRST
    if words[0] not in _ORDER_FIELDS:
        position = text.index(words[0]) + 1
        raise FilterInvalid("order_by", position, f"expected one of {', '.join(_ORDER_FIELDS)}")
    if len(words) > 1 and words[1:] != ["desc"]:
        position = len(text) - len(text.lstrip()) + len(words[0]) + 1
        raise FilterInvalid("order_by", position, "expected 'desc' or the end")
    return Order(OrderField(words[0]), is_descending=len(words) > 1)


def _tokens(text: str) -> list[_Token]:
    tokens = []
    place = 0
    end = len(text.rstrip())
    while place < end:
        found = _TOKEN.match(text, place)
        if found is None or found.lastgroup is None:
            place += len(text[place:]) - len(text[place:].lstrip())
            raise FilterInvalid("filter", place + 1, "expected a word, a string, =, != or :")
        kind = found.lastgroup
        tokens.append(_Token(kind, found[kind], found.start(kind) + 1))
        place = found.end()
    # Three ends, so that whoever takes the next comparison always finds three tokens.
    return tokens + [_Token("end", "", end + 1)] * 3


def _comparison(tokens: list[_Token]) -> Comparison:
    field, operator, value = tokens
    if field.kind != "word" or field.text not in _FILTER_FIELDS:
        raise FilterInvalid(
            "filter", field.position, f"expected one of {', '.join(_FILTER_FIELDS)}"
        )
    named = FilterField(field.text)
    allowed = ("=", "!=", ":") if named is FilterField.TAGS else ("=", "!=")
    if operator.kind != "operator" or operator.text not in allowed:
        raise FilterInvalid("filter", operator.position, f"expected {' or '.join(allowed)}")
    if value.kind not in ("word", "string"):
        raise FilterInvalid("filter", value.position, "expected a value")
    return Comparison(named, _value(named, value), is_negated=operator.text == "!=")


def _value(field: FilterField, token: _Token) -> str | TicketStatus | TicketPriority:
    text = _ESCAPED.sub(r"\1", token.text[1:-1]) if token.kind == "string" else token.text
    if field is FilterField.STATUS:
        if text not in TicketStatus.__members__:
            names = " or ".join(TicketStatus.__members__)
            raise FilterInvalid("filter", token.position, f"expected {names}")
        return TicketStatus[text]
    if field is FilterField.PRIORITY:
        if text not in TicketPriority.__members__:
            names = " or ".join(TicketPriority.__members__)
            raise FilterInvalid("filter", token.position, f"expected {names}")
        return TicketPriority[text]
    return text
