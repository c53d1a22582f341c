"""The RPCs of the fields that a tenant gives its tickets: message in, one use case, message out."""

from helpdesk.ticket.v1 import field_pb2, field_service_pb2, field_service_pb2_grpc
from services.mesh.clock import Clock
from services.ticket.convert.fields import definition_message, definition_of
from services.ticket.ports.tickets import TicketStore
from services.ticket.use_cases import fielding


class FieldServicer(field_service_pb2_grpc.FieldServiceServicer):
    def __init__(self, store: TicketStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def CreateField(
        self, request: field_service_pb2.CreateFieldRequest, context: object
    ) -> field_pb2.TicketField:
        field = definition_of(request.field, self._clock())
        return definition_message(await fielding.create_field(self._store, field))

    async def ListFields(
        self, request: field_service_pb2.ListFieldsRequest, context: object
    ) -> field_service_pb2.ListFieldsResponse:
        found = await fielding.list_fields(self._store)
        return field_service_pb2.ListFieldsResponse(fields=map(definition_message, found))

    async def UpdateField(
        self, request: field_service_pb2.UpdateFieldRequest, context: object
    ) -> field_pb2.TicketField:
        field = definition_of(request.field, self._clock())
        changed = await fielding.update_field(self._store, field, request.update_mask.paths)
        return definition_message(changed)
