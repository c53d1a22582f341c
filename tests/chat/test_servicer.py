"""Chat behind a real server with every interceptor; only search and ticket are fakes."""

import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from uuid import uuid4

import grpc
import pytest
from google.rpc import code_pb2, error_details_pb2, status_pb2

from helpdesk.chat.v1 import chat_pb2, chat_service_pb2, chat_service_pb2_grpc
from services.chat.answer.extractive import ExtractiveModel
from services.chat.domain import Statement
from services.chat.server import HANDLED_BY_CHAT, MIGRATIONS, SERVICES, register
from services.chat.servicer import ChatServicer
from services.chat.store import SqlSessionStore
from services.mesh.database import Database
from services.mesh.errors import PeerUnavailable
from services.mesh.settings import MeshSettings
from tests.chat.builders import a_passage, a_statement, a_version
from tests.chat.fakes import (
    FakeKnowledge,
    FakeSessionStore,
    FakeTicketDesk,
    ScriptedModel,
    SwitchedModel,
)
from tests.chat.world import World
from tests.support.mesh_server import RunningServer, TestUser, refused, running_server

HOW = "How do I get access to Slack as a new hire?"
PERMISSIONS = {
    "chat.sessions.create",
    "chat.sessions.get",
    "chat.messages.list",
    "chat.messages.send",
    "chat.sessions.hand_off",
}
NOT_FOUND = grpc.StatusCode.NOT_FOUND
INVALID = grpc.StatusCode.INVALID_ARGUMENT
FAILED = grpc.StatusCode.FAILED_PRECONDITION


@dataclass
class Chat:
    server: RunningServer
    stub: "chat_service_pb2_grpc.ChatServiceAsyncStub"
    world: World
    ann: TestUser
    model: SwitchedModel

    async def ask(
        self, text: str = HOW, session_id: str = "", request_id: str = ""
    ) -> chat_pb2.Message:
        request = chat_service_pb2.SendMessageRequest(
            text=text, session_id=session_id, request_id=request_id
        )
        return await self.stub.SendMessage(request, metadata=self.ann.metadata)

    async def stream(self, **fields: str) -> list[chat_pb2.StreamMessageResponse]:
        request = chat_service_pb2.StreamMessageRequest(**fields)
        call = self.stub.StreamMessage(request, metadata=self.ann.metadata)
        return [event async for event in call]

    async def hand_off(self, session_id: str, reason: str = "") -> chat_pb2.ChatSession:
        request = chat_service_pb2.HandOffSessionRequest(session_id=session_id, reason=reason)
        return await self.stub.HandOffSession(request, metadata=self.ann.metadata)

    async def messages(
        self, session_id: str, page_size: int = 0, page_token: str = ""
    ) -> chat_service_pb2.ListMessagesResponse:
        request = chat_service_pb2.ListMessagesRequest(
            session_id=session_id, page_size=page_size, page_token=page_token
        )
        return await self.stub.ListMessages(request, metadata=self.ann.metadata)

    async def get(self, session_id: str) -> chat_pb2.ChatSession:
        request = chat_service_pb2.GetSessionRequest(session_id=session_id)
        return await self.stub.GetSession(request, metadata=self.ann.metadata)


@pytest.fixture
async def chat(mesh_settings: MeshSettings, sqlite_url: str) -> AsyncIterator[Chat]:
    database = Database(sqlite_url)
    await database.migrate(MIGRATIONS)
    knowledge = FakeKnowledge([a_passage()], [a_version()])
    world = World(FakeSessionStore(), knowledge, FakeTicketDesk(), lambda: str(uuid4()))
    model = SwitchedModel(ExtractiveModel())
    servicer = ChatServicer(replace(world.parts(model), store=SqlSessionStore(database)))

    async with running_server(
        "chat",
        lambda server: register(servicer, server),
        SERVICES,
        mesh_settings,
        database=database,
        handled_by_service=HANDLED_BY_CHAT,
    ) as server:
        stub = chat_service_pb2_grpc.ChatServiceStub(server.channel())
        ann = server.user(tenant_id="acme", user_id="ann", permissions=PERMISSIONS)
        yield Chat(server, stub, world, ann, model)
    await database.close()


@pytest.fixture(params=[("acme", "bob"), ("globex", "ann")], ids=["same tenant", "other tenant"])
def stranger(request: pytest.FixtureRequest, chat: Chat) -> TestUser:
    tenant_id, user_id = request.param
    return chat.server.user(tenant_id=tenant_id, user_id=user_id, permissions=PERMISSIONS)


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
