"""Puts verified statements into Markdown, in pieces that can be sent at once."""

from collections.abc import Sequence
from textwrap import dedent

from services.chat.domain import Citation, Statement, StatementShape

_NOT_FOUND = (
    "I could not find an answer to this in the knowledge base, so I would rather not guess."
)
_IN_ANOTHER_LANGUAGE = (
    "Your question seems to be in another language than the articles: asked in theirs, it may find "
    "more."
)
_NEAR = "The articles named below come nearest. I can also hand this conversation over to a person."
_NOTHING_NEAR = "I can hand this conversation over to a person."


def not_found(*, are_near: bool, in_another_language: bool = False) -> str:
    """`are_near` says that articles are named beside it."""
    language = _IN_ANOTHER_LANGUAGE if in_another_language else ""
    said = (_NOT_FOUND, language, _NEAR if are_near else _NOTHING_NEAR)
    return " ".join(filter(None, said))


def handed_over(ticket_number: int) -> str:
    return f"I have handed this conversation over to a person. It is ticket #{ticket_number}."


class Wording:
    """Knows what was said last, and with it what stands between two statements."""

    def __init__(self) -> None:
        self._last: Statement | None = None

    def piece(self, statement: Statement, citations: Sequence[Citation]) -> str:
        marks = "".join(f"[{citation.number}]" for citation in citations)
        gap, self._last = _gap(self._last, statement), statement
        return gap + _shaped(statement, marks)


def _shaped(statement: Statement, marks: str) -> str:
    match statement.shape:
        case StatementShape.STEP:
            return f"{statement.step_number}. {statement.text} {marks}"
        case StatementShape.BULLET:
            return f"- {statement.text} {marks}"
        case StatementShape.CODE:
            fence = "```"
            while fence in statement.text:
                fence += "`"
            return f"{fence}\n{dedent(statement.text)}\n{fence}\n{marks}"
        case StatementShape.SENTENCE:
            return f"{statement.text} {marks}"


def _gap(last: Statement | None, statement: Statement) -> str:
    if last is None:
        return ""
    shapes = (last.shape, statement.shape)
    if last.evidence[0].document_id != statement.evidence[0].document_id:
        return "\n\n"
    if shapes == (StatementShape.SENTENCE, StatementShape.SENTENCE):
        return " "
    # A list that begins again is another list.
    goes_on = statement.step_number == 0 or statement.step_number > last.step_number
    are_listed = all(shape in (StatementShape.STEP, StatementShape.BULLET) for shape in shapes)
    return "\n" if are_listed and goes_on else "\n\n"
