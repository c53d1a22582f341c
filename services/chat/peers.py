"""What chat asks of search and ticket, over their stubs and in the name of the user."""

from collections.abc import Sequence

from helpdesk.search.v1 import (
    grouping_service_pb2,
    grouping_service_pb2_grpc,
    search_service_pb2,
    search_service_pb2_grpc,
)
from helpdesk.ticket.v1 import ticket_service_pb2_grpc
from services.chat.convert import create_ticket_request, document_version, passage
from services.chat.domain import DocumentVersion
from services.chat.errors import DocumentVersionMissing
from services.chat.ports import FoundPassages, OpenedTicket, TicketOrder
from services.mesh.errors import InvalidArgument, NotFound

_PASSAGES = 8
# What search says of "???": a question without a word, which nothing can answer.
_NOTHING_TO_LOOK_FOR = "QUERY_EMPTY"


class SearchKnowledge:
    """Retriever and DocumentVersions."""

    def __init__(self, search: "search_service_pb2_grpc.SearchServiceAsyncStub") -> None:
        self._search = search

    async def find_passages(self, question: str) -> FoundPassages:
        request = search_service_pb2.SearchPassagesRequest(query=question, page_size=_PASSAGES)
        try:
            reply = await self._search.SearchPassages(request)
        except InvalidArgument as error:
            if error.reason != _NOTHING_TO_LOOK_FOR:
                raise
            return FoundPassages(())
        passages = tuple(passage(result) for result in reply.results)
        return FoundPassages(passages, reply.degraded, reply.other_language)

    async def get_version(self, document_id: str, version: int) -> DocumentVersion:
        request = search_service_pb2.GetDocumentVersionRequest(
            document_id=document_id, version=version
        )
        try:
            return document_version(await self._search.GetDocumentVersion(request))
        except NotFound as error:
            raise DocumentVersionMissing from error


class SearchGroups:
    def __init__(self, grouping: "grouping_service_pb2_grpc.GroupingServiceAsyncStub") -> None:
        self._grouping = grouping

    async def group(self, texts: Sequence[str]) -> list[list[int]]:
        reply = await self._grouping.GroupTexts(grouping_service_pb2.GroupTextsRequest(texts=texts))
        return [list(group.positions) for group in reply.groups]


class TicketServiceDesk:
    def __init__(self, tickets: "ticket_service_pb2_grpc.TicketServiceAsyncStub") -> None:
        self._tickets = tickets

    async def open_ticket(self, order: TicketOrder) -> OpenedTicket:
        ticket = await self._tickets.CreateTicket(create_ticket_request(order))
        return OpenedTicket(ticket.ticket_id, ticket.number)
