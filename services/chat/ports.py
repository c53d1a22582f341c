"""What chat asks of the world. A language model comes in as another `AnswerModel`."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.chat.domain import (
    ChatSession,
    DocumentVersion,
    Message,
    Passage,
    Statement,
    UnansweredQuestion,
)
from services.mesh.caller import TenantId, UserId

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class FoundPassages:
    """The passages, best first.

    Degraded: found by words alone, so no similarity is known. In another language: the question,
    than all articles that the caller may read.
    """

    passages: tuple[Passage, ...]
    degraded: bool = False
    in_another_language: bool = False


class Retriever(Protocol):
    async def find_passages(self, question: str) -> FoundPassages:
        """Returns the passages of the caller's tenant that fit best, perhaps none."""
        ...


class DocumentVersions(Protocol):
    async def get_version(self, document_id: str, version: int) -> DocumentVersion:
        """Returns a version of a document of the caller's tenant. Raises DocumentVersionMissing."""
        ...


class AnswerModel(Protocol):
    def draft(self, question: str, passages: Sequence[Passage]) -> AsyncIterator[Statement]:
        """Yields statements in the order of reading, each with the evidence it claims.

        Nothing is promised about the evidence: every statement is verified before anybody sees it.
        """
        ...


@dataclass(frozen=True)
class TicketOrder:
    """A ticket to open in the caller's name. The same request_id twice opens one ticket."""

    request_id: str
    subject: str
    body: str
    transcript: str
    chat_session_id: str


@dataclass(frozen=True)
class OpenedTicket:
    ticket_id: str
    number: int


class TicketDesk(Protocol):
    async def open_ticket(self, order: TicketOrder) -> OpenedTicket:
        """Opens the ticket, or returns the one that the same request_id opened before."""
        ...


class ChatRecords(Protocol):
    """One transaction's view of a tenant's conversations. There are no other tenants in it."""

    async def add_session(self, session: ChatSession) -> None: ...

    async def find_session(self, session_id: str, user_id: UserId) -> ChatSession | None:
        """Returns the user's session; None when it is missing or somebody else's."""
        ...

    async def lock_session(self, session_id: str, user_id: UserId) -> ChatSession | None:
        """Like find_session; nobody else locks the session before this transaction is over."""
        ...

    async def update_session(self, session: ChatSession) -> None:
        """Stores the session's ticket and hand-off wish; messages are counted by add_message."""
        ...

    async def add_message(self, message: Message, user_id: UserId) -> None:
        """Appends to the session, which must be new or locked, and counts the message.

        Raises RequestIdTaken when the user has a message with this request_id already; the
        transaction is then of no further use.
        """
        ...

    async def find_question(self, user_id: UserId, request_id: str) -> Message | None: ...

    async def find_answer(self, question_id: str) -> Message | None: ...

    async def list_messages(
        self, session_id: str, *, after_position: int = 0, limit: int
    ) -> Sequence[Message]:
        """Returns messages in order of speaking; positions count from 1 without gaps."""
        ...

    async def list_unanswered(self, since: datetime, *, limit: int) -> list[UnansweredQuestion]:
        """The tenant's questions that were answered with nothing, whoever asked; newest first."""
        ...


class TextGroups(Protocol):
    async def group(self, texts: Sequence[str]) -> Sequence[Sequence[int]]:
        """Places of texts that mean alike, largest group first and the most central text first."""
        ...


class SessionStore(Protocol):
    def writing(self, tenant_id: TenantId) -> AbstractAsyncContextManager[ChatRecords]:
        """Opens a transaction that is kept by leaving the block and undone by an exception."""
        ...

    def reading(self, tenant_id: TenantId) -> AbstractAsyncContextManager[ChatRecords]: ...


@dataclass(frozen=True)
class ChatParts:
    """All that the use cases need."""

    store: SessionStore
    retriever: Retriever
    versions: DocumentVersions
    model: AnswerModel
    desk: TicketDesk
    groups: TextGroups
    now: Clock
    new_id: Callable[[], str]
