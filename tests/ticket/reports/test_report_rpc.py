"""Reports as somebody asks for them, over the wire."""

from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest

from helpdesk.ticket.v1 import report_service_pb2, report_service_pb2_grpc
from services.mesh.caller import TenantId
from services.mesh.database import Database
from services.mesh.ids import new_id
from services.mesh.settings import MeshSettings
from services.ticket.domain import TicketPriority
from services.ticket.ports.sla import KeptSlaPolicy
from services.ticket.sla.opening_hours import BusinessCalendar, Span
from services.ticket.sla.policy import SlaPolicy, Targets
from services.ticket.store import SqlSlaPolicies, SqlTicketStore
from tests.support.mesh_server import RunningServer, TestUser, refused
from tests.ticket.builders import NOON
from tests.ticket.clients import AGENT_PERMISSIONS, Client, serving

LEAD = AGENT_PERMISSIONS | {"ticket.reports.read"}
# The clock of the tests starts on New Year's Day of 2030 at noon and ticks in seconds.
SCOPE = {"from_day": "2029-12-31", "until_day": "2030-01-03", "bucket": 1}
HALF_A_MINUTE_A_DAY = BusinessCalendar("UTC", ((Span(720, 721),),) * 7)


class Lead:
    def __init__(self, server: RunningServer, user: TestUser) -> None:
        self._stub = report_service_pb2_grpc.ReportServiceStub(server.channel("gateway"))
        self.tickets = Client(server.channel("gateway"), user)
        self._user = user

    @property
    def tenant_id(self) -> TenantId:
        return TenantId(self._user.tenant_id)

    async def volume(self, **scope: Any) -> list[report_service_pb2.VolumeRow]:  # noqa: ANN401
        request = report_service_pb2.GetVolumeReportRequest(**{**SCOPE, **scope})
        reply = await self._stub.GetVolumeReport(request, metadata=self._user.metadata, timeout=20)
        return [*reply.rows]

    async def times(self, **scope: Any) -> list[report_service_pb2.TimeRow]:  # noqa: ANN401
        request = report_service_pb2.GetTimeReportRequest(**{**SCOPE, **scope})
        reply = await self._stub.GetTimeReport(request, metadata=self._user.metadata, timeout=20)
        return [*reply.rows]

    async def sla(self, **scope: Any) -> list[report_service_pb2.SlaRow]:  # noqa: ANN401
        request = report_service_pb2.GetSlaReportRequest(**{**SCOPE, **scope})
        reply = await self._stub.GetSlaReport(request, metadata=self._user.metadata, timeout=20)
        return [*reply.rows]


@pytest.fixture
async def server(
    sql_store: SqlTicketStore, database: Database, mesh_settings: MeshSettings
) -> AsyncIterator[RunningServer]:
    async with serving(sql_store, database, mesh_settings) as server:
        yield server


@pytest.fixture
async def lead(server: RunningServer) -> Lead:
    return Lead(server, server.user(tenant_id=new_id(), permissions=LEAD))


async def test_the_volume_is_told_day_by_day(lead: Lead) -> None:
    first, second = [await lead.tickets.opened() for _ in range(2)]
    for ticket in (first, second):
        await lead.tickets.ResolveTicket(ticket_id=ticket.ticket_id)
    await lead.tickets.ReopenTicket(ticket_id=first.ticket_id)
    before, day, after = await lead.volume()
    assert (before.created, before.backlog) == (0, 0)
    assert (day.from_day, day.until_day) == ("2030-01-01", "2030-01-02")
    assert (day.created, day.resolved, day.reopened, day.backlog) == (2, 2, 1, 1)
    assert (after.created, after.resolved, after.reopened, after.backlog) == (0, 0, 0, 1)


async def test_tickets_are_told_apart_by_who_has_them(lead: Lead) -> None:
    first, _ = [await lead.tickets.opened() for _ in range(2)]
    me = lead.tickets.user_id
    await lead.tickets.AssignTicket(ticket_id=first.ticket_id, assignee_id=me)
    rows = await lead.volume(bucket=0, group_by=2)
    assert [(row.group, row.backlog) for row in rows] == [("", 1), (me, 1)]
    assert [row.created for row in await lead.volume(bucket=0, filter="assignee_id = me")] == [1]


async def test_times_are_told_in_all_hours_and_in_open_ones(lead: Lead, database: Database) -> None:
    ticket = await lead.tickets.opened()
    await lead.tickets.ResolveTicket(ticket_id=ticket.ticket_id)
    (row,) = await lead.times()
    assert (row.resolution.tickets, row.resolution.p50_seconds) == (1, row.resolution.p95_seconds)
    assert row.resolution.p50_seconds > 0
    assert row.first_response.tickets == 0
    assert not row.HasField("resolution_open")
    kept = KeptSlaPolicy(new_id(), SlaPolicy(calendar=HALF_A_MINUTE_A_DAY), NOON)
    await SqlSlaPolicies(database).keep(lead.tenant_id, kept)
    (row,) = await lead.times()
    assert row.resolution_open.tickets == 1
    assert row.resolution_open.p50_seconds <= row.resolution.p50_seconds


async def test_another_tenant_counts_nothing(server: RunningServer, lead: Lead) -> None:
    stranger = Lead(server, server.user(tenant_id=new_id(), permissions=LEAD))
    ticket = await lead.tickets.opened()
    await lead.tickets.ResolveTicket(ticket_id=ticket.ticket_id)
    assert await stranger.volume() == await stranger.times() == []
    assert await lead.volume() != []
    assert await lead.times() != []


async def test_who_may_not_read_reports_is_refused(server: RunningServer, lead: Lead) -> None:
    agent = Lead(server, server.user(tenant_id=lead.tenant_id, permissions=AGENT_PERMISSIONS))
    for call in (agent.volume, agent.times):
        with refused(grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
            await call()


@pytest.mark.parametrize(
    ("scope", "reason"),
    [
        ({"until_day": "2029-12-31"}, "REPORT_PERIOD_EMPTY"),
        ({"until_day": "2029-12-30"}, "REPORT_PERIOD_REVERSED"),
        ({"until_day": "2030-02-30"}, "REPORT_DAY_UNKNOWN"),
        ({"until_day": "2030"}, "INVALID_REQUEST"),
        ({"until_day": "2999-12-31"}, "REPORT_TOO_MANY_BUCKETS"),
        ({"time_zone": "Europe/Bonn"}, "REPORT_TIME_ZONE_UNKNOWN"),
        ({"filter": "colour = red"}, "FILTER_INVALID"),
        ({"bucket": 9}, "INVALID_REQUEST"),
    ],
)
async def test_what_cannot_be_has_its_reason(
    lead: Lead, scope: dict[str, object], reason: str
) -> None:
    for call in (lead.volume, lead.times):
        with refused(grpc.StatusCode.INVALID_ARGUMENT, reason):
            await call(**scope)


async def test_kept_and_missed_promises_are_told(
    lead: Lead, database: Database, server: RunningServer
) -> None:
    ticket = await lead.tickets.opened()
    await lead.tickets.ResolveTicket(ticket_id=ticket.ticket_id)
    assert await lead.sla() == []
    policy = SlaPolicy({TicketPriority.NORMAL: Targets(resolution=1)})
    kept = KeptSlaPolicy(new_id(), policy, NOON)
    await SqlSlaPolicies(database).keep(lead.tenant_id, kept)
    (row,) = await lead.sla(group_by=1)
    assert (row.group, row.from_day) == ("general", "2030-01-01")
    assert (row.resolution.promised, row.resolution.kept, row.resolution.percent) == (1, 1, 100)
    assert row.first_response.promised == 0
    for scope, reason in (
        ({"until_day": "2029-12-31"}, "REPORT_PERIOD_EMPTY"),
        ({"time_zone": "Europe/Bonn"}, "REPORT_TIME_ZONE_UNKNOWN"),
        ({"filter": "colour = red"}, "FILTER_INVALID"),
    ):
        with refused(grpc.StatusCode.INVALID_ARGUMENT, reason):
            await lead.sla(**scope)
    agent = Lead(server, server.user(tenant_id=lead.tenant_id, permissions=AGENT_PERMISSIONS))
    with refused(grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
        await agent.sla()
