"""The RPCs of imports."""

from functools import partial

from helpdesk.ticket.v1 import import_service_pb2, import_service_pb2_grpc
from services.mesh.clock import Clock
from services.ticket.convert.imports import history_of, imported_message
from services.ticket.domain.imports import Origin
from services.ticket.ports.tickets import TicketStore
from services.ticket.use_cases.importing import import_ticket


class ImportServicer(import_service_pb2_grpc.ImportServiceServicer):
    def __init__(self, store: TicketStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def ImportTicket(
        self, request: import_service_pb2.ImportTicketRequest, context: object
    ) -> import_service_pb2.ImportTicketResponse:
        found = await import_ticket(
            self._store,
            self._clock,
            Origin(request.source, request.foreign_id),
            partial(history_of, request),
        )
        return imported_message(found)
