"""All SQL of chat, for SQLite and PostgreSQL alike."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Select, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from services.chat.domain import (
    AnswerOutcome,
    ChatSession,
    Citation,
    HandOffWish,
    Message,
    MessageRole,
    NearestArticle,
    UnansweredQuestion,
)
from services.chat.errors import RequestIdTaken
from services.chat.ports import ChatRecords
from services.chat.tables import CitationRow, MessageRow, SessionRow
from services.mesh.caller import TenantId, UserId
from services.mesh.database import Database


class SqlSessionStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    def writing(self, tenant_id: TenantId) -> AbstractAsyncContextManager[ChatRecords]:
        return self._records(tenant_id, self._database.tenant_transaction(tenant_id))

    def reading(self, tenant_id: TenantId) -> AbstractAsyncContextManager[ChatRecords]:
        return self._records(tenant_id, self._database.tenant_reading(tenant_id))

    @asynccontextmanager
    async def _records(
        self, tenant_id: TenantId, transaction: AbstractAsyncContextManager[AsyncSession]
    ) -> AsyncIterator[ChatRecords]:
        async with transaction as session:
            yield _SqlChatRecords(tenant_id, session)


class _SqlChatRecords:
    def __init__(self, tenant_id: TenantId, session: AsyncSession) -> None:
        self._tenant_id = tenant_id
        self._sql = session

    async def add_session(self, session: ChatSession) -> None:
        self._sql.add(
            SessionRow(
                tenant_id=self._tenant_id,
                session_id=session.session_id,
                user_id=session.user_id,
                create_time=session.create_time,
                message_count=session.message_count,
                **_changing_columns(session),
            )
        )
        await self._sql.flush()

    async def find_session(self, session_id: str, user_id: UserId) -> ChatSession | None:
        return await self._session(self._select_session(session_id, user_id))

    async def lock_session(self, session_id: str, user_id: UserId) -> ChatSession | None:
        return await self._session(self._select_session(session_id, user_id).with_for_update())

    async def update_session(self, session: ChatSession) -> None:
        await self._sql.execute(
            update(SessionRow)
            .filter_by(tenant_id=self._tenant_id, session_id=session.session_id)
            .values(_changing_columns(session))
        )

    async def add_message(self, message: Message, user_id: UserId) -> None:
        counted = (
            update(SessionRow)
            .filter_by(tenant_id=self._tenant_id, session_id=message.session_id)
            .values(message_count=SessionRow.message_count + 1)
            .returning(SessionRow.message_count)
        )
        position = (await self._sql.execute(counted)).scalar_one()
        try:
            self._sql.add(_message_row(self._tenant_id, message, user_id, position))
            await self._sql.flush()
        except IntegrityError as error:
            if message.request_id is None:
                raise
            raise RequestIdTaken from error
        self._sql.add_all(
            CitationRow(
                tenant_id=self._tenant_id, message_id=message.message_id, **asdict(citation)
            )
            for citation in message.citations
        )
        await self._sql.flush()

    async def find_question(self, user_id: UserId, request_id: str) -> Message | None:
        query = self._select_messages().filter_by(user_id=user_id, request_id=request_id)
        return next(iter(await self._messages(query)), None)

    async def find_answer(self, question_id: str) -> Message | None:
        query = self._select_messages().filter_by(answers=question_id)
        return next(iter(await self._messages(query)), None)

    async def list_messages(
        self, session_id: str, *, after_position: int = 0, limit: int
    ) -> Sequence[Message]:
        return await self._messages(
            self._select_messages()
            .filter_by(session_id=session_id)
            .where(MessageRow.position > after_position)
            .order_by(MessageRow.position)
            .limit(limit)
        )

    async def list_unanswered(self, since: datetime, *, limit: int) -> list[UnansweredQuestion]:
        answer = aliased(MessageRow)
        rows = await self._sql.execute(
            select(MessageRow.text, MessageRow.create_time, answer.nearest_articles)
            .join(
                answer,
                (answer.tenant_id == MessageRow.tenant_id)
                & (answer.answers == MessageRow.message_id),
            )
            .where(
                MessageRow.tenant_id == self._tenant_id,
                answer.tenant_id == self._tenant_id,
                answer.outcome == AnswerOutcome.NOT_FOUND.value,
                MessageRow.create_time >= since,
            )
            .order_by(MessageRow.create_time.desc(), MessageRow.message_id)
            .limit(limit)
        )
        return [
            UnansweredQuestion(text, time, tuple(NearestArticle(**one) for one in articles))
            for text, time, articles in rows
        ]

    def _select_session(self, session_id: str, user_id: UserId) -> Select[SessionRow]:
        return (
            select(SessionRow)
            .filter_by(tenant_id=self._tenant_id, session_id=session_id, user_id=user_id)
            .execution_options(populate_existing=True)
        )

    async def _session(self, query: Select[SessionRow]) -> ChatSession | None:
        row = (await self._sql.execute(query)).scalar_one_or_none()
        return None if row is None else _session(row)

    def _select_messages(self) -> Select[MessageRow]:
        return select(MessageRow).filter_by(tenant_id=self._tenant_id)

    async def _messages(self, query: Select[MessageRow]) -> list[Message]:
        rows = (await self._sql.execute(query)).scalars().all()
        cited = (
            select(CitationRow)
            .filter_by(tenant_id=self._tenant_id)
            .where(CitationRow.message_id.in_([row.message_id for row in rows if row.outcome]))
            .order_by(CitationRow.message_id, CitationRow.number)
        )
        citations: dict[str, list[Citation]] = {}
        if any(row.outcome for row in rows):
            for row in (await self._sql.execute(cited)).scalars():
                citations.setdefault(row.message_id, []).append(_citation(row))
        return [_message(row, tuple(citations.get(row.message_id, ()))) for row in rows]


def _changing_columns(session: ChatSession) -> dict[str, str | int | None]:
    wish = session.hand_off_wish
    return {
        "ticket_id": session.ticket_id,
        "hand_off_reason": wish.reason if wish else None,
        "hand_off_message_count": wish.message_count if wish else None,
    }


def _session(row: SessionRow) -> ChatSession:
    wish = None
    if row.hand_off_message_count is not None:
        wish = HandOffWish(row.hand_off_reason or "", row.hand_off_message_count)
    return ChatSession(
        session_id=row.session_id,
        user_id=row.user_id,
        create_time=row.create_time,
        message_count=row.message_count,
        ticket_id=row.ticket_id,
        hand_off_wish=wish,
    )


def _message_row(
    tenant_id: TenantId, message: Message, user_id: UserId, position: int
) -> MessageRow:
    return MessageRow(
        tenant_id=tenant_id,
        message_id=message.message_id,
        session_id=message.session_id,
        position=position,
        user_id=user_id,
        role=message.role.value,
        text=message.text,
        outcome=message.outcome.value if message.outcome else None,
        nearest_articles=[asdict(article) for article in message.nearest_articles],
        request_id=message.request_id,
        answers=message.answers,
        create_time=message.create_time,
    )


def _message(row: MessageRow, citations: tuple[Citation, ...]) -> Message:
    return Message(
        message_id=row.message_id,
        session_id=row.session_id,
        role=MessageRole(row.role),
        text=row.text,
        create_time=row.create_time,
        outcome=AnswerOutcome(row.outcome) if row.outcome else None,
        citations=citations,
        nearest_articles=tuple(NearestArticle(**article) for article in row.nearest_articles),
        request_id=row.request_id,
        answers=row.answers,
    )


def _citation(row: CitationRow) -> Citation:
    return Citation(
        number=row.number,
        document_id=row.document_id,
        version=row.version,
        chunk_id=row.chunk_id,
        title=row.title,
        start=row.start,
        end=row.end,
        quote=row.quote,
        source_uri=row.source_uri,
    )


def _citation_row(tenant_id: TenantId, message_id: str, citation: Citation) -> CitationRow:
    return CitationRow(tenant_id=tenant_id, message_id=message_id, **asdict(citation))
