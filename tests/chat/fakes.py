"""What chat asks of the world, in memory. The store passes the same tests as the real one."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime

from services.chat.domain import (
    AnswerOutcome,
    ChatSession,
    DocumentVersion,
    Message,
    Passage,
    Statement,
    UnansweredQuestion,
)
from services.chat.errors import DocumentVersionMissing, RequestIdTaken
from services.chat.ports import AnswerModel, ChatRecords, FoundPassages, OpenedTicket, TicketOrder
from services.mesh.caller import TenantId, UserId
from services.mesh.errors import MeshError


@dataclass
class _Rows:
    sessions: dict[str, ChatSession] = field(default_factory=dict)
    messages: list[tuple[UserId, Message]] = field(default_factory=list)


class FakeSessionStore:
    """One transaction at a time; an exception undoes all of it."""

    def __init__(self) -> None:
        self._tenants: dict[TenantId, _Rows] = {}
        self._lock = asyncio.Lock()
        self.is_in_transaction = False

    @asynccontextmanager
    async def writing(self, tenant_id: TenantId) -> AsyncIterator[ChatRecords]:
        async with self._lock:
            rows = deepcopy(self._tenants.get(tenant_id, _Rows()))
            self.is_in_transaction = True
            try:
                yield _FakeChatRecords(rows)
            finally:
                self.is_in_transaction = False
            self._tenants[tenant_id] = rows

    @asynccontextmanager
    async def reading(self, tenant_id: TenantId) -> AsyncIterator[ChatRecords]:
        yield _FakeChatRecords(deepcopy(self._tenants.get(tenant_id, _Rows())))


class _FakeChatRecords:
    def __init__(self, rows: _Rows) -> None:
        self._rows = rows

    async def add_session(self, session: ChatSession) -> None:
        self._rows.sessions[session.session_id] = session

    async def find_session(self, session_id: str, user_id: UserId) -> ChatSession | None:
        session = self._rows.sessions.get(session_id)
        return session if session is not None and session.user_id == user_id else None

    async def lock_session(self, session_id: str, user_id: UserId) -> ChatSession | None:
        return await self.find_session(session_id, user_id)

    async def update_session(self, session: ChatSession) -> None:
        known = self._rows.sessions[session.session_id]
        self._rows.sessions[session.session_id] = replace(
            known, ticket_id=session.ticket_id, hand_off_wish=session.hand_off_wish
        )

    async def add_message(self, message: Message, user_id: UserId) -> None:
        if message.request_id and await self.find_question(user_id, message.request_id):
            raise RequestIdTaken
        session = self._rows.sessions[message.session_id]
        counted = replace(session, message_count=session.message_count + 1)
        self._rows.sessions[message.session_id] = counted
        self._rows.messages.append((user_id, message))

    async def find_question(self, user_id: UserId, request_id: str) -> Message | None:
        wanted = (user_id, request_id)
        return next(
            (each for user, each in self._messages if (user, each.request_id) == wanted), None
        )

    async def list_unanswered(self, since: datetime, *, limit: int) -> list[UnansweredQuestion]:
        answers = {
            each.answers: each
            for _, each in self._messages
            if each.outcome is AnswerOutcome.NOT_FOUND
        }
        asked = [
            UnansweredQuestion(
                each.text, each.create_time, answers[each.message_id].nearest_articles
            )
            for _, each in self._messages
            if each.message_id in answers and each.create_time >= since
        ]
        return sorted(asked, key=lambda one: one.create_time, reverse=True)[:limit]

    async def find_answer(self, question_id: str) -> Message | None:
        return next((each for _, each in self._messages if each.answers == question_id), None)

    async def list_messages(
        self, session_id: str, *, after_position: int = 0, limit: int
    ) -> Sequence[Message]:
        said = [each for _, each in self._messages if each.session_id == session_id]
        return said[after_position:][:limit]

    @property
    def _messages(self) -> list[tuple[UserId, Message]]:
        return self._rows.messages


class FakeKnowledge:
    """Finds the given passages, whatever the question, and knows the versions behind them."""

    def __init__(
        self, passages: Sequence[Passage] = (), versions: Sequence[DocumentVersion] = ()
    ) -> None:
        self.passages = tuple(passages)
        self.degraded = False
        self.in_another_language = False
        self.versions = {(each.document_id, each.version): each for each in versions}
        self.queries: list[str] = []
        self.fetched: list[tuple[str, int]] = []
        self.failure: MeshError | None = None

    async def find_passages(self, question: str) -> FoundPassages:
        self.queries.append(question)
        if self.failure is not None:
            raise self.failure
        return FoundPassages(self.passages, self.degraded, self.in_another_language)

    async def get_version(self, document_id: str, version: int) -> DocumentVersion:
        self.fetched.append((document_id, version))
        if (document_id, version) not in self.versions:
            raise DocumentVersionMissing
        return self.versions[document_id, version]


class ScriptedModel:
    """Says what it was told to say; for instance lies."""

    def __init__(self, *statements: Statement, failure: Exception | None = None) -> None:
        self._statements = statements
        self._failure = failure

    async def draft(self, question: str, passages: Sequence[Passage]) -> AsyncIterator[Statement]:
        del question, passages
        for statement in self._statements:
            yield statement
        if self._failure is not None:
            raise self._failure


class SwitchedModel:
    """Answers as the model it holds at the moment."""

    def __init__(self, model: AnswerModel) -> None:
        self.model = model

    def draft(self, question: str, passages: Sequence[Passage]) -> AsyncIterator[Statement]:
        return self.model.draft(question, passages)


class FakeTicketDesk:
    """Remembers request ids as the real one does: another order under a known id is refused."""

    def __init__(self) -> None:
        self.orders: dict[str, TicketOrder] = {}
        self.failure: MeshError | None = None
        self.loses_reply = False

    async def open_ticket(self, order: TicketOrder) -> OpenedTicket:
        if self.failure is not None:
            raise self.failure
        known = self.orders.setdefault(order.request_id, order)
        assert known == order, "the same request_id with another request"
        if self.loses_reply:
            raise ConnectionResetError
        number = list(self.orders).index(order.request_id) + 1
        return OpenedTicket(f"ticket-{number}", number)


class FakeGroups:
    """Texts that begin with the same word mean alike."""

    async def group(self, texts: Sequence[str]) -> list[list[int]]:
        groups: dict[str, list[int]] = {}
        for place, text in enumerate(texts):
            groups.setdefault(text.split()[0], []).append(place)
        return sorted(groups.values(), key=len, reverse=True)
