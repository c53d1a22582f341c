"""Ticket, search and chat, as far as it matters whom they believe: real servers behind auth."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from grpc import StatusCode

from helpdesk.chat.v1 import chat_pb2, chat_service_pb2, chat_service_pb2_grpc
from helpdesk.search.v1 import search_service_pb2, search_service_pb2_grpc
from helpdesk.ticket.v1 import ticket_service_pb2, ticket_service_pb2_grpc
from services.mesh.authority import RemoteAuthority
from services.mesh.server import MeshServer
from services.mesh.settings import MeshSettings
from tests.auth.running_auth import Metadata, RunningAuth
from tests.support.mesh_server import plain_channel

MakeAuthority = Callable[[MeshSettings, str], RemoteAuthority]


class _Tickets(ticket_service_pb2_grpc.TicketServiceServicer):
    async def ListTickets(self, *_: object) -> ticket_service_pb2.ListTicketsResponse:  # noqa: N802
        return ticket_service_pb2.ListTicketsResponse()


class _Search(search_service_pb2_grpc.SearchServiceServicer):
    async def SearchPassages(  # noqa: N802
        self, *_: object
    ) -> search_service_pb2.SearchPassagesResponse:
        return search_service_pb2.SearchPassagesResponse()


class _Chat(chat_service_pb2_grpc.ChatServiceServicer):
    async def GetSession(self, *_: object) -> chat_pb2.ChatSession:  # noqa: N802
        return chat_pb2.ChatSession()


def _register_tickets(server: grpc.aio.Server) -> None:
    servicer = _Tickets()  # type: ignore[abstract]  # the other methods are not called
    ticket_service_pb2_grpc.add_TicketServiceServicer_to_server(servicer, server)


def _register_search(server: grpc.aio.Server) -> None:
    servicer = _Search()  # type: ignore[abstract]
    search_service_pb2_grpc.add_SearchServiceServicer_to_server(servicer, server)


def _register_chat(server: grpc.aio.Server) -> None:
    servicer = _Chat()  # type: ignore[abstract]
    chat_service_pb2_grpc.add_ChatServiceServicer_to_server(servicer, server)


@dataclass(frozen=True)
class Believer:
    """One read that every role may do, at one service."""

    name: str
    read: Callable[..., Any]
    request: object

    async def lets_in(self, metadata: Metadata) -> bool:
        try:
            await self.read(self.request, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            if error.code() is not StatusCode.UNAUTHENTICATED:
                raise
            return False
        return True

    async def refuses(self, metadata: Metadata) -> None:
        """Returns once it does."""
        while await self.lets_in(metadata):
            pass


def _remote(settings: MeshSettings, name: str) -> RemoteAuthority:
    return RemoteAuthority(settings, caller_service=name)


@asynccontextmanager
async def believers(
    auth: RunningAuth, make_authority: MakeAuthority = _remote
) -> AsyncIterator[list[Believer]]:
    settings = auth.settings.model_copy(update={"auth_address": f"ipv4:127.0.0.1:{auth.port}"})
    async with AsyncExitStack() as stack:

        async def channel(name: str, register: Any) -> grpc.aio.Channel:  # noqa: ANN401
            server = MeshServer(
                name=name,
                settings=settings,
                register=register,
                services=[f"helpdesk.{name}.v1.{name.capitalize()}Service"],
                authority=make_authority(settings, name),
                port=0,
            )
            port = await server.start()
            stack.push_async_callback(server.stop)
            await server.wait_until_ready()
            folder = settings.certificate_folder("gateway")
            return await stack.enter_async_context(plain_channel(folder, name, port))

        tickets = ticket_service_pb2_grpc.TicketServiceStub(
            await channel("ticket", _register_tickets)
        )
        search = search_service_pb2_grpc.SearchServiceStub(
            await channel("search", _register_search)
        )
        chat = chat_service_pb2_grpc.ChatServiceStub(await channel("chat", _register_chat))
        question = search_service_pb2.SearchPassagesRequest(query="printer")
        yield [
            Believer("ticket", tickets.ListTickets, ticket_service_pb2.ListTicketsRequest()),
            Believer("search", search.SearchPassages, question),
            Believer("chat", chat.GetSession, chat_service_pb2.GetSessionRequest(session_id="s")),
        ]
