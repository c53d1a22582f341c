"""The RPCs of macros: message in, one use case, message out."""

from helpdesk.ticket.v1 import macro_service_pb2, macro_service_pb2_grpc, ticket_pb2
from services.ticket.convert.macros import action_of, macro_message, preview_message
from services.ticket.convert.tickets import ticket_message
from services.ticket.use_cases import macros
from services.ticket.use_cases.macros import MacroDesk


class MacroServicer(macro_service_pb2_grpc.MacroServiceServicer):
    def __init__(self, desk: MacroDesk) -> None:
        self._desk = desk

    async def PutMacro(
        self, request: macro_service_pb2.PutMacroRequest, context: object
    ) -> macro_service_pb2.Macro:
        given = request.macro
        kept = await macros.put_macro(self._desk, given.name, [*map(action_of, given.actions)])
        return macro_message(kept)

    async def GetMacro(
        self, request: macro_service_pb2.GetMacroRequest, context: object
    ) -> macro_service_pb2.Macro:
        return macro_message(await macros.get_macro(self._desk, request.name))

    async def ListMacros(
        self, request: macro_service_pb2.ListMacrosRequest, context: object
    ) -> macro_service_pb2.ListMacrosResponse:
        found = await macros.list_macros(self._desk)
        return macro_service_pb2.ListMacrosResponse(macros=map(macro_message, found))

    async def DeleteMacro(
        self, request: macro_service_pb2.DeleteMacroRequest, context: object
    ) -> macro_service_pb2.DeleteMacroResponse:
        await macros.delete_macro(self._desk, request.name)
        return macro_service_pb2.DeleteMacroResponse()

    async def ApplyMacro(
        self, request: macro_service_pb2.ApplyMacroRequest, context: object
    ) -> ticket_pb2.Ticket:
        ticket = await macros.apply_macro(
            self._desk,
            request.ticket_id,
            request.name,
            etag=request.etag,
            requester_name=request.requester_name,
        )
        return ticket_message(ticket)

    async def PreviewMacro(
        self, request: macro_service_pb2.PreviewMacroRequest, context: object
    ) -> macro_service_pb2.PreviewMacroResponse:
        preview = await macros.preview_macro(
            self._desk, request.ticket_id, request.name, requester_name=request.requester_name
        )
        return preview_message(preview)
