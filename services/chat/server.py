"""Where the parts of chat meet."""

import asyncio
from pathlib import Path

import grpc

from helpdesk.chat.v1 import chat_service_pb2_grpc, gap_service_pb2_grpc
from helpdesk.search.v1 import grouping_service_pb2_grpc, search_service_pb2_grpc
from helpdesk.ticket.v1 import ticket_service_pb2_grpc
from services.chat.answer.extractive import ExtractiveModel
from services.chat.peers import SearchGroups, SearchKnowledge, TicketServiceDesk
from services.chat.ports import ChatParts
from services.chat.servicer import ChatServicer, GapServicer
from services.chat.store import SqlSessionStore
from services.chat.tables import Table
from services.mesh.authority import RemoteAuthority
from services.mesh.channel import connect
from services.mesh.clock import utc_now
from services.mesh.contract import services_of
from services.mesh.database import Database
from services.mesh.ids import new_id
from services.mesh.purge import Purge
from services.mesh.server import serve
from services.mesh.settings import MeshSettings
from services.mesh.tls import ensure_certificates

NAME = "chat"
SERVICES = services_of(NAME)
MIGRATIONS = Path(__file__).parent / "migrations"
# Their replies are made over several transactions, which chat finds again by itself.
HANDLED_BY_CHAT = frozenset(
    f"/helpdesk.chat.v1.ChatService/{method}"
    for method in ("SendMessage", "StreamMessage", "HandOffSession")
)


async def serve_chat(settings: MeshSettings) -> None:
    """Serves until the process is told to stop."""
    await asyncio.to_thread(ensure_certificates, settings.certificates_folder)
    database = Database(settings.database_address(NAME))
    await database.migrate(MIGRATIONS)
    authority = RemoteAuthority(settings, caller_service=NAME)
    search = connect(settings, caller_service=NAME, peer="search")
    ticket = connect(settings, caller_service=NAME, peer="ticket")
    parts = assemble(database, search, ticket)
    try:
        await serve(
            name=NAME,
            settings=settings,
            register=lambda server: register(parts, server),
            services=SERVICES,
            authority=authority,
            database=database,
            background=[Purge(authority, database, Table.metadata).run],
            handled_by_service=HANDLED_BY_CHAT,
        )
    finally:
        await search.close()
        await ticket.close()
        await authority.close()
        await database.close()


def assemble(database: Database, search: grpc.aio.Channel, ticket: grpc.aio.Channel) -> ChatParts:
    knowledge = SearchKnowledge(search_service_pb2_grpc.SearchServiceStub(search))
    return ChatParts(
        store=SqlSessionStore(database),
        retriever=knowledge,
        versions=knowledge,
        model=ExtractiveModel(),
        desk=TicketServiceDesk(ticket_service_pb2_grpc.TicketServiceStub(ticket)),
        groups=SearchGroups(grouping_service_pb2_grpc.GroupingServiceStub(search)),
        now=utc_now,
        new_id=new_id,
    )


def register(parts: ChatParts, server: grpc.aio.Server) -> None:
    chat_service_pb2_grpc.add_ChatServiceServicer_to_server(ChatServicer(parts), server)
    gap_service_pb2_grpc.add_GapServiceServicer_to_server(GapServicer(parts), server)
