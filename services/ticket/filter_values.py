"""Reads the value that a field is compared with."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from services.mesh.caller import UserId
from services.ticket.domain import TicketPriority, TicketStatus, TicketType
from services.ticket.errors import FilterInvalid
from services.ticket.filter import FilterField, Value
from services.ticket.filter_tokens import Kind, Token

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
