"""Clients: message in, one use case, message out."""

from helpdesk.auth.v1 import client_service_pb2, client_service_pb2_grpc, user_service_pb2
from services.auth.convert_client import client_content, client_message, new_client_message
from services.auth.ports import AuthStore
from services.auth.servicer.author import author
from services.auth.use_cases import clients
from services.mesh.caller import UserId, current_tenant
from services.mesh.clock import Clock
from services.mesh.interceptors.chain import Context
from services.mesh.paging import decode_page_token, encode_page_token

_CLIENTS = {"list": "clients"}


class ClientServicer(client_service_pb2_grpc.ClientServiceServicer):
    def __init__(self, store: AuthStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def GetClient(
        self, request: client_service_pb2.GetClientRequest, context: Context
    ) -> user_service_pb2.Client:
        return client_message(
            await clients.get_client(self._store, current_tenant(), UserId(request.client_id))
        )

    async def ListClients(
        self, request: client_service_pb2.ListClientsRequest, context: Context
    ) -> client_service_pb2.ListClientsResponse:
        after = decode_page_token(current_tenant(), _CLIENTS, request.page_token) or ""
        page = await clients.list_clients(self._store, current_tenant(), request.page_size, after)
        next_page = page.next_cursor
        return client_service_pb2.ListClientsResponse(
            clients=map(client_message, page.clients),
            next_page_token=encode_page_token(current_tenant(), _CLIENTS, next_page)
            if next_page
            else "",
        )

    async def UpdateClient(
        self, request: client_service_pb2.UpdateClientRequest, context: Context
    ) -> user_service_pb2.Client:
        return client_message(
            await clients.update_client(
                self._store,
                author(),
                UserId(request.client.client_id),
                client_content(request.client),
                paths=request.update_mask.paths,
                etag=request.client.etag,
            )
        )

    async def RotateClientSecret(
        self, request: client_service_pb2.RotateClientSecretRequest, context: Context
    ) -> user_service_pb2.Client:
        return new_client_message(
            await clients.rotate_client_secret(
                self._store, self._clock, author(), UserId(request.client_id)
            )
        )

    async def DeleteClient(
        self, request: client_service_pb2.DeleteClientRequest, context: Context
    ) -> client_service_pb2.DeleteClientResponse:
        await clients.delete_client(self._store, self._clock, author(), UserId(request.client_id))
        return client_service_pb2.DeleteClientResponse()
