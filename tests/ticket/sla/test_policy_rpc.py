"""Setting and showing what a tenant promises, over the wire."""

from collections.abc import AsyncIterator

import grpc
import pytest

from helpdesk.ticket.v1 import sla_service_pb2, sla_service_pb2_grpc, ticket_pb2
from services.mesh.database import Database
from services.mesh.ids import new_id
from services.mesh.settings import MeshSettings
from services.ticket.store import SqlTicketStore
from tests.support.mesh_server import RunningServer, TestUser, refused
from tests.ticket.clients import AGENT_PERMISSIONS, serving

SlaPolicy, BusinessCalendar = sla_service_pb2.SlaPolicy, sla_service_pb2.BusinessCalendar
DayHours, OpenSpan = sla_service_pb2.DayHours, sla_service_pb2.OpenSpan
Holiday, Targets = sla_service_pb2.BusinessHoliday, sla_service_pb2.SlaTargets
INVALID = grpc.StatusCode.INVALID_ARGUMENT
URGENT = ticket_pb2.TICKET_PRIORITY_URGENT


@pytest.fixture
async def server(
    sql_store: SqlTicketStore, database: Database, mesh_settings: MeshSettings
) -> AsyncIterator[RunningServer]:
    async with serving(sql_store, database, mesh_settings) as running:
        yield running


class Admin:
    def __init__(self, server: RunningServer, user: TestUser | None = None) -> None:
        granted = {"ticket.sla_policy.get", "ticket.sla_policy.set"}
        self._user = user or server.user(tenant_id=new_id(), permissions=granted)
        self._stub = sla_service_pb2_grpc.SlaServiceStub(server.channel("gateway"))

    async def get(self) -> sla_service_pb2.SlaPolicy:
        request = sla_service_pb2.GetSlaPolicyRequest()
        return await self._stub.GetSlaPolicy(request, metadata=self._user.metadata, timeout=20)

    async def set(self, policy: sla_service_pb2.SlaPolicy) -> sla_service_pb2.SlaPolicy:
        request = sla_service_pb2.SetSlaPolicyRequest(policy=policy)
        return await self._stub.SetSlaPolicy(request, metadata=self._user.metadata, timeout=20)


def hours(*spans: tuple[int, int]) -> sla_service_pb2.DayHours:
    return DayHours(spans=[OpenSpan(start_minute=start, end_minute=end) for start, end in spans])


def calendar(
    *spans: tuple[int, int], time_zone: str = "Europe/Berlin", holidays: tuple[str, ...] = ()
) -> sla_service_pb2.BusinessCalendar:
    return BusinessCalendar(
        time_zone=time_zone,
        week=[hours(*spans)] * 5 + [hours()] * 2,
        holidays=[Holiday(day=day, hours=hours((540, 720))) for day in holidays],
    )


OFFICE = calendar((540, 720), (780, 1020), holidays=("2027-12-24",))
POLICY = SlaPolicy(
    targets=[Targets(priority=URGENT, first_response_minutes=30, resolution_minutes=480)],
    calendar=OFFICE,
    amber_percent=60,
    red_percent=95,
)


async def test_a_tenant_without_a_policy_promises_nothing_and_is_always_open(
    server: RunningServer,
) -> None:
    policy = await Admin(server).get()
    assert not policy.targets
    assert (policy.amber_percent, policy.red_percent) == (75, 90)
    assert policy.calendar.week == [hours((0, 1440))] * 7
    assert not policy.HasField("update_time")


async def test_a_policy_is_kept_as_it_was_set_and_replaced_as_a_whole(
    server: RunningServer,
) -> None:
    admin = Admin(server)
    first = await admin.set(POLICY)
    assert await admin.get() == first
    assert first.HasField("update_time")
    first.ClearField("update_time")
    assert first == POLICY
    await admin.set(SlaPolicy(calendar=calendar((0, 60))))
    assert not (await admin.get()).targets
    assert (await admin.get()).calendar == calendar((0, 60))


async def test_another_tenant_has_its_own(server: RunningServer) -> None:
    await Admin(server).set(POLICY)
    assert not (await Admin(server).get()).targets


async def test_each_rpc_needs_its_permission(server: RunningServer) -> None:
    agent = Admin(server, server.user(tenant_id=new_id(), permissions=AGENT_PERMISSIONS))
    with refused(grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
        await agent.get()
    with refused(grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
        await agent.set(POLICY)


def targets(minutes: int) -> sla_service_pb2.SlaPolicy:
    return SlaPolicy(targets=[Targets(priority=URGENT, resolution_minutes=minutes)])


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        (SlaPolicy(calendar=calendar()), "SLA_CALENDAR_NEVER_OPEN"),
        (SlaPolicy(calendar=calendar((540, 720), (700, 800))), "SLA_SPANS_INVALID"),
        (SlaPolicy(calendar=calendar((720, 540))), "SLA_SPANS_INVALID"),
        (SlaPolicy(calendar=calendar((0, 60), time_zone="Europe/Bonn")), "SLA_TIME_ZONE_UNKNOWN"),
        (SlaPolicy(calendar=calendar((0, 60), time_zone="../../etc")), "SLA_TIME_ZONE_UNKNOWN"),
        (
            SlaPolicy(calendar=calendar((0, 60), holidays=("2027-02-30",))),
            "SLA_HOLIDAYS_INVALID",
        ),
        (
            SlaPolicy(calendar=calendar((0, 60), holidays=("2027-01-01", "2027-01-01"))),
            "SLA_HOLIDAYS_INVALID",
        ),
        (targets(0), "SLA_TARGET_INVALID"),
        (targets(-5), "SLA_TARGET_INVALID"),
        (targets(2**31 - 1), "SLA_TARGET_INVALID"),
        (SlaPolicy(targets=[*targets(5).targets] * 2), "SLA_TARGET_INVALID"),
        (SlaPolicy(amber_percent=120), "SLA_SHARES_INVALID"),
        (SlaPolicy(amber_percent=95), "SLA_SHARES_INVALID"),
        (SlaPolicy(red_percent=-1), "SLA_SHARES_INVALID"),
    ],
)
async def test_what_cannot_be_kept_is_refused_and_leaves_what_was(
    server: RunningServer, policy: sla_service_pb2.SlaPolicy, reason: str
) -> None:
    admin = Admin(server)
    before = await admin.set(POLICY)
    with refused(INVALID, reason):
        await admin.set(policy)
    assert await admin.get() == before
