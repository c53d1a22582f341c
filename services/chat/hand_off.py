"""What a person gets to read when a conversation is handed over."""

from collections.abc import Sequence
from uuid import UUID, uuid5

from services.chat.domain import ChatSession, Message, MessageRole
from services.chat.ports import TicketOrder

_NAMESPACE = UUID("5d9f6c1e-6a0e-4d61-9b52-0b6a4c8c3f10")
_LONGEST_SUBJECT = 200
_LONGEST_TRANSCRIPT = 100_000
_CUT = "[The beginning of the conversation is left out.]\n\n"
_SPEAKERS = {MessageRole.USER: "User", MessageRole.ASSISTANT: "Helpdesk"}


def ticket_order(session: ChatSession, messages: Sequence[Message]) -> TicketOrder:
    """Depends on nothing but what is stored, so that a second try asks for the very same ticket."""
    questions = [message.text for message in messages if message.role is MessageRole.USER]
    reason = session.hand_off_wish.reason.strip() if session.hand_off_wish else ""
    body = [reason] if reason and reason != questions[-1] else []
    return TicketOrder(
        request_id=str(uuid5(_NAMESPACE, session.session_id)),
        subject=_shortened(" ".join(questions[0].split())),
        body="\n\n".join([*body, questions[-1]]),
        transcript=_transcript(messages),
        chat_session_id=session.session_id,
    )


def _shortened(line: str) -> str:
    return line if len(line) <= _LONGEST_SUBJECT else line[: _LONGEST_SUBJECT - 1].rstrip() + "…"


def _transcript(messages: Sequence[Message]) -> str:
    said = "\n\n".join(f"{_SPEAKERS[message.role]}: {message.text}" for message in messages)
    if len(said) <= _LONGEST_TRANSCRIPT:
        return said
    return _CUT + said[len(said) - _LONGEST_TRANSCRIPT + len(_CUT) :]
