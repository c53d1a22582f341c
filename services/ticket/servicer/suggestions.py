"""The RPCs that help whoever handles a ticket."""

from helpdesk.ticket.v1 import suggestion_service_pb2, suggestion_service_pb2_grpc
from services.ticket.convert.tickets import similar_message, suggested_message
from services.ticket.ports.tickets import Knowledge, TicketStore
from services.ticket.use_cases.similar import list_similar_tickets
from services.ticket.use_cases.suggesting import suggest_articles


class SuggestionServicer(suggestion_service_pb2_grpc.SuggestionServiceServicer):
    def __init__(self, store: TicketStore, knowledge: Knowledge) -> None:
        self._store = store
        self._knowledge = knowledge

    async def SuggestArticles(
        self, request: suggestion_service_pb2.SuggestArticlesRequest, context: object
    ) -> suggestion_service_pb2.SuggestArticlesResponse:
        found = await suggest_articles(
            self._store, self._knowledge, request.ticket_id, request.page_size
        )
        return suggestion_service_pb2.SuggestArticlesResponse(
            articles=map(suggested_message, found.articles), degraded=found.degraded
        )

    async def ListSimilarTickets(
        self, request: suggestion_service_pb2.ListSimilarTicketsRequest, context: object
    ) -> suggestion_service_pb2.ListSimilarTicketsResponse:
        similar = await list_similar_tickets(self._store, request.ticket_id, request.page_size)
        return suggestion_service_pb2.ListSimilarTicketsResponse(
            similar_tickets=map(similar_message, similar)
        )
