"""The RPCs of tickets."""

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing

import structlog

from helpdesk.ticket.v1 import (
    ticket_pb2,
    ticket_service_pb2,
    ticket_service_pb2_grpc,
)
from services.mesh.caller import current_tenant
from services.mesh.clock import Clock
from services.mesh.deadline import remaining_seconds
from services.mesh.errors import Internal, MeshError
from services.mesh.interceptors.errors import to_status
from services.ticket.convert.sla import write_clocks
from services.ticket.convert.tickets import (
    comment_message,
    content_of,
    event_message,
    failed_watch_message,
    presence_message,
    ticket_message,
    watch_message,
)
from services.ticket.domain import Ticket
from services.ticket.domain.presence import Activity
from services.ticket.ports.tickets import TicketStore
from services.ticket.use_cases import listing, ticketing
from services.ticket.use_cases.listing import PageRequest
from services.ticket.use_cases.presences import list_presences, may_be_told, set_presence
from services.ticket.use_cases.promising import find_clocks
from services.ticket.use_cases.rating import rate_ticket
from services.ticket.use_cases.watching import Pace, watch_tickets

log = structlog.get_logger()

# The last message must reach the client before the time is up, also through a proxy.
_FAREWELL_SECONDS = 1.0


class TicketServicer(ticket_service_pb2_grpc.TicketServiceServicer):
    def __init__(self, store: TicketStore, clock: Clock, pace: Pace) -> None:
        self._store = store
        self._clock = clock
        self._pace = pace

    async def CreateTicket(
        self, request: ticket_service_pb2.CreateTicketRequest, context: object
    ) -> ticket_pb2.Ticket:
        # In one transaction with its clocks, which would otherwise need another one.
        async with self._store.transaction(current_tenant()):
            ticket = await ticketing.open_ticket(
                self._store,
                self._clock,
                content_of(request.ticket),
                chat_session_id=request.chat_session_id,
                transcript=request.transcript,
            )
            return await self._shown(ticket)

    async def GetTicket(
        self, request: ticket_service_pb2.GetTicketRequest, context: object
    ) -> ticket_pb2.Ticket:
        return await self._shown(await ticketing.get_ticket(self._store, request.ticket_id))

    async def ListTickets(
        self, request: ticket_service_pb2.ListTicketsRequest, context: object
    ) -> ticket_service_pb2.ListTicketsResponse:
        page = await listing.list_tickets(
            self._store,
            PageRequest(request.page_size, request.page_token),
            filter_text=request.filter,
            order_text=request.order_by,
        )
        return ticket_service_pb2.ListTicketsResponse(
            tickets=await self._all_shown(page.items), next_page_token=page.next_token
        )

    async def UpdateTicket(
        self, request: ticket_service_pb2.UpdateTicketRequest, context: object
    ) -> ticket_pb2.Ticket:
        ticket = await ticketing.update_ticket(
            self._store,
            self._clock,
            request.ticket.ticket_id,
            content_of(request.ticket),
            paths=request.update_mask.paths,
            etag=request.ticket.etag,
        )
        return await self._shown(ticket)

    async def CreateComment(
        self, request: ticket_service_pb2.CreateCommentRequest, context: object
    ) -> ticket_pb2.Comment:
        comment = await ticketing.add_comment(
            self._store,
            self._clock,
            request.ticket_id,
            request.comment.body,
            is_internal=request.comment.internal,
            attachment_ids=request.attachment_ids,
        )
        return comment_message(comment)

    async def ListComments(
        self, request: ticket_service_pb2.ListCommentsRequest, context: object
    ) -> ticket_service_pb2.ListCommentsResponse:
        page = await listing.list_comments(
            self._store, PageRequest(request.page_size, request.page_token), request.ticket_id
        )
        return ticket_service_pb2.ListCommentsResponse(
            comments=map(comment_message, page.items), next_page_token=page.next_token
        )

    async def AssignTicket(
        self, request: ticket_service_pb2.AssignTicketRequest, context: object
    ) -> ticket_pb2.Ticket:
        ticket = await ticketing.assign_ticket(
            self._store, self._clock, request.ticket_id, request.assignee_id, request.etag
        )
        return await self._shown(ticket)

    async def PendTicket(
        self, request: ticket_service_pb2.PendTicketRequest, context: object
    ) -> ticket_pb2.Ticket:
        ticket = await ticketing.pend_ticket(
            self._store, self._clock, request.ticket_id, request.etag
        )
        return await self._shown(ticket)

    async def ResolveTicket(
        self, request: ticket_service_pb2.ResolveTicketRequest, context: object
    ) -> ticket_pb2.Ticket:
        ticket = await ticketing.resolve_ticket(
            self._store, self._clock, request.ticket_id, request.etag
        )
        return await self._shown(ticket)

    async def ReopenTicket(
        self, request: ticket_service_pb2.ReopenTicketRequest, context: object
    ) -> ticket_pb2.Ticket:
        ticket = await ticketing.reopen_ticket(
            self._store, self._clock, request.ticket_id, request.etag
        )
        return await self._shown(ticket)

    async def CloseTicket(
        self, request: ticket_service_pb2.CloseTicketRequest, context: object
    ) -> ticket_pb2.Ticket:
        ticket = await ticketing.close_ticket(
            self._store, self._clock, request.ticket_id, request.etag
        )
        return await self._shown(ticket)

    async def RateTicket(
        self, request: ticket_service_pb2.RateTicketRequest, context: object
    ) -> ticket_pb2.Ticket:
        ticket = await rate_ticket(
            self._store, self._clock, request.ticket_id, request.rating, request.comment
        )
        return await self._shown(ticket)

    async def FollowTicket(
        self, request: ticket_service_pb2.FollowTicketRequest, context: object
    ) -> ticket_pb2.Ticket:
        ticket = await ticketing.follow_ticket(
            self._store, self._clock, request.ticket_id, request.user_id
        )
        return await self._shown(ticket)

    async def UnfollowTicket(
        self, request: ticket_service_pb2.UnfollowTicketRequest, context: object
    ) -> ticket_pb2.Ticket:
        ticket = await ticketing.unfollow_ticket(
            self._store, self._clock, request.ticket_id, request.user_id
        )
        return await self._shown(ticket)

    async def ListTicketEvents(
        self, request: ticket_service_pb2.ListTicketEventsRequest, context: object
    ) -> ticket_service_pb2.ListTicketEventsResponse:
        page = await listing.list_events(
            self._store, PageRequest(request.page_size, request.page_token), request.ticket_id
        )
        return ticket_service_pb2.ListTicketEventsResponse(
            events=map(event_message, page.items), next_page_token=page.next_token
        )

    async def WatchTickets(
        self, request: ticket_service_pb2.WatchTicketsRequest, context: object
    ) -> AsyncIterator[ticket_service_pb2.WatchTicketsResponse]:
        steps = watch_tickets(
            self._store,
            self._pace,
            after_seq=request.after_seq,
            ticket_id=request.ticket_id,
            seconds=_watch_seconds(),
            present_by=self._clock if request.with_presences and may_be_told() else None,
        )
        seq = None
        async with aclosing(steps):
            try:
                async for step in steps:
                    yield watch_message(step)
                    seq = step.seq
            except Exception as error:
                # A stream over REST that breaks after its first message would look complete.
                if seq is None:
                    raise
                if not isinstance(error, MeshError):
                    log.exception("a watch failed", error=type(error).__name__)
                    error = Internal("Something failed on our side.")
                yield failed_watch_message(seq, to_status(error))

    async def SetPresence(
        self, request: ticket_service_pb2.SetPresenceRequest, context: object
    ) -> ticket_service_pb2.SetPresenceResponse:
        others = await set_presence(
            self._store,
            self._clock,
            request.ticket_id,
            Activity(request.activity),
            request.seconds,
        )
        return ticket_service_pb2.SetPresenceResponse(others=map(presence_message, others))

    async def ListPresences(
        self, request: ticket_service_pb2.ListPresencesRequest, context: object
    ) -> ticket_service_pb2.ListPresencesResponse:
        found = await list_presences(self._store, self._clock, request.ticket_id)
        return ticket_service_pb2.ListPresencesResponse(presences=map(presence_message, found))

    async def _shown(self, ticket: Ticket) -> ticket_pb2.Ticket:
        return (await self._all_shown([ticket]))[0]

    async def _all_shown(self, tickets: Sequence[Ticket]) -> list[ticket_pb2.Ticket]:
        clocks = await find_clocks(self._store, tickets)
        messages = [ticket_message(ticket) for ticket in tickets]
        for message in messages:
            write_clocks(message, clocks.get(message.ticket_id, ()), self._clock())
        return messages


def _watch_seconds() -> float:
    """The time of the call less what the farewell needs, however short the call."""
    left = remaining_seconds()
    if left is None:
        raise RuntimeError("a watch without a deadline would never end")
    return left - min(_FAREWELL_SECONDS, left / 4)
