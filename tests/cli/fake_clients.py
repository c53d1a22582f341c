"""Clients in memory."""

# ruff: noqa: N802 - RPC methods carry the contract's names

import grpc
from google.rpc import code_pb2

from helpdesk.auth.v1 import client_service_pb2, client_service_pb2_grpc, user_service_pb2
from tests.cli.refuse import refusal


class Clients(client_service_pb2_grpc.ClientServiceServicer):
    """Gives out one client to a page."""

    def __init__(self) -> None:
        self.kept: list[user_service_pb2.Client] = []

    def add(self, request: user_service_pb2.CreateClientRequest) -> user_service_pb2.Client:
        client = user_service_pb2.Client(
            client_id=f"client-{len(self.kept) + 1}",
            display_name=request.display_name,
            roles=request.roles,
            redirect_uris=request.redirect_uris,
            public=request.public,
        )
        self.kept.append(client)
        shown = user_service_pb2.Client()
        shown.CopyFrom(client)
        shown.client_secret = "" if request.public else "secret-1"
        return shown

    def ListClients(
        self, request: client_service_pb2.ListClientsRequest, context: grpc.ServicerContext
    ) -> client_service_pb2.ListClientsResponse:
        start = int(request.page_token or 0)
        has_more = start + 1 < len(self.kept)
        return client_service_pb2.ListClientsResponse(
            clients=self.kept[start : start + 1],
            next_page_token=str(start + 1) if has_more else "",
        )

    def DeleteClient(
        self, request: client_service_pb2.DeleteClientRequest, context: grpc.ServicerContext
    ) -> client_service_pb2.DeleteClientResponse:
        left = [client for client in self.kept if client.client_id != request.client_id]
        if len(left) == len(self.kept):
            context.abort_with_status(refusal(code_pb2.NOT_FOUND, "CLIENT_NOT_FOUND"))
        self.kept = left
        return client_service_pb2.DeleteClientResponse()
