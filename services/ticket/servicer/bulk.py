"""The RPC that does one thing to many tickets."""

from helpdesk.ticket.v1 import bulk_service_pb2, bulk_service_pb2_grpc, ticket_pb2
from services.mesh.clock import Clock
from services.mesh.errors import MeshError
from services.mesh.interceptors.errors import to_status
from services.ticket.convert.tickets import content_of, ticket_message
from services.ticket.domain import Verb
from services.ticket.ports.tickets import TicketStore
from services.ticket.use_cases import bulk
from services.ticket.use_cases.bulk import BulkResult
from services.ticket.use_cases.macros import MacroDesk


class BulkServicer(bulk_service_pb2_grpc.BulkServiceServicer):
    def __init__(self, store: TicketStore, clock: Clock, macros: MacroDesk) -> None:
        self._store = store
        self._clock = clock
        self._macros = macros

    async def BulkUpdateTickets(
        self, request: bulk_service_pb2.BulkUpdateTicketsRequest, context: object
    ) -> bulk_service_pb2.BulkUpdateTicketsResponse:
        results = await self._done(request)
        return bulk_service_pb2.BulkUpdateTicketsResponse(results=map(_message, results))

    async def _done(self, request: bulk_service_pb2.BulkUpdateTicketsRequest) -> list[BulkResult]:
        store, clock, ticket_ids = self._store, self._clock, request.ticket_ids
        if request.HasField("assignment"):
            return await bulk.assign_all(store, clock, ticket_ids, request.assignment.assignee_id)
        if request.HasField("step"):
            step = bulk_service_pb2.TicketStep.Name(request.step).removeprefix("TICKET_STEP_")
            return await bulk.move_all(store, clock, ticket_ids, Verb[step])
        if request.HasField("macro"):
            return await bulk.apply_to_all(self._macros, ticket_ids, request.macro.name)
        given = request.content
        content = ticket_pb2.Ticket(
            priority=given.priority,
            impact=given.impact,
            urgency=given.urgency,
            ticket_type=given.ticket_type,
            queue=given.queue,
            tags=given.tags,
            fields=given.fields,
        )
        return await bulk.update_all(store, clock, ticket_ids, content_of(content))


def _message(result: BulkResult) -> bulk_service_pb2.BulkTicketResult:
    if isinstance(result.outcome, MeshError):
        error = to_status(result.outcome)
        return bulk_service_pb2.BulkTicketResult(ticket_id=result.ticket_id, error=error)
    ticket = ticket_message(result.outcome)
    return bulk_service_pb2.BulkTicketResult(ticket_id=result.ticket_id, ticket=ticket)
