"""Filters and orders of the list of tickets, as conditions and columns."""

import operator
from collections.abc import Callable, Mapping
from typing import Any, assert_never

from sqlalchemy import ColumnElement, and_, exists, not_, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute

from services.mesh.caller import TenantId
from services.ticket.filter.query import (
    AllOf,
    AnyOf,
    Comparator,
    Comparison,
    Expression,
    FieldComparison,
    FilterField,
    HasField,
    HasWord,
    Not,
    OrderField,
    required,
)
from services.ticket.tables.tickets import FieldValueRow, TagRow, TicketRow, WordRow

ORDER_COLUMNS: Mapping[OrderField, InstrumentedAttribute[Any]] = {
    OrderField.CREATE_TIME: TicketRow.create_time,
    OrderField.UPDATE_TIME: TicketRow.update_time,
    OrderField.NUMBER: TicketRow.number,
    OrderField.PRIORITY: TicketRow.priority,
}
_COLUMNS: Mapping[FilterField, InstrumentedAttribute[Any]] = {
    FilterField.STATUS: TicketRow.status,
    FilterField.PRIORITY: TicketRow.priority,
    FilterField.REQUESTER_ID: TicketRow.requester_id,
    FilterField.QUEUE: TicketRow.queue,
    FilterField.NUMBER: TicketRow.number,
    FilterField.CREATE_TIME: TicketRow.create_time,
    FilterField.UPDATE_TIME: TicketRow.update_time,
}
_NEVER_NULL = frozenset(
    {
        FilterField.STATUS,
        FilterField.PRIORITY,
        FilterField.REQUESTER_ID,
        FilterField.QUEUE,
        FilterField.NUMBER,
    }
)
_OPERATORS: Mapping[Comparator, Callable[[Any, Any], ColumnElement[bool]]] = {
    Comparator.EQUAL: operator.eq,
    Comparator.NOT_EQUAL: operator.ne,
    Comparator.LESS: operator.lt,
    Comparator.LESS_OR_EQUAL: operator.le,
    Comparator.GREATER: operator.gt,
    Comparator.GREATER_OR_EQUAL: operator.ge,
}


Words = Callable[[HasWord], Mapping[str, int]]
"""Says which words a ticket may have one of, to have the one that is looked for, and in how many
tickets each of them stands."""

# Of more it costs too much to look them all up before the first ticket is looked at.
MOST_TOGETHER = 50_000


def branches_of(expression: Expression) -> list[Expression]:
    """Parts that together are the expression, of which no two find the same ticket.

    An index leads with priority and status. Asked for one status at a time it has the tickets in
    the order of their times; for several at once the database would sort them, or go through all
    tickets by time instead.
    """
    parts = [*required(expression)]
    if any(_is_equal(part, FilterField.PRIORITY) for part in parts):
        for place, part in enumerate(parts):
            if isinstance(part, AnyOf) and all(
                _is_equal(each, FilterField.STATUS) for each in part.parts
            ):
                rest = parts[:place] + parts[place + 1 :]
                return [AllOf((*rest, status)) for status in dict.fromkeys(part.parts)]
    return [expression]


def condition_of(expression: Expression, words: Words, tenant_id: TenantId) -> ColumnElement[bool]:
    """Never unknown: what is not true of a ticket is false, and its opposite true."""
    match expression:
        case Comparison():
            return _compared(expression)
        case HasWord():
            return _has_one_of(words(expression), tenant_id)
        case FieldComparison() | HasField():
            return _has_own(expression, tenant_id)
        case Not(part):
            return not_(condition_of(part, words, tenant_id))
        case AllOf(parts):
            return and_(true(), *(condition_of(part, words, tenant_id) for part in parts))
        case AnyOf(parts):
            return _any_of(parts, words, tenant_id)
    assert_never(expression)


def _compared(comparison: Comparison) -> ColumnElement[bool]:
    field, value = comparison.field, comparison.value
    is_negated = comparison.comparator is Comparator.NOT_EQUAL
    if field is FilterField.TAGS:
        has_tag = exists().where(
            TagRow.tenant_id == TicketRow.tenant_id,
            TagRow.ticket_id == TicketRow.ticket_id,
            TagRow.tag == value,
        )
        return ~has_tag if is_negated else has_tag
    if field is FilterField.ASSIGNEE_ID:
        return _nullable(TicketRow.assignee_id, value, is_negated=is_negated)
    if field is FilterField.TICKET_TYPE:
        return _nullable(TicketRow.ticket_type, value, is_negated=is_negated)
    return _OPERATORS[comparison.comparator](_COLUMNS[field], value)


def _nullable(
    column: InstrumentedAttribute[Any], value: object, *, is_negated: bool
) -> ColumnElement[bool]:
    """Nobody is somebody else too, which a plain comparison with NULL would not say."""
    if not value:
        return column.is_not(None) if is_negated else column.is_(None)
    is_other = or_(column.is_(None), column != value)
    return is_other if is_negated else and_(column.is_not(None), column == value)


def _has_one_of(words: Mapping[str, int], tenant_id: TenantId) -> ColumnElement[bool]:
    # Asking for each ticket whether it has any of many words takes longer than looking up all
    # tickets that do, once.
    if len(words) > 1 and sum(words.values()) <= MOST_TOGETHER:
        found = select(WordRow.number).where(
            WordRow.tenant_id == tenant_id, WordRow.word.in_(words)
        )
        # PostgreSQL would turn a bare IN into a join, and sort all that it finds.
        return TicketRow.number.in_(found).is_(true())
    return exists().where(
        WordRow.tenant_id == TicketRow.tenant_id,
        WordRow.number == TicketRow.number,
        WordRow.word.in_(words),
    )


def _has_own(expression: FieldComparison | HasField, tenant_id: TenantId) -> ColumnElement[bool]:
    key = expression.key
    if isinstance(expression, HasField):
        return _has_value(tenant_id, key)
    comparator, value = expression.comparator, expression.value
    column = FieldValueRow.text if isinstance(value, str) else FieldValueRow.number
    compared = value if isinstance(value, str) else float(value)
    if comparator is Comparator.NOT_EQUAL:
        return not_(_has_value(tenant_id, key, column == compared))
    return _has_value(tenant_id, key, _OPERATORS[comparator](column, compared))


def _has_value(
    tenant_id: TenantId, key: str, *conditions: ColumnElement[bool]
) -> ColumnElement[bool]:
    # With the tenant and not with the ticket's, so that it is looked up once for all tickets.
    return TicketRow.ticket_id.in_(
        select(FieldValueRow.ticket_id).where(
            FieldValueRow.tenant_id == tenant_id, FieldValueRow.key == key, *conditions
        )
    )


def _any_of(
    parts: tuple[Expression, ...], words: Words, tenant_id: TenantId
) -> ColumnElement[bool]:
    plain = [
        part
        for part in parts
        if isinstance(part, Comparison) and any(_is_equal(part, each) for each in _NEVER_NULL)
    ]
    if len(plain) == len(parts) and len({part.field for part in plain}) == 1:
        # Values of one column are one list, for which an index is asked once.
        return _COLUMNS[plain[0].field].in_([part.value for part in plain])
    return or_(*(condition_of(part, words, tenant_id) for part in parts))


def _is_equal(part: Expression, field: FilterField) -> bool:
    return (
        isinstance(part, Comparison) and part.field is field and part.comparator is Comparator.EQUAL
    )
