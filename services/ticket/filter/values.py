"""Reads the value that a field is compared with."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from math import isfinite

from services.mesh.caller import UserId
from services.ticket.domain import FieldType, TicketPriority, TicketStatus, TicketType
from services.ticket.errors.tickets import FilterInvalid
from services.ticket.filter.query import FilterField, Value
from services.ticket.filter.tokens import Kind, Token

ME = "me"
_PEOPLE = (FilterField.ASSIGNEE_ID, FilterField.REQUESTER_ID)
_NAMES: Mapping[FilterField, type[TicketStatus | TicketPriority | TicketType]] = {
    FilterField.STATUS: TicketStatus,
    FilterField.PRIORITY: TicketPriority,
    FilterField.TICKET_TYPE: TicketType,
}
_LARGEST_NUMBER = 2**31 - 1


def value_of(field: FilterField, token: Token, me: UserId) -> Value:
    """Raises FilterInvalid."""
    if field in _NAMES:
        names = _NAMES[field].__members__
        return names[_one_of(names, token)]
    match field:
        case FilterField.NUMBER:
            return _number(token)
        case FilterField.CREATE_TIME | FilterField.UPDATE_TIME:
            return _time(token)
    is_me = token.kind is Kind.WORD and token.meant == ME
    return me if is_me and field in _PEOPLE else token.meant


def field_value_of(field_type: FieldType, token: Token) -> str | float | bool:
    """Of one of the tenant's own fields. Raises FilterInvalid."""
    match field_type:
        case FieldType.NUMBER:
            return _any_number(token)
        case FieldType.BOOLEAN:
            return _one_of(("true", "false"), token) == "true"
        case FieldType.DATE:
            return _day(token)
    return token.meant


def _any_number(token: Token) -> float:
    try:
        number = float(token.meant)
    except ValueError:
        number = float("nan")
    if not isfinite(number) or "_" in token.meant:
        raise FilterInvalid("filter", token.position, "expected a number such as 12 or 0.5")
    return number


def _day(token: Token) -> str:
    try:
        if date.fromisoformat(token.meant).isoformat() == token.meant:
            return token.meant
    except ValueError:
        pass
    raise FilterInvalid("filter", token.position, "expected a date such as 2026-05-17")


def _one_of(names: Iterable[str], token: Token) -> str:
    if token.meant not in names:
        raise FilterInvalid("filter", token.position, f"expected {' or '.join(names)}")
    return token.meant


def _number(token: Token) -> int:
    digits = token.meant.removeprefix("#")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > len(str(_LARGEST_NUMBER)):
        raise FilterInvalid("filter", token.position, "expected a number such as 12 or #12")
    return min(int(digits), _LARGEST_NUMBER)


def _time(token: Token) -> datetime:
    try:
        moment = datetime.fromisoformat(token.meant)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        expected = "expected a time such as 2026-05-17T09:30:00Z, or a date such as 2026-05-17"
        raise FilterInvalid("filter", token.position, expected) from None
