"""The values of a conversation and the rules between them."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.chat.errors import QuestionEmpty, SessionEmpty, SessionHandedOff


class MessageRole(StrEnum):
    USER = "USER"
    ASSISTANT = "ASSISTANT"


class AnswerOutcome(StrEnum):
    ANSWERED = "ANSWERED"
    NOT_FOUND = "NOT_FOUND"
    HANDED_OFF = "HANDED_OFF"


@dataclass(frozen=True)
class HandOffWish:
    """What the ticket is made from: fixed by the first wish, so that a second try asks the same."""

    reason: str
    message_count: int


@dataclass(frozen=True)
class ChatSession:
    session_id: str
    user_id: str
    create_time: datetime
    message_count: int = 0
    ticket_id: str | None = None
    hand_off_wish: HandOffWish | None = None

    def require_open(self) -> None:
        if self.ticket_id is not None:
            raise SessionHandedOff(self.session_id, self.ticket_id)

    def wishing_hand_off(self, reason: str) -> "ChatSession":
        if self.message_count == 0:
            raise SessionEmpty(self.session_id)
        if self.hand_off_wish is not None:
            return self
        return replace(self, hand_off_wish=HandOffWish(reason, self.message_count))

    def handed_off_to(self, ticket_id: str) -> "ChatSession":
        return self if self.ticket_id is not None else replace(self, ticket_id=ticket_id)


@dataclass(frozen=True)
class Citation:
    """The checked place in a document that a statement was taken from."""

    number: int
    document_id: str
    version: int
    chunk_id: str
    title: str
    start: int
    end: int
    quote: str
    source_uri: str


@dataclass(frozen=True)
class NearestArticle:
    document_id: str
    title: str
    source_uri: str


@dataclass(frozen=True)
class UnansweredQuestion:
    text: str
    create_time: datetime
    nearest_articles: tuple[NearestArticle, ...]


@dataclass(frozen=True)
class Message:
    message_id: str
    session_id: str
    role: MessageRole
    text: str
    create_time: datetime
    outcome: AnswerOutcome | None = None
    citations: tuple[Citation, ...] = ()
    nearest_articles: tuple[NearestArticle, ...] = ()
    request_id: str | None = None
    answers: str | None = None  # the message_id of the question that this message answers


@dataclass(frozen=True)
class Passage:
    """A passage that was found; `text` is `content[start:end]` of the document's version."""

    document_id: str
    version: int
    chunk_id: str
    title: str
    headings: tuple[str, ...]
    text: str
    start: int
    end: int
    score: float
    similarity: float
    coverage: float
    source_uri: str


@dataclass(frozen=True)
class DocumentVersion:
    document_id: str
    version: int
    title: str
    content: str
    source_uri: str


@dataclass(frozen=True)
class Evidence:
    """Where an answer model claims to have a statement from; believed only when checked."""

    document_id: str
    version: int
    chunk_id: str
    start: int
    end: int
    quote: str


class StatementShape(StrEnum):
    SENTENCE = "SENTENCE"
    BULLET = "BULLET"
    STEP = "STEP"
    CODE = "CODE"


@dataclass(frozen=True)
class Statement:
    """One drafted statement of an answer, before its evidence was checked."""

    text: str
    evidence: tuple[Evidence, ...]
    shape: StatementShape = StatementShape.SENTENCE
    step_number: int = 0


@dataclass(frozen=True)
class AnswerStarted:
    session_id: str
    message_id: str


@dataclass(frozen=True)
class AnswerDelta:
    text: str


@dataclass(frozen=True)
class CitationAdded:
    citation: Citation


@dataclass(frozen=True)
class AnswerDone:
    message: Message


AnswerEvent = AnswerStarted | AnswerDelta | CitationAdded | AnswerDone


def question_text(text: str) -> str:
    trimmed = text.strip()
    if not trimmed:
        raise QuestionEmpty
    return trimmed
