"""The RPC as agents meet it."""

from collections.abc import AsyncIterator

import grpc
import pytest

from helpdesk.ticket.v1 import (
    suggestion_service_pb2,
    suggestion_service_pb2_grpc,
    ticket_pb2,
)
from services.mesh.database import Database
from services.mesh.ids import new_id
from services.mesh.settings import MeshSettings
from services.ticket.store import SqlTicketStore
from tests.support.mesh_server import RunningServer, refused
from tests.ticket.clients import AGENT_PERMISSIONS, Client, serving

SIMILAR = {*AGENT_PERMISSIONS, "ticket.tickets.list_similar"}


@pytest.fixture
async def server(
    sql_store: SqlTicketStore, database: Database, mesh_settings: MeshSettings
) -> AsyncIterator[RunningServer]:
    async with serving(sql_store, database, mesh_settings) as server:
        yield server


async def test_an_agent_gets_similar_tickets_by_a_number(server: RunningServer) -> None:
    agent = server.user(tenant_id=new_id(), permissions=SIMILAR)
    customer = server.user(tenant_id=agent.tenant_id, permissions=AGENT_PERMISSIONS)
    old = await Client(server.channel("gateway"), customer).opened(subject="No Wi-Fi upstairs")
    client = Client(server.channel("gateway"), agent)
    await client.CreateComment(ticket_id=old.ticket_id, comment={"body": "Walk downstairs."})
    await client.ResolveTicket(ticket_id=old.ticket_id)
    new = await client.opened()
    stub = suggestion_service_pb2_grpc.SuggestionServiceStub(server.channel("gateway"))
    request = suggestion_service_pb2.ListSimilarTicketsRequest(ticket_id=f"#{new.number}")
    reply = await stub.ListSimilarTickets(request, metadata=agent.metadata, timeout=20)
    [found] = reply.similar_tickets
    assert (found.ticket_id, found.number, found.subject) == (
        old.ticket_id,
        old.number,
        "No Wi-Fi upstairs",
    )
    assert found.status == ticket_pb2.TICKET_STATUS_RESOLVED
    assert found.reply.body == "Walk downstairs."
    assert {*found.words} == {"no", "wi", "fi", "gone"}
    assert 0 < found.score <= 1
    assert found.update_time.seconds > 0


async def test_neither_a_stranger_nor_somebody_without_the_permission_gets_any(
    server: RunningServer,
) -> None:
    agent = server.user(tenant_id=new_id(), permissions=SIMILAR)
    opened = await Client(server.channel("gateway"), agent).opened()
    stub = suggestion_service_pb2_grpc.SuggestionServiceStub(server.channel("gateway"))
    request = suggestion_service_pb2.ListSimilarTicketsRequest(ticket_id=opened.ticket_id)
    stranger = server.user(tenant_id=new_id(), permissions=SIMILAR)
    with refused(grpc.StatusCode.NOT_FOUND, "TICKET_NOT_FOUND"):
        await stub.ListSimilarTickets(request, metadata=stranger.metadata, timeout=20)
    other = server.user(tenant_id=agent.tenant_id, permissions=AGENT_PERMISSIONS)
    with refused(grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
        await stub.ListSimilarTickets(request, metadata=other.metadata, timeout=20)
