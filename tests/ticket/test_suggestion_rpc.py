"""The RPC as agents meet it, and what of it arrives at search, in whose name."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import grpc
import pytest

from helpdesk.search.v1 import search_pb2, search_service_pb2, search_service_pb2_grpc
from helpdesk.ticket.v1 import suggestion_service_pb2, suggestion_service_pb2_grpc
from services.mesh.call import begin_call
from services.mesh.caller import current_caller
from services.mesh.channel import connect
from services.mesh.database import Database
from services.mesh.errors import InvalidArgument
from services.mesh.ids import new_id
from services.mesh.settings import MeshSettings
from services.ticket.peers import SearchKnowledge
from services.ticket.ports.tickets import FoundArticles, SuggestedArticle
from services.ticket.store import SqlTicketStore
from tests.support.mesh_server import RunningServer, refused, running_server
from tests.ticket.clients import AGENT_PERMISSIONS, Client, serving

SUGGEST = "ticket.articles.suggest"
RESULT = search_pb2.SearchResult(
    document_id="doc-vpn",
    version=2,
    chunk_id="chunk-1",
    title="The VPN",
    headings=["The VPN", "Errors"],
    text="Error 619",
    start=7,
    end=16,
    score=0.5,
    source_uri="network/vpn.md",
)


@pytest.fixture
async def server(
    sql_store: SqlTicketStore, database: Database, mesh_settings: MeshSettings
) -> AsyncIterator[RunningServer]:
    async with serving(sql_store, database, mesh_settings) as server:
        yield server


async def test_an_agent_gets_articles_for_a_ticket_by_its_number(server: RunningServer) -> None:
    agent = server.user(tenant_id=new_id(), permissions={*AGENT_PERMISSIONS, SUGGEST})
    opened = await Client(server.channel("gateway"), agent).opened()
    stub = suggestion_service_pb2_grpc.SuggestionServiceStub(server.channel("gateway"))
    request = suggestion_service_pb2.SuggestArticlesRequest(ticket_id=f"#{opened.number}")
    reply = await stub.SuggestArticles(request, metadata=agent.metadata, timeout=20)
    best = reply.articles[0]
    assert [article.document_id for article in reply.articles] == ["doc-vpn", "doc-printer"]
    assert (best.title, best.source_uri, best.version) == ("The VPN", "network/vpn.md", 2)
    assert ([*best.headings], best.text, best.start, best.end) == (
        ["The VPN", "Errors"],
        "Error 619 means…",
        7,
        23,
    )
    assert best.score == pytest.approx(0.9)


async def test_neither_a_stranger_nor_somebody_without_the_permission_gets_any(
    server: RunningServer,
) -> None:
    agent = server.user(tenant_id=new_id(), permissions={*AGENT_PERMISSIONS, SUGGEST})
    opened = await Client(server.channel("gateway"), agent).opened()
    stub = suggestion_service_pb2_grpc.SuggestionServiceStub(server.channel("gateway"))
    request = suggestion_service_pb2.SuggestArticlesRequest(ticket_id=opened.ticket_id)
    stranger = server.user(tenant_id=new_id(), permissions={*AGENT_PERMISSIONS, SUGGEST})
    with refused(grpc.StatusCode.NOT_FOUND, "TICKET_NOT_FOUND"):
        await stub.SuggestArticles(request, metadata=stranger.metadata, timeout=20)
    other = server.user(tenant_id=agent.tenant_id, permissions=AGENT_PERMISSIONS)
    with refused(grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
        await stub.SuggestArticles(request, metadata=other.metadata, timeout=20)


class QueryEmpty(InvalidArgument):
    domain = "helpdesk.search"
    reason = "QUERY_EMPTY"


class QueryOdd(InvalidArgument):
    domain = "helpdesk.search"
    reason = "QUERY_ODD"


_REFUSALS = {"???": QueryEmpty("No word."), "odd": QueryOdd("Odd.")}


@dataclass
class FakeSearch(search_service_pb2_grpc.SearchServiceServicer):
    heard: list[tuple[str, str | None, str]] = field(default_factory=list)

    async def SearchPassages(  # noqa: N802 - the contract's name
        self, request: search_service_pb2.SearchPassagesRequest, context: object
    ) -> search_service_pb2.SearchPassagesResponse:
        caller = current_caller()
        self.heard.append((caller.service, caller.user_id, request.query))
        if request.query in _REFUSALS:
            raise _REFUSALS[request.query]
        return search_service_pb2.SearchPassagesResponse(results=[RESULT], degraded=True)


async def test_search_is_asked_in_the_agents_name(mesh_settings: MeshSettings) -> None:
    fake = FakeSearch()  # type: ignore[abstract]  # what ticket calls is there

    def register(server: grpc.aio.Server) -> None:
        search_service_pb2_grpc.add_SearchServiceServicer_to_server(fake, server)

    services = ["helpdesk.search.v1.SearchService"]
    async with running_server("search", register, services, mesh_settings) as server:
        call = begin_call("/helpdesk.ticket.v1.SuggestionService/SuggestArticles", {})
        call.token = server.user(user_id="alex", permissions=["search.passages.search"]).token
        settings = server.settings_with_peer()
        async with connect(settings, caller_service="ticket", peer="search") as channel:
            knowledge = SearchKnowledge(search_service_pb2_grpc.SearchServiceStub(channel))
            found = await knowledge.find_articles("No VPN")
            assert await knowledge.find_articles("???") == FoundArticles(())
            assert await knowledge.find_articles("") == FoundArticles(())
            with pytest.raises(InvalidArgument):
                await knowledge.find_articles("odd")
        call.token = None
    article = SuggestedArticle(
        "doc-vpn", 2, "The VPN", "network/vpn.md", ("The VPN", "Errors"), "Error 619", 7, 16, 0.5
    )
    assert found == FoundArticles((article,), degraded=True)
    assert fake.heard == [("ticket", "alex", query) for query in ("No VPN", "???", "odd")]
