"""What a request may hold beyond what the contract's rules say."""

import unicodedata

from services.mesh.caller import current_caller
from services.mesh.errors import FieldViolation, InvalidRequest
from services.ticket.domain import TicketContent

HANDOFF_SERVICE = "chat"

# Controls, and what separates lines and paragraphs.
_NOT_OF_A_LINE = {"Cc", "Zl", "Zp"}


def require_handoff(chat_session_id: str, transcript: str) -> None:
    if current_caller().service == HANDOFF_SERVICE:
        return
    for field, value in (("chat_session_id", chat_session_id), ("transcript", transcript)):
        if value:
            raise _invalid(field, f"only the service {HANDOFF_SERVICE} may give it")


def require_content(content: TicketContent, fields: frozenset[str]) -> None:
    if "subject" in fields:
        require_written("ticket.subject", content.subject)
    if "body" in fields:
        require_text("ticket.body", content.body)


def require_written(field: str, text: str) -> None:
    if not text.strip():
        raise _invalid(field, "must not be blank")
    require_text(field, text)


def require_line(field: str, text: str) -> None:
    """Text that may stand in a header of a mail."""
    require_written(field, text)
    if any(unicodedata.category(character) in _NOT_OF_A_LINE for character in text):
        raise _invalid(field, "must be one line without control characters")


def require_text(field: str, text: str) -> None:
    # PostgreSQL cannot keep this character, and nobody can see it.
    if "\0" in text:
        raise _invalid(field, "must not hold the character U+0000")


def _invalid(field: str, description: str) -> InvalidRequest:
    return InvalidRequest(
        "The request breaks a rule.", violations=[FieldViolation(field, description)]
    )
