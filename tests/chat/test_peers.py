"""Chat's stubs against real servers: what arrives at search and ticket, and in whose name."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import grpc
import pytest

from helpdesk.search.v1 import search_pb2, search_service_pb2, search_service_pb2_grpc
from helpdesk.ticket.v1 import ticket_pb2, ticket_service_pb2, ticket_service_pb2_grpc
from services.chat.domain import DocumentVersion
from services.chat.errors import DocumentVersionMissing
from services.chat.peers import SearchKnowledge, TicketServiceDesk
from services.chat.ports import FoundPassages, OpenedTicket, TicketOrder
from services.mesh.call import begin_call
from services.mesh.caller import current_caller
from services.mesh.channel import connect
from services.mesh.errors import InvalidArgument, NotFound, PermissionDenied
from services.mesh.settings import MeshSettings
from tests.chat.builders import SLACK
from tests.support.mesh_server import RunningServer, running_server

RESULT = search_pb2.SearchResult(
    document_id="doc-slack",
    version=3,
    chunk_id="chunk-1",
    title="Slack",
    headings=["Tools", "Slack"],
    text=SLACK[:21],
    start=0,
    end=21,
    score=0.5,
    similarity=0.25,
    coverage=0.75,
    source_uri="slack.md",
)
ORDER = TicketOrder(
    request_id="5d9f6c1e-6a0e-4d61-9b52-0b6a4c8c3f10",
    subject="Slack",
    body="It did not help.",
    transcript="User: Slack",
    chat_session_id="session-1",
)


class VersionMissing(NotFound):
    domain = "helpdesk.search"
    reason = "DOCUMENT_NOT_FOUND"


class QueryEmpty(InvalidArgument):
    domain = "helpdesk.search"
    reason = "QUERY_EMPTY"


class QueryOdd(InvalidArgument):
    domain = "helpdesk.search"
    reason = "QUERY_ODD"


@dataclass
class Heard:
    callers: list[tuple[str, str | None]] = field(default_factory=list)
    requests: list[object] = field(default_factory=list)

    def hear(self, request: object) -> None:
        caller = current_caller()
        self.callers.append((caller.service, caller.user_id))
        self.requests.append(request)


_REFUSALS = {"???": QueryEmpty("No word."), "odd": QueryOdd("Odd.")}


class FakeSearch(search_service_pb2_grpc.SearchServiceServicer):
    def __init__(self, heard: Heard) -> None:
        self._heard = heard

    async def SearchPassages(  # noqa: N802 - the contract's name
        self, request: search_service_pb2.SearchPassagesRequest, context: object
    ) -> search_service_pb2.SearchPassagesResponse:
        self._heard.hear(request)
        if request.query in _REFUSALS:
            raise _REFUSALS[request.query]
        return search_service_pb2.SearchPassagesResponse(
            results=[RESULT], degraded=True, other_language=True
        )

    async def GetDocumentVersion(  # noqa: N802 - the contract's name
        self, request: search_service_pb2.GetDocumentVersionRequest, context: object
    ) -> search_pb2.DocumentVersion:
        self._heard.hear(request)
        if request.document_id != "doc-slack":
            raise VersionMissing("There is no such document.")
        return search_pb2.DocumentVersion(
            document_id="doc-slack", version=3, title="Slack", content=SLACK, source_uri="slack.md"
        )


class FakeTickets(ticket_service_pb2_grpc.TicketServiceServicer):
    def __init__(self, heard: Heard) -> None:
        self._heard = heard

    async def CreateTicket(  # noqa: N802 - the contract's name
        self, request: ticket_service_pb2.CreateTicketRequest, context: object
    ) -> ticket_pb2.Ticket:
        self._heard.hear(request)
        return ticket_pb2.Ticket(ticket_id="ticket-9", number=9)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
async def search(mesh_settings: MeshSettings, heard: Heard) -> AsyncIterator[RunningServer]:
    def register(server: grpc.aio.Server) -> None:
        search_service_pb2_grpc.add_SearchServiceServicer_to_server(
            FakeSearch(heard),  # type: ignore[abstract]  # what chat calls is there
            server,
        )

    services = ["helpdesk.search.v1.SearchService"]
    async with running_server("search", register, services, mesh_settings) as server:
        yield server


@pytest.fixture
async def tickets(mesh_settings: MeshSettings, heard: Heard) -> AsyncIterator[RunningServer]:
    def register(server: grpc.aio.Server) -> None:
        ticket_service_pb2_grpc.add_TicketServiceServicer_to_server(
            FakeTickets(heard),  # type: ignore[abstract]  # what chat calls is there
            server,
        )

    services = ["helpdesk.ticket.v1.TicketService"]
    async with running_server("ticket", register, services, mesh_settings) as server:
        yield server


@contextmanager
def _serving_ann(server: RunningServer, *permissions: str) -> Iterator[None]:
    call = begin_call("/helpdesk.chat.v1.ChatService/SendMessage", {})
    call.token = server.user(user_id="ann", permissions=permissions).token
    yield
    call.token = None


async def test_passages_arrive_as_search_found_them(search: RunningServer, heard: Heard) -> None:
    async with connect(search.settings_with_peer(), caller_service="chat", peer="search") as to:
        knowledge = SearchKnowledge(search_service_pb2_grpc.SearchServiceStub(to))
        with _serving_ann(search, "search.passages.search"):
            found = await knowledge.find_passages("How do I get access?")

    (passage,) = found.passages
    assert found.degraded
    assert found.in_another_language
    assert (passage.document_id, passage.version, passage.chunk_id) == ("doc-slack", 3, "chunk-1")
    assert passage.headings == ("Tools", "Slack")
    assert (passage.text, passage.start, passage.end) == (SLACK[:21], 0, 21)
    assert (passage.score, passage.similarity, passage.coverage) == (0.5, 0.25, 0.75)
    assert heard.callers == [("chat", "ann")]


async def test_a_question_without_a_word_finds_nothing(search: RunningServer) -> None:
    async with connect(search.settings_with_peer(), caller_service="chat", peer="search") as to:
        knowledge = SearchKnowledge(search_service_pb2_grpc.SearchServiceStub(to))
        with _serving_ann(search, "search.passages.search"):
            assert await knowledge.find_passages("???") == FoundPassages(())
            with pytest.raises(InvalidArgument):
                await knowledge.find_passages("odd")


async def test_a_version_arrives_whole_and_a_missing_one_is_told(search: RunningServer) -> None:
    async with connect(search.settings_with_peer(), caller_service="chat", peer="search") as to:
        knowledge = SearchKnowledge(search_service_pb2_grpc.SearchServiceStub(to))
        with _serving_ann(search, "search.documents.get"):
            version = await knowledge.get_version("doc-slack", 3)
            with pytest.raises(DocumentVersionMissing):
                await knowledge.get_version("doc-of-somebody-else", 1)

    assert version == DocumentVersion("doc-slack", 3, "Slack", SLACK, "slack.md")


async def test_a_ticket_is_opened_in_the_users_name(tickets: RunningServer, heard: Heard) -> None:
    async with connect(tickets.settings_with_peer(), caller_service="chat", peer="ticket") as to:
        desk = TicketServiceDesk(ticket_service_pb2_grpc.TicketServiceStub(to))
        with _serving_ann(tickets, "ticket.tickets.create"):
            opened = await desk.open_ticket(ORDER)

    assert opened == OpenedTicket("ticket-9", 9)
    assert heard.callers == [("chat", "ann")]
    assert heard.requests == [
        ticket_service_pb2.CreateTicketRequest(
            ticket=ticket_pb2.Ticket(subject="Slack", body="It did not help."),
            request_id=ORDER.request_id,
            chat_session_id="session-1",
            transcript="User: Slack",
        )
    ]


async def test_a_refusal_of_a_peer_keeps_its_reason(tickets: RunningServer) -> None:
    async with connect(tickets.settings_with_peer(), caller_service="chat", peer="ticket") as to:
        desk = TicketServiceDesk(ticket_service_pb2_grpc.TicketServiceStub(to))
        with _serving_ann(tickets), pytest.raises(PermissionDenied) as refusal:
            await desk.open_ticket(ORDER)

    assert refusal.value.reason == "PERMISSION_MISSING"
