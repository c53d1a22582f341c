"""The RPCs that link, merge and split tickets."""

from helpdesk.ticket.v1 import link_service_pb2, link_service_pb2_grpc, ticket_pb2
from services.mesh.clock import Clock
from services.ticket.convert.tickets import link_message, ticket_message
from services.ticket.domain import LinkKind
from services.ticket.ports.tickets import TicketStore
from services.ticket.use_cases import linking


class LinkServicer(link_service_pb2_grpc.LinkServiceServicer):
    def __init__(self, store: TicketStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def LinkTickets(
        self, request: link_service_pb2.LinkTicketsRequest, context: object
    ) -> link_service_pb2.TicketLink:
        link = await linking.link_tickets(
            self._store,
            self._clock,
            request.ticket_id,
            LinkKind(request.kind),
            request.other_ticket_id,
        )
        return link_message(link)

    async def UnlinkTickets(
        self, request: link_service_pb2.UnlinkTicketsRequest, context: object
    ) -> link_service_pb2.UnlinkTicketsResponse:
        await linking.unlink_tickets(
            self._store,
            self._clock,
            request.ticket_id,
            LinkKind(request.kind),
            request.other_ticket_id,
        )
        return link_service_pb2.UnlinkTicketsResponse()

    async def ListTicketLinks(
        self, request: link_service_pb2.ListTicketLinksRequest, context: object
    ) -> link_service_pb2.ListTicketLinksResponse:
        links = await linking.list_links(self._store, request.ticket_id)
        return link_service_pb2.ListTicketLinksResponse(links=map(link_message, links))

    async def MergeTickets(
        self, request: link_service_pb2.MergeTicketsRequest, context: object
    ) -> ticket_pb2.Ticket:
        target = await linking.merge_tickets(
            self._store,
            self._clock,
            request.ticket_id,
            request.target_ticket_id,
            request.etag,
        )
        return ticket_message(target)

    async def SplitTicket(
        self, request: link_service_pb2.SplitTicketRequest, context: object
    ) -> ticket_pb2.Ticket:
        new_ticket = await linking.split_ticket(
            self._store, self._clock, request.ticket_id, request.comment_id, request.subject
        )
        return ticket_message(new_ticket)
