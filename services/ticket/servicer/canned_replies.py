"""The RPCs of canned replies."""

from helpdesk.ticket.v1 import canned_reply_service_pb2, canned_reply_service_pb2_grpc
from services.mesh.clock import Clock
from services.ticket.ports.tickets import TicketStore
from services.ticket.use_cases import canned_replies
from services.ticket.use_cases.canned_replies import CannedReply, CannedReplyStore


class CannedReplyServicer(canned_reply_service_pb2_grpc.CannedReplyServiceServicer):
    def __init__(self, store: CannedReplyStore, tickets: TicketStore, clock: Clock) -> None:
        self._store = store
        self._tickets = tickets
        self._clock = clock

    async def CreateCannedReply(
        self, request: canned_reply_service_pb2.CreateCannedReplyRequest, context: object
    ) -> canned_reply_service_pb2.CannedReply:
        given = request.canned_reply
        reply = await canned_replies.create_canned_reply(
            self._store, self._clock, given.name, given.body
        )
        return _message(reply)

    async def ListCannedReplies(
        self, request: canned_reply_service_pb2.ListCannedRepliesRequest, context: object
    ) -> canned_reply_service_pb2.ListCannedRepliesResponse:
        found = await canned_replies.list_canned_replies(self._store)
        return canned_reply_service_pb2.ListCannedRepliesResponse(
            canned_replies=map(_message, found)
        )

    async def DeleteCannedReply(
        self, request: canned_reply_service_pb2.DeleteCannedReplyRequest, context: object
    ) -> canned_reply_service_pb2.DeleteCannedReplyResponse:
        await canned_replies.delete_canned_reply(self._store, request.name)
        return canned_reply_service_pb2.DeleteCannedReplyResponse()

    async def RenderCannedReply(
        self, request: canned_reply_service_pb2.RenderCannedReplyRequest, context: object
    ) -> canned_reply_service_pb2.RenderCannedReplyResponse:
        text = await canned_replies.render_canned_reply(
            self._store, self._tickets, request.ticket_id, request.name, request.requester_name
        )
        return canned_reply_service_pb2.RenderCannedReplyResponse(text=text)


def _message(reply: CannedReply) -> canned_reply_service_pb2.CannedReply:
    message = canned_reply_service_pb2.CannedReply(name=reply.name, body=reply.body)
    message.create_time.FromDatetime(reply.create_time)
    return message
