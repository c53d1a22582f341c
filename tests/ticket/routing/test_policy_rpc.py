"""Setting and showing who gets which ticket, and why, over the wire."""

import grpc
import pytest

from helpdesk.ticket.v1 import routing_service_pb2, sla_service_pb2, ticket_pb2
from helpdesk.ticket.v1.routing_service_pb2 import RoutingAgent as Agent
from helpdesk.ticket.v1.routing_service_pb2 import RoutingEscalation as Escalation
from helpdesk.ticket.v1.routing_service_pb2 import RoutingPolicy as Policy
from services.mesh.ids import new_id
from tests.support.mesh_server import refused
from tests.ticket.clients import People

INVALID = grpc.StatusCode.INVALID_ARGUMENT
RED = ticket_pb2.SLA_STATE_RED


def hours(*spans: tuple[int, int]) -> sla_service_pb2.BusinessCalendar:
    day = sla_service_pb2.DayHours(
        spans=[sla_service_pb2.OpenSpan(start_minute=a, end_minute=b) for a, b in spans]
    )
    return sla_service_pb2.BusinessCalendar(time_zone="Europe/Berlin", week=[day] * 7)


def agent(user_id: str = "alex", *queues: str, **fields: object) -> Agent:
    known = {"most_open_tickets": 5, "calendar": hours((540, 1020)), **fields}
    return Agent(user_id=user_id, queues=queues or ("general",), **known)  # type: ignore[arg-type]


POLICY = Policy(
    agents=[agent(), agent("birgit", away=True)],
    choice=routing_service_pb2.ROUTING_CHOICE_ROUND_ROBIN,
    acknowledges=True,
    escalation=Escalation(state=RED, queue="general", raises_priority=True, lead_id="clara"),
    close_after_minutes=7 * 24 * 60,
)


async def test_a_tenant_without_a_policy_gives_tickets_to_nobody(people: People) -> None:
    policy = await people.alex.GetRoutingPolicy()
    assert not policy.agents
    assert not policy.HasField("update_time")


async def test_a_policy_is_kept_as_it_was_set_and_replaced_as_a_whole(people: People) -> None:
    first = await people.alex.SetRoutingPolicy(policy=POLICY)
    assert await people.alex.GetRoutingPolicy() == first
    assert first.HasField("update_time")
    first.ClearField("update_time")
    assert first == POLICY
    await people.alex.SetRoutingPolicy(policy=Policy())
    assert not (await people.alex.GetRoutingPolicy()).agents


async def test_another_tenant_has_its_own_and_sees_no_foreign_ticket(people: People) -> None:
    await people.alex.SetRoutingPolicy(policy=POLICY)
    assert not (await people.gerd.GetRoutingPolicy()).agents
    ticket = await people.anna.opened()
    with refused(grpc.StatusCode.NOT_FOUND, "TICKET_NOT_FOUND"):
        await people.gerd.ExplainRouting(ticket_id=ticket.ticket_id)


async def test_each_rpc_needs_its_permission(people: People) -> None:
    ticket = await people.anna.opened()
    denied = grpc.StatusCode.PERMISSION_DENIED
    with refused(denied, "PERMISSION_MISSING"):
        await people.anna.GetRoutingPolicy()
    with refused(denied, "PERMISSION_MISSING"):
        await people.anna.SetRoutingPolicy(policy=POLICY)
    with refused(denied, "PERMISSION_MISSING"):
        await people.anna.ExplainRouting(ticket_id=ticket.ticket_id)


async def test_a_ticket_that_nothing_was_done_with_has_no_steps(people: People) -> None:
    ticket = await people.anna.opened()
    explained = await people.alex.ExplainRouting(ticket_id=str(ticket.number))
    assert not explained.steps
    assert not explained.engine
    with refused(grpc.StatusCode.NOT_FOUND, "TICKET_NOT_FOUND"):
        await people.alex.ExplainRouting(ticket_id=new_id())


@pytest.mark.parametrize(
    ("policy", "code", "reason"),
    [
        (Policy(agents=[agent("alex", "vpn")]), grpc.StatusCode.NOT_FOUND, "QUEUE_NOT_FOUND"),
        (
            Policy(escalation=Escalation(state=RED, queue="vpn")),
            grpc.StatusCode.NOT_FOUND,
            "QUEUE_NOT_FOUND",
        ),
        (
            Policy(agents=[Agent(user_id="alex", most_open_tickets=1)]),
            INVALID,
            "ROUTING_AGENT_WITHOUT_QUEUE",
        ),
        (Policy(agents=[agent(), agent()]), INVALID, "ROUTING_AGENT_TWICE"),
        (Policy(escalation=Escalation(state=RED)), INVALID, "ROUTING_ESCALATION_EMPTY"),
        (Policy(agents=[agent(calendar=hours())]), INVALID, "SLA_CALENDAR_NEVER_OPEN"),
        (
            Policy(agents=[agent(calendar=hours((540, 720), (700, 800)))]),
            INVALID,
            "SLA_SPANS_INVALID",
        ),
        (Policy(agents=[agent(most_open_tickets=0)]), INVALID, "INVALID_REQUEST"),
        (Policy(agents=[agent("")]), INVALID, "INVALID_REQUEST"),
        (Policy(close_after_minutes=-1), INVALID, "INVALID_REQUEST"),
        (
            Policy(escalation=Escalation(state=ticket_pb2.SLA_STATE_AMBER, lead_id="clara")),
            INVALID,
            "INVALID_REQUEST",
        ),
        (Policy(agents=[agent(f"user-{i}") for i in range(201)]), INVALID, "INVALID_REQUEST"),
    ],
)
async def test_what_cannot_be_kept_is_refused_and_leaves_what_was(
    people: People, policy: Policy, code: grpc.StatusCode, reason: str
) -> None:
    before = await people.alex.SetRoutingPolicy(policy=POLICY)
    with refused(code, reason):
        await people.alex.SetRoutingPolicy(policy=policy)
    assert await people.alex.GetRoutingPolicy() == before
