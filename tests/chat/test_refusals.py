"""What chat refuses, as a client behind a real server sees it."""

from uuid import uuid4

import grpc
import pytest

from helpdesk.chat.v1 import chat_service_pb2
from tests.chat.served import HOW, PERMISSIONS, Chat
from tests.support.mesh_server import TestUser, refused

NOT_FOUND = grpc.StatusCode.NOT_FOUND
INVALID = grpc.StatusCode.INVALID_ARGUMENT
FAILED = grpc.StatusCode.FAILED_PRECONDITION


async def test_a_blank_question_is_refused(chat: Chat) -> None:
    with refused(INVALID, "QUESTION_EMPTY") as refusals:
        await chat.ask("  \n ")
    with refused(INVALID, "QUESTION_EMPTY"):
        await chat.stream(text="\t")

    assert refusals[0].domain == "helpdesk.chat"
    assert set(refusals[0].violations) == {"text"}


@pytest.mark.parametrize("text", ["", "x" * 4001])
async def test_a_question_of_the_wrong_size_is_refused(chat: Chat, text: str) -> None:
    with refused(INVALID, "INVALID_REQUEST"):
        await chat.ask(text)


async def test_an_unknown_session_is_not_found(chat: Chat) -> None:
    with refused(NOT_FOUND, "SESSION_NOT_FOUND") as refusals:
        await chat.get("unknown")

    assert refusals[0].metadata == {"session_id": "unknown"}


async def test_every_rpc_hides_a_session_from_strangers(chat: Chat, stranger: TestUser) -> None:
    session_id = (await chat.ask()).session_id
    chat.ann = stranger

    for attempt in (
        chat.get(session_id),
        chat.messages(session_id),
        chat.ask(session_id=session_id),
        chat.stream(text=HOW, session_id=session_id),
        chat.hand_off(session_id),
    ):
        with refused(NOT_FOUND, "SESSION_NOT_FOUND"):
            await attempt
    assert chat.world.desk.orders == {}


async def test_a_request_id_with_another_question_is_refused(chat: Chat) -> None:
    request_id = str(uuid4())
    await chat.ask(request_id=request_id)

    with refused(FAILED, "REQUEST_ID_REUSED") as refusals:
        await chat.ask("Something else?", request_id=request_id)
    assert refusals[0].domain == "helpdesk.mesh"


async def test_a_handed_off_session_is_closed_to_questions(chat: Chat) -> None:
    session_id = (await chat.ask()).session_id
    await chat.hand_off(session_id)

    with refused(FAILED, "SESSION_HANDED_OFF") as refusals:
        await chat.stream(text=HOW, session_id=session_id)
    assert refusals[0].metadata == {"session_id": session_id, "ticket_id": "ticket-1"}


async def test_an_empty_session_cannot_be_handed_off(chat: Chat) -> None:
    request = chat_service_pb2.CreateSessionRequest()
    session = await chat.stub.CreateSession(request, metadata=chat.ann.metadata)

    with refused(FAILED, "SESSION_EMPTY"):
        await chat.hand_off(session.session_id)


async def test_nobody_asks_without_the_permission(chat: Chat) -> None:
    chat.ann = chat.server.user(permissions=PERMISSIONS - {"chat.messages.send"})

    with refused(grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
        await chat.ask()
    with refused(grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
        await chat.stream(text=HOW)
