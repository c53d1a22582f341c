"""Views as people save, see and delete them."""

from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest

from helpdesk.ticket.v1 import view_service_pb2, view_service_pb2_grpc
from services.mesh.database import Database
from services.mesh.ids import new_id
from services.mesh.settings import MeshSettings
from services.ticket.store import SqlTicketStore
from services.ticket.use_cases import views
from services.ticket.use_cases.views import EVERY_TENANTS
from tests.support.mesh_server import RunningServer, TestUser, refused
from tests.ticket.clients import AGENT_PERMISSIONS, Client, serving

VIEWS = {*AGENT_PERMISSIONS, *(f"ticket.views.{verb}" for verb in ("create", "list", "delete"))}
SHARING = VIEWS | {"ticket.views.share"}
BUILT_IN = [view.view_id for view in EVERY_TENANTS]


class Desk:
    def __init__(self, server: RunningServer, user: TestUser) -> None:
        self._stub = view_service_pb2_grpc.ViewServiceStub(server.channel("gateway"))
        self.tickets = Client(server.channel("gateway"), user)
        self._user = user

    async def save(self, name: str, **fields: Any) -> view_service_pb2.View:  # noqa: ANN401
        view = view_service_pb2.View(name=name, **fields)
        request = view_service_pb2.CreateViewRequest(view=view)
        saved: view_service_pb2.View = await self._stub.CreateView(
            request, metadata=self._user.metadata, timeout=20
        )
        return saved

    async def all(self) -> list[view_service_pb2.View]:
        request = view_service_pb2.ListViewsRequest()
        reply = await self._stub.ListViews(request, metadata=self._user.metadata, timeout=20)
        return [*reply.views]

    async def saved(self) -> list[str]:
        return [view.name for view in await self.all() if view.view_id not in BUILT_IN]

    async def counts(self) -> dict[str, int]:
        return {view.name: view.ticket_count for view in await self.all()}

    async def delete(self, view_id: str) -> None:
        request = view_service_pb2.DeleteViewRequest(view_id=view_id)
        await self._stub.DeleteView(request, metadata=self._user.metadata, timeout=20)


@pytest.fixture
async def server(
    sql_store: SqlTicketStore, database: Database, mesh_settings: MeshSettings
) -> AsyncIterator[RunningServer]:
    async with serving(sql_store, database, mesh_settings) as server:
        yield server


@pytest.fixture
async def agent(server: RunningServer) -> Desk:
    return Desk(server, server.user(tenant_id=new_id(), permissions=VIEWS))


def colleague(server: RunningServer, of: Desk, permissions: set[str] = VIEWS) -> Desk:
    return Desk(server, server.user(tenant_id=of._user.tenant_id, permissions=permissions))


async def test_the_views_of_every_tenant_count_the_tenants_tickets(agent: Desk) -> None:
    first, *_ = [await agent.tickets.opened() for _ in range(3)]
    await agent.tickets.AssignTicket(ticket_id=first.ticket_id, assignee_id=agent.tickets.user_id)
    counts = await agent.counts()
    assert (counts["Mine"], counts["Unassigned"], counts["Recent"]) == (1, 2, 3)
    assert (counts["Urgent"], counts["Pending"], counts["Resolved"]) == (0, 0, 0)


async def test_each_built_in_view_can_be_listed(agent: Desk) -> None:
    for view in EVERY_TENANTS:
        await agent.tickets.ListTickets(filter=view.filter, order_by=view.order_by)


async def test_an_own_view_is_nobody_elses(server: RunningServer, agent: Desk) -> None:
    await agent.tickets.opened(subject="Printer on fire")
    saved = await agent.save("  Printers ", filter="printer", order_by="number")
    assert (saved.name, saved.filter, saved.order_by) == ("Printers", "printer", "number")
    assert not saved.shared
    assert (await agent.counts())["Printers"] == 1
    other = colleague(server, agent, SHARING)
    assert await other.saved() == []
    with refused(grpc.StatusCode.NOT_FOUND, "VIEW_NOT_FOUND"):
        await other.delete(saved.view_id)
    assert await agent.saved() == ["Printers"]
    await agent.delete(saved.view_id)
    assert await agent.saved() == []


async def test_a_shared_view_is_everybodys_of_the_tenant(
    server: RunningServer, agent: Desk
) -> None:
    lead = colleague(server, agent, SHARING)
    shared = await lead.save("Printers", filter="printer", shared=True)
    stranger = Desk(server, server.user(tenant_id=new_id(), permissions=SHARING))
    assert (await agent.saved(), await stranger.saved()) == (["Printers"], [])
    with refused(grpc.StatusCode.NOT_FOUND, "VIEW_NOT_FOUND"):
        await agent.delete(shared.view_id)
    with refused(grpc.StatusCode.NOT_FOUND, "VIEW_NOT_FOUND"):
        await stranger.delete(shared.view_id)
    await lead.delete(shared.view_id)
    assert await agent.saved() == []


async def test_who_may_not_share_cannot(agent: Desk) -> None:
    with refused(grpc.StatusCode.PERMISSION_DENIED, "VIEW_SHARING_NOT_ALLOWED"):
        await agent.save("Printers", shared=True)


async def test_a_name_is_there_once_for_each_owner(server: RunningServer, agent: Desk) -> None:
    lead = colleague(server, agent, SHARING)
    await agent.save("Printers")
    await lead.save("Printers")
    await lead.save("Printers", shared=True)
    for again in ({}, {"shared": True}):
        with refused(grpc.StatusCode.ALREADY_EXISTS, "VIEW_EXISTS"):
            await lead.save("Printers", **again)
    assert await lead.saved() == ["Printers", "Printers"]


async def test_what_cannot_be_read_is_not_saved(agent: Desk) -> None:
    for wrong in ({"filter": "status = DONE"}, {"order_by": "colour"}):
        with refused(grpc.StatusCode.INVALID_ARGUMENT, "FILTER_INVALID"):
            await agent.save("Wrong", **wrong)
    with refused(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST"):
        await agent.save("   ")
    assert await agent.saved() == []


async def test_there_is_an_end_to_views(agent: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "MOST_VIEWS", 2)
    for name in ("1", "2"):
        await agent.save(name)
    with refused(grpc.StatusCode.FAILED_PRECONDITION, "VIEWS_FULL"):
        await agent.save("3")


async def test_more_than_can_be_counted_is_said(
    agent: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "MOST_COUNTED", 2)
    for _ in range(3):
        await agent.tickets.opened()
    found = {view.view_id: view for view in await agent.all()}
    assert found["recent"].more_tickets
    assert not found["mine"].more_tickets
