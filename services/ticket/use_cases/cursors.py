"""Places in lists ↔ text for page tokens. A token may be forged, so no text is believed."""

import json
from datetime import datetime, timedelta

from services.mesh.errors import PageTokenInvalid
from services.mesh.ids import is_id
from services.ticket.filter.query import Order, OrderField
from services.ticket.ports.tickets import AttachmentCursor, CommentCursor, TicketCursor

_TIMES = (OrderField.CREATE_TIME, OrderField.UPDATE_TIME)
_MAX_NUMBER = 2**31 - 1
_MAX_SEQ = 2**63 - 1


def ticket_position(cursor: TicketCursor) -> str:
    value = cursor.value
    text = value.isoformat() if isinstance(value, datetime) else str(int(value))
    return json.dumps([text, cursor.ticket_id])


def ticket_cursor(position: str, order: Order) -> TicketCursor:
    text, ticket_id = _pair(position)
    value = _time(text) if order.field in _TIMES else _number(text, _MAX_NUMBER)
    return TicketCursor(value, ticket_id)


def comment_position(cursor: CommentCursor) -> str:
    return json.dumps([cursor.create_time.isoformat(), cursor.comment_id])


def comment_cursor(position: str) -> CommentCursor:
    text, comment_id = _pair(position)
    return CommentCursor(_time(text), comment_id)


def attachment_position(cursor: AttachmentCursor) -> str:
    return json.dumps([cursor.create_time.isoformat(), cursor.attachment_id])


def attachment_cursor(position: str) -> AttachmentCursor:
    text, attachment_id = _pair(position)
    return AttachmentCursor(_time(text), attachment_id)


def event_seq(position: str) -> int:
    return _number(position, _MAX_SEQ)


def _pair(position: str) -> tuple[str, str]:
    try:
        pair = json.loads(position)
    except (ValueError, RecursionError) as error:
        raise _invalid() from error
    match pair:
        case [str(text), str(found_id)] if is_id(found_id):
            return text, found_id
    raise _invalid()


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise _invalid() from error
    if time.utcoffset() != timedelta(0):
        raise _invalid()
    return time


def _number(text: str, most: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most))):
        raise _invalid()
    number = int(text)
    if number > most:
        raise _invalid()
    return number


def _invalid() -> PageTokenInvalid:
    return PageTokenInvalid("The page_token was not given out by this list.")
