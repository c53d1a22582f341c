"""The RPCs of views: message in, one use case, message out."""

from helpdesk.ticket.v1 import view_service_pb2, view_service_pb2_grpc
from services.mesh.clock import Clock
from services.ticket.convert.views import counted_view_message, view_message, view_of
from services.ticket.ports.tickets import TicketStore
from services.ticket.use_cases import views
from services.ticket.use_cases.views import ViewStore


class ViewServicer(view_service_pb2_grpc.ViewServiceServicer):
    def __init__(self, store: ViewStore, tickets: TicketStore, clock: Clock) -> None:
        self._store = store
        self._tickets = tickets
        self._clock = clock

    async def CreateView(
        self, request: view_service_pb2.CreateViewRequest, context: object
    ) -> view_service_pb2.View:
        saved = await views.create_view(
            self._store,
            self._tickets,
            self._clock,
            view_of(request.view),
            is_shared=request.view.shared,
        )
        return view_message(saved)

    async def ListViews(
        self, request: view_service_pb2.ListViewsRequest, context: object
    ) -> view_service_pb2.ListViewsResponse:
        found = await views.list_views(self._store, self._tickets)
        return view_service_pb2.ListViewsResponse(views=map(counted_view_message, found))

    async def DeleteView(
        self, request: view_service_pb2.DeleteViewRequest, context: object
    ) -> view_service_pb2.DeleteViewResponse:
        await views.delete_view(self._store, request.view_id)
        return view_service_pb2.DeleteViewResponse()
