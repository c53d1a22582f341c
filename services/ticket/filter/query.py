"""What a list of tickets is filtered and ordered by; `filter_parser` reads it from text."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.ticket.domain import TicketPriority, TicketStatus, TicketType


class FilterField(StrEnum):
    STATUS = "status"
    PRIORITY = "priority"
    ASSIGNEE_ID = "assignee_id"
    REQUESTER_ID = "requester_id"
    TAGS = "tags"
    QUEUE = "queue"
    TICKET_TYPE = "ticket_type"
    NUMBER = "number"
    CREATE_TIME = "create_time"
    UPDATE_TIME = "update_time"


class Comparator(StrEnum):
    EQUAL = "="
    NOT_EQUAL = "!="
    LESS = "<"
    LESS_OR_EQUAL = "<="
    GREATER = ">"
    GREATER_OR_EQUAL = ">="


# In front of the key of one of the tenant's own fields.
FIELD_PREFIX = "fields."

Value = str | int | datetime | TicketStatus | TicketPriority | TicketType


@dataclass(frozen=True)
class Comparison:
    """Holds for a ticket by one field; tags are equal to each of theirs."""

    field: FilterField
    comparator: Comparator
    value: Value


@dataclass(frozen=True)
class FieldComparison:
    """Holds for a ticket by one of the tenant's own fields; several options are equal to each of
    theirs. A day is text, and without a value all is unequal and nothing less or greater."""

    key: str
    comparator: Comparator
    value: str | float | bool


@dataclass(frozen=True)
class HasField:
    """Holds where the field has a value."""

    key: str


@dataclass(frozen=True)
class HasWord:
    """Holds where the word stands in the subject or the body, or one that begins with it."""

    word: str
    is_prefix: bool = False


@dataclass(frozen=True)
class Not:
    part: "Expression"


@dataclass(frozen=True)
class AllOf:
    parts: tuple["Expression", ...]


@dataclass(frozen=True)
class AnyOf:
    parts: tuple["Expression", ...]


Expression = Comparison | FieldComparison | HasField | HasWord | Not | AllOf | AnyOf
EVERYTHING = AllOf(())


def required(expression: Expression) -> Iterator[Expression]:
    """What has to hold of every ticket that is found."""
    if isinstance(expression, AllOf):
        for part in expression.parts:
            yield from required(part)
    else:
        yield expression


def leaves(
    expression: Expression,
) -> Iterator[Comparison | FieldComparison | HasField | HasWord]:
    match expression:
        case Comparison() | FieldComparison() | HasField() | HasWord():
            yield expression
        case Not(part):
            yield from leaves(part)
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from leaves(part)


class OrderField(StrEnum):
    CREATE_TIME = "create_time"
    UPDATE_TIME = "update_time"
    NUMBER = "number"
    PRIORITY = "priority"


@dataclass(frozen=True)
class Order:
    field: OrderField
    is_descending: bool


NEWEST_FIRST = Order(OrderField.CREATE_TIME, is_descending=True)
