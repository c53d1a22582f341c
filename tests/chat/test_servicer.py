"""Chat behind a real server with every interceptor; only search and ticket are fakes."""

import base64
from uuid import uuid4

import grpc
import pytest
from google.rpc import code_pb2, error_details_pb2, status_pb2

from helpdesk.chat.v1 import chat_pb2, chat_service_pb2
from services.chat.domain import Statement
from services.mesh.errors import PeerUnavailable
from tests.chat.builders import a_passage, a_statement, a_version
from tests.chat.fakes import (
    ScriptedModel,
)
from tests.chat.served import HOW, Chat
from tests.support.mesh_server import refused

INVALID = grpc.StatusCode.INVALID_ARGUMENT


def _reason(status: status_pb2.Status) -> str:
    info = error_details_pb2.ErrorInfo()
    assert [detail.Unpack(info) for detail in status.details].count(True) == 1
    return str(info.reason)


async def test_a_session_is_created_and_read_back(chat: Chat) -> None:
    request = chat_service_pb2.CreateSessionRequest(request_id=str(uuid4()))
    session = await chat.stub.CreateSession(request, metadata=chat.ann.metadata)

    assert session.user_id == "ann"
    assert await chat.get(session.session_id) == session
    assert await chat.stub.CreateSession(request, metadata=chat.ann.metadata) == session


async def test_a_question_is_answered_with_checked_citations(chat: Chat) -> None:
    answer = await chat.ask()

    assert answer.role == chat_pb2.MESSAGE_ROLE_ASSISTANT
    assert answer.outcome == chat_pb2.ANSWER_OUTCOME_ANSWERED
    assert answer.citations
    for citation in answer.citations:
        assert a_version().content[citation.start : citation.end] == citation.quote


async def test_stream_unary_and_history_tell_the_same_answer(chat: Chat) -> None:
    events = await chat.stream(text=HOW)

    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    kinds = [event.WhichOneof("event") for event in events]
    assert (kinds[0], kinds[-1]) == ("started", "done")
    assert set(kinds[1:-1]) == {"delta", "citation"}
    done = events[-1].done.message
    assert "".join(event.delta.text for event in events) == done.text
    cited = [event.citation for event in events if event.WhichOneof("event") == "citation"]
    assert cited == list(done.citations)
    assert events[0].started.message_id == done.message_id
    history = await chat.messages(done.session_id)
    assert history.messages[1] == done
    unary = await chat.ask()
    assert (unary.text, list(unary.citations)) == (done.text, list(done.citations))


async def test_an_unanswered_question_names_the_nearest_articles(chat: Chat) -> None:
    chat.world.knowledge.passages = (a_passage(similarity=0.05, coverage=0.0),)

    answer = await chat.ask("What is the boiling point of tungsten?")

    assert answer.outcome == chat_pb2.ANSWER_OUTCOME_NOT_FOUND
    assert not answer.citations
    assert [article.document_id for article in answer.nearest_articles] == ["doc-slack"]


async def test_messages_come_in_pages(chat: Chat) -> None:
    session_id = (await chat.ask()).session_id
    await chat.ask(session_id=session_id)

    first = await chat.messages(session_id, page_size=3)
    second = await chat.messages(session_id, 3, first.next_page_token)

    assert (len(first.messages), len(second.messages)) == (3, 1)
    assert second.next_page_token == ""
    everything = await chat.messages(session_id)
    assert [*first.messages, *second.messages] == list(everything.messages)


@pytest.mark.parametrize("token", ["nonsense", "of another list", "of no number"])
async def test_a_page_token_of_another_list_is_refused(chat: Chat, token: str) -> None:
    session_id = (await chat.ask()).session_id
    given = (await chat.messages(session_id, page_size=1)).next_page_token
    if token == "of another list":
        session_id = (await chat.ask()).session_id
    elif token == "of no number":
        content = base64.urlsafe_b64decode(given + "==").replace(b'"1"', b'"-1"')
        given = base64.urlsafe_b64encode(content).decode()
    else:
        given = token

    with refused(INVALID, "PAGE_TOKEN_INVALID"):
        await chat.messages(session_id, 1, given)


async def test_a_failure_under_way_is_the_streams_last_event(chat: Chat) -> None:
    said = a_statement("Slack is a chat tool.", a_passage())
    chat.model.model = ScriptedModel(said, failure=PeerUnavailable("Search does not answer."))

    events = await chat.stream(text=HOW)

    kinds = [event.WhichOneof("event") for event in events]
    assert kinds == ["started", "delta", "citation", "error"]
    assert events[-1].seq == 4
    assert events[-1].error.code == code_pb2.UNAVAILABLE
    assert _reason(events[-1].error) == "PEER_UNAVAILABLE"


async def test_an_unknown_failure_under_way_tells_nothing_of_itself(chat: Chat) -> None:
    chat.model.model = ScriptedModel(failure=RuntimeError("a secret of ours"))

    *_, last = await chat.stream(text=HOW)

    assert last.error.code == code_pb2.INTERNAL
    assert _reason(last.error) == "INTERNAL"
    assert b"secret" not in last.SerializeToString()


async def test_the_same_request_id_gets_the_same_answer(chat: Chat) -> None:
    request_id = str(uuid4())

    answer = await chat.ask(request_id=request_id)

    assert await chat.ask(request_id=request_id) == answer
    assert (await chat.stream(text=HOW, request_id=request_id))[-1].done.message == answer
    assert len((await chat.messages(answer.session_id)).messages) == 2


async def test_a_lie_never_reaches_the_user(chat: Chat) -> None:
    truth = a_statement("Slack is a chat tool.", a_passage())
    lie = Statement("Slack is closed on Mondays.", truth.evidence)
    chat.model.model = ScriptedModel(lie)

    answer = await chat.ask()

    assert answer.outcome == chat_pb2.ANSWER_OUTCOME_NOT_FOUND
    assert "Mondays" not in answer.text


async def test_a_hand_off_opens_a_ticket_once(chat: Chat) -> None:
    session_id = (await chat.ask()).session_id

    session = await chat.hand_off(session_id, "It did not help.")

    assert session.ticket_id == "ticket-1"
    assert await chat.hand_off(session_id, "Again.") == session
    *_, notice = (await chat.messages(session_id)).messages
    assert notice.outcome == chat_pb2.ANSWER_OUTCOME_HANDED_OFF


async def test_a_wish_for_a_person_is_streamed_as_a_hand_off(chat: Chat) -> None:
    events = await chat.stream(text="I want to talk to a person please")

    kinds = [event.WhichOneof("event") for event in events]
    assert kinds == ["started", "delta", "done"]
    assert events[-1].done.message.outcome == chat_pb2.ANSWER_OUTCOME_HANDED_OFF
    assert "#1" in events[1].delta.text
