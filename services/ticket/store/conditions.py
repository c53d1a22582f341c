"""Filters and orders of the list of tickets, as conditions and columns."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, exists, not_
from sqlalchemy.orm import InstrumentedAttribute

from services.ticket.filter import Comparison, FilterField, OrderField
from services.ticket.tables import TagRow, TicketRow

ORDER_COLUMNS: Mapping[OrderField, InstrumentedAttribute[Any]] = {
    OrderField.CREATE_TIME: TicketRow.create_time,
    OrderField.UPDATE_TIME: TicketRow.update_time,
    OrderField.NUMBER: TicketRow.number,
    OrderField.PRIORITY: TicketRow.priority,
}


def condition_of(comparison: Comparison) -> ColumnElement[bool]:
    value = comparison.value
    condition: ColumnElement[bool]
    match comparison.field:
        case FilterField.STATUS:
            condition = TicketRow.status == value
        case FilterField.PRIORITY:
            condition = TicketRow.priority == value
        case FilterField.REQUESTER_ID:
            condition = TicketRow.requester_id == value
        case FilterField.ASSIGNEE_ID if not value:
            condition = TicketRow.assignee_id.is_(None)
        case FilterField.ASSIGNEE_ID if comparison.is_negated:
            # Nobody is somebody else too, which a plain comparison with NULL would not say.
            return TicketRow.assignee_id.is_distinct_from(value)
        case FilterField.ASSIGNEE_ID:
            condition = TicketRow.assignee_id == value
        case FilterField.TAGS:
            condition = exists().where(
                TagRow.tenant_id == TicketRow.tenant_id,
                TagRow.ticket_id == TicketRow.ticket_id,
                TagRow.tag == value,
            )
    return not_(condition) if comparison.is_negated else condition
