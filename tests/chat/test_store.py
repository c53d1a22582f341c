"""The same questions to the fake and to the real store on SQLite and PostgreSQL."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

import services.chat
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
from services.chat.ports import SessionStore
from services.chat.store import SqlSessionStore
from services.mesh.caller import UserId
from services.mesh.database import Database
from tests.chat.builders import ACME, GLOBEX, NOW
from tests.chat.fakes import FakeSessionStore

ANN_ID = UserId("user-ann")
BOB_ID = UserId("user-bob")
SESSION = ChatSession("session-1", ANN_ID, NOW)
QUESTION = Message("message-1", "session-1", MessageRole.USER, "How?", NOW, request_id="request-1")
ANSWER = Message(
    "message-2",
    "session-1",
    MessageRole.ASSISTANT,
    "So. [1] And so. [2]",
    NOW,
    outcome=AnswerOutcome.ANSWERED,
    citations=(
        Citation(1, "doc-1", 3, "chunk-1", "Title", 4, 7, "So.", "a.md"),
        Citation(2, "doc-1", 3, "chunk-2", "Title", 8, 15, "And so.", "a.md"),
    ),
    nearest_articles=(NearestArticle("doc-2", "Other", "b.md"),),
    answers="message-1",
)


@pytest.fixture(params=["fake", "sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[SessionStore]:
    if request.param == "fake":
        yield FakeSessionStore()
        return
    database = Database(request.getfixturevalue(f"{request.param}_url"))
    await database.migrate(Path(services.chat.__file__).parent / "migrations")
    yield SqlSessionStore(database)
    await database.close()


async def _begun(store: SessionStore, *messages: Message) -> None:
    async with store.writing(ACME) as records:
        await records.add_session(SESSION)
        for message in messages:
            await records.add_message(message, ANN_ID)


async def _fail_while_adding(store: SessionStore, message: Message) -> None:
    async with store.writing(ACME) as records:
        await records.add_message(message, ANN_ID)
        raise RuntimeError


async def test_a_session_comes_back_as_it_was_stored(store: SessionStore) -> None:
    await _begun(store)

    async with store.reading(ACME) as records:
        assert await records.find_session("session-1", ANN_ID) == SESSION


async def test_a_session_is_nobody_elses(store: SessionStore) -> None:
    await _begun(store)

    async with store.writing(ACME) as records:
        assert await records.find_session("session-1", BOB_ID) is None
        assert await records.lock_session("session-1", BOB_ID) is None
    async with store.writing(GLOBEX) as records:
        assert await records.find_session("session-1", ANN_ID) is None
        assert await records.lock_session("session-1", ANN_ID) is None


async def test_messages_come_back_whole_and_in_the_order_of_speaking(store: SessionStore) -> None:
    await _begun(store, QUESTION, ANSWER)

    async with store.reading(ACME) as records:
        assert await records.list_messages("session-1", limit=10) == [QUESTION, ANSWER]
        assert await records.list_messages("session-1", limit=1) == [QUESTION]
        assert await records.list_messages("session-1", after_position=1, limit=9) == [ANSWER]
        session = await records.find_session("session-1", ANN_ID)
        assert session is not None
        assert session.message_count == 2


async def test_another_tenant_has_no_messages(store: SessionStore) -> None:
    await _begun(store, QUESTION, ANSWER)

    async with store.reading(GLOBEX) as records:
        assert await records.list_messages("session-1", limit=10) == []
        assert await records.find_question(ANN_ID, "request-1") is None
        assert await records.find_answer("message-1") is None


async def test_a_question_is_found_by_its_users_request_id(store: SessionStore) -> None:
    await _begun(store, QUESTION, ANSWER)

    async with store.reading(ACME) as records:
        assert await records.find_question(ANN_ID, "request-1") == QUESTION
        assert await records.find_question(BOB_ID, "request-1") is None
        assert await records.find_answer("message-1") == ANSWER
        assert await records.find_answer("message-2") is None


async def test_a_request_id_is_taken_once_for_each_user(store: SessionStore) -> None:
    await _begun(store, QUESTION)

    with pytest.raises(RequestIdTaken):
        async with store.writing(ACME) as records:
            await records.add_message(replace(QUESTION, message_id="message-9"), ANN_ID)
    async with store.writing(ACME) as records:
        await records.add_message(replace(QUESTION, message_id="message-9"), BOB_ID)


async def test_positions_have_no_gap_after_a_failed_transaction(store: SessionStore) -> None:
    await _begun(store, QUESTION)

    with pytest.raises(RuntimeError):
        await _fail_while_adding(store, replace(ANSWER, message_id="lost"))
    async with store.writing(ACME) as records:
        await records.add_message(ANSWER, ANN_ID)

    async with store.reading(ACME) as records:
        assert await records.list_messages("session-1", after_position=1, limit=9) == [ANSWER]
        assert await records.find_answer("message-1") == ANSWER


async def test_the_hand_off_is_kept_and_the_count_left_alone(store: SessionStore) -> None:
    await _begun(store, QUESTION)
    handed_off = replace(SESSION, ticket_id="ticket-1", hand_off_wish=HandOffWish("", 1))

    async with store.writing(ACME) as records:
        locked = await records.lock_session("session-1", ANN_ID)
        assert locked == replace(SESSION, message_count=1)
        await records.update_session(handed_off)

    async with store.reading(ACME) as records:
        kept = await records.find_session("session-1", ANN_ID)
        assert kept == replace(handed_off, message_count=1)


async def test_unanswered_questions_come_newest_first_whoever_asked(store: SessionStore) -> None:
    near = (NearestArticle("doc-2", "Other", "b.md"),)
    asked = [
        replace(QUESTION, message_id=f"q{n}", text=f"How {n}?", request_id=None) for n in range(4)
    ]
    asked = [replace(one, create_time=NOW + n * timedelta(days=1)) for n, one in enumerate(asked)]
    told = [
        replace(ANSWER, message_id=f"a{n}", answers=f"q{n}", citations=(), nearest_articles=near)
        for n in range(4)
    ]
    not_found = [replace(one, outcome=AnswerOutcome.NOT_FOUND) for one in told]
    await _begun(store, asked[0], not_found[0], asked[1], told[1], asked[2], not_found[2])
    async with store.writing(ACME) as records:
        await records.add_session(replace(SESSION, session_id="session-2", user_id=BOB_ID))
        for message in (asked[3], not_found[3]):
            await records.add_message(replace(message, session_id="session-2"), BOB_ID)

    async with store.reading(ACME) as records:
        found = await records.list_unanswered(NOW, limit=9)
        assert [one.text for one in found] == ["How 3?", "How 2?", "How 0?"]
        assert found[0] == UnansweredQuestion("How 3?", asked[3].create_time, near)
        assert [one.text for one in await records.list_unanswered(NOW, limit=1)] == ["How 3?"]
        since = NOW + timedelta(days=3)
        assert [one.text for one in await records.list_unanswered(since, limit=9)] == ["How 3?"]
    async with store.reading(GLOBEX) as records:
        assert await records.list_unanswered(NOW, limit=9) == []
