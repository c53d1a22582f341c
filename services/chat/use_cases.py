"""What people do with a conversation. No transaction is open while a peer is asked."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

from services.chat.answer.chain import ComposedAnswer, compose_answer
from services.chat.answer.follow_up import leans_on_the_one_before
from services.chat.answer.person import asks_for_a_person
from services.chat.answer.wording import handed_over
from services.chat.domain import (
    AnswerDelta,
    AnswerDone,
    AnswerEvent,
    AnswerOutcome,
    AnswerStarted,
    ChatSession,
    CitationAdded,
    Message,
    MessageRole,
    question_text,
)
from services.chat.errors import RequestIdTaken, SessionNotFound
from services.chat.hand_off import ticket_order
from services.chat.ports import ChatParts, ChatRecords, OpenedTicket
from services.mesh.caller import current_tenant, current_user
from services.mesh.errors import RequestIdReused

_REMEMBERED_MESSAGES = 20


async def create_session(parts: ChatParts) -> ChatSession:
    session = _new_session(parts)
    async with parts.store.writing(current_tenant()) as records:
        await records.add_session(session)
    return session


async def get_session(parts: ChatParts, session_id: str) -> ChatSession:
    async with parts.store.reading(current_tenant()) as records:
        return _found(session_id, await records.find_session(session_id, current_user()))


async def list_messages(
    parts: ChatParts, session_id: str, *, after_position: int, limit: int
) -> list[Message]:
    async with parts.store.reading(current_tenant()) as records:
        _found(session_id, await records.find_session(session_id, current_user()))
        return list(
            await records.list_messages(session_id, after_position=after_position, limit=limit)
        )


@dataclass(frozen=True)
class AskedQuestion:
    """An empty session_id begins a session; an empty request_id promises nothing about repeats."""

    text: str
    session_id: str = ""
    request_id: str = ""


async def send_message(parts: ChatParts, asked: AskedQuestion) -> Message:
    async for event in stream_message(parts, asked):
        if isinstance(event, AnswerDone):
            return event.message
    raise AssertionError("an answer's last event is AnswerDone")


async def stream_message(parts: ChatParts, asked: AskedQuestion) -> AsyncIterator[AnswerEvent]:
    """Refuses before the first event, or yields AnswerStarted at once and AnswerDone at the end."""
    turn = await _begin_turn(parts, replace(asked, text=question_text(asked.text)))
    if turn.answer is not None:
        for event in _told_again(turn.answer):
            yield event
        return
    question, answer_id = turn.question, parts.new_id()
    yield AnswerStarted(question.session_id, answer_id)
    if asks_for_a_person(question.text):
        session = await _wish_hand_off(parts, question.session_id, question.text)
        answer = await _hand_off(parts, session, answer_id, answers=question.message_id)
        yield AnswerDelta(answer.text)
    else:
        composed: ComposedAnswer | None = None
        async for step in compose_answer(parts, question.text, turn.earlier_questions):
            if isinstance(step, ComposedAnswer):
                composed = step
            else:
                yield step
        assert composed is not None  # noqa: S101 - the chain's promise, for the type checker
        answer = await _keep_answer(parts, question, answer_id, composed)
    yield AnswerDone(answer)


async def hand_off_session(parts: ChatParts, session_id: str, reason: str) -> ChatSession:
    """Opens one ticket, however often it is asked for and wherever a crash came between."""
    session = await _wish_hand_off(parts, session_id, reason)
    if session.ticket_id is None:
        await _hand_off(parts, session, parts.new_id(), answers=None)
    return await get_session(parts, session_id)


@dataclass(frozen=True)
class _Turn:
    question: Message
    answer: Message | None = None
    earlier_questions: tuple[str, ...] = ()


async def _begin_turn(parts: ChatParts, asked: AskedQuestion) -> _Turn:
    try:
        return await _store_question(parts, asked)
    except RequestIdTaken:
        # Another call with this request id was a moment faster; now its question can be read.
        return await _store_question(parts, asked)


async def _store_question(parts: ChatParts, asked: AskedQuestion) -> _Turn:
    async with parts.store.writing(current_tenant()) as records:
        known = None
        if asked.request_id:
            known = await records.find_question(current_user(), asked.request_id)
        if known is not None:
            return await _turn_again(records, known, asked)
        session = await _session_of(parts, records, asked.session_id)
        question = Message(
            message_id=parts.new_id(),
            session_id=session.session_id,
            role=MessageRole.USER,
            text=asked.text,
            create_time=parts.now(),
            request_id=asked.request_id or None,
        )
        earlier = await _earlier_questions(records, session, question)
        await records.add_message(question, current_user())
        return _Turn(question, earlier_questions=earlier)


async def _turn_again(records: ChatRecords, known: Message, asked: AskedQuestion) -> _Turn:
    if known.text != asked.text or asked.session_id not in ("", known.session_id):
        raise RequestIdReused(
            "This request_id was used before with a different request.",
            metadata={"request_id": asked.request_id},
        )
    answer = await records.find_answer(known.message_id)
    if answer is not None:
        return _Turn(known, answer)
    session = await records.lock_session(known.session_id, current_user())
    session = _found(known.session_id, session)
    session.require_open()
    return _Turn(known, earlier_questions=await _earlier_questions(records, session, known))


async def _session_of(parts: ChatParts, records: ChatRecords, session_id: str) -> ChatSession:
    if not session_id:
        session = _new_session(parts)
        await records.add_session(session)
        return session
    session = _found(session_id, await records.lock_session(session_id, current_user()))
    session.require_open()
    return session


async def _earlier_questions(
    records: ChatRecords, session: ChatSession, question: Message
) -> tuple[str, ...]:
    if not leans_on_the_one_before(question.text):
        return ()
    messages = await records.list_messages(
        session.session_id,
        after_position=max(0, session.message_count - _REMEMBERED_MESSAGES),
        limit=_REMEMBERED_MESSAGES,
    )
    said_by_user = [message for message in messages if message.role is MessageRole.USER]
    return tuple(
        message.text for message in said_by_user if message.message_id != question.message_id
    )


async def _keep_answer(
    parts: ChatParts, question: Message, answer_id: str, composed: ComposedAnswer
) -> Message:
    answer = Message(
        message_id=answer_id,
        session_id=question.session_id,
        role=MessageRole.ASSISTANT,
        text=composed.text,
        create_time=parts.now(),
        outcome=composed.outcome,
        citations=composed.citations,
        nearest_articles=composed.nearest_articles,
        answers=question.message_id,
    )
    async with parts.store.writing(current_tenant()) as records:
        session = await records.lock_session(question.session_id, current_user())
        kept = await records.find_answer(question.message_id)
        if kept is not None:
            return kept
        # A person may have taken over while the answer was made; then nothing of ours follows.
        _found(question.session_id, session).require_open()
        await records.add_message(answer, current_user())
    return answer


async def _wish_hand_off(parts: ChatParts, session_id: str, reason: str) -> ChatSession:
    """Fixes what the ticket is made from before it is opened."""
    async with parts.store.writing(current_tenant()) as records:
        session = _found(session_id, await records.lock_session(session_id, current_user()))
        if session.ticket_id is None:
            session = session.wishing_hand_off(reason)
            await records.update_session(session)
        return session


async def _hand_off(
    parts: ChatParts, session: ChatSession, message_id: str, *, answers: str | None
) -> Message:
    session.require_open()
    wish = session.hand_off_wish
    assert wish is not None  # noqa: S101 - _wish_hand_off came first, for the type checker
    async with parts.store.reading(current_tenant()) as records:
        messages = await records.list_messages(session.session_id, limit=wish.message_count)
    ticket = await parts.desk.open_ticket(ticket_order(session, messages))
    notice = Message(
        message_id=message_id,
        session_id=session.session_id,
        role=MessageRole.ASSISTANT,
        text=handed_over(ticket.number),
        create_time=parts.now(),
        outcome=AnswerOutcome.HANDED_OFF,
        answers=answers,
    )
    return await _keep_hand_off(parts, session.session_id, ticket, notice)


async def _keep_hand_off(
    parts: ChatParts, session_id: str, ticket: OpenedTicket, notice: Message
) -> Message:
    async with parts.store.writing(current_tenant()) as records:
        session = _found(session_id, await records.lock_session(session_id, current_user()))
        if session.ticket_id is None:
            await records.update_session(session.handed_off_to(ticket.ticket_id))
            await records.add_message(notice, current_user())
        elif notice.answers is not None:
            # Another call handed the session off meanwhile, perhaps for the same question.
            kept = await records.find_answer(notice.answers)
            if kept is None:
                session.require_open()
            return kept or notice
    return notice


def _told_again(answer: Message) -> list[AnswerEvent]:
    return [
        AnswerStarted(answer.session_id, answer.message_id),
        AnswerDelta(answer.text),
        *(CitationAdded(citation) for citation in answer.citations),
        AnswerDone(answer),
    ]


def _new_session(parts: ChatParts) -> ChatSession:
    return ChatSession(parts.new_id(), current_user(), parts.now())


def _found(session_id: str, session: ChatSession | None) -> ChatSession:
    if session is None:
        raise SessionNotFound(session_id)
    return session
