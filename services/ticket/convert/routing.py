"""Messages of routing ↔ domain, both directions side by side."""

from datetime import datetime, timedelta

from google.protobuf.timestamp_pb2 import Timestamp

from helpdesk.ticket.v1 import routing_service_pb2, ticket_pb2
from services.mesh.caller import UserId
from services.ticket.convert.sla import calendar_message, calendar_of
from services.ticket.ports.routing import KeptStep
from services.ticket.routing.choosing import Waiting
from services.ticket.routing.policy import AgentChoice, Escalation, RoutingAgent, RoutingPolicy
from services.ticket.sla.clocks import SlaState
from services.ticket.sla.opening_hours import AROUND_THE_CLOCK
from services.ticket.use_cases.staffing import Explanation

_MINUTE = timedelta(minutes=1)


def routing_policy_of(message: routing_service_pb2.RoutingPolicy) -> RoutingPolicy:
    choice = routing_service_pb2.RoutingChoice.Name(message.choice)
    return RoutingPolicy(
        agents=tuple(map(_agent_of, message.agents)),
        choice=AgentChoice(choice.removeprefix("ROUTING_CHOICE_"))
        if message.choice
        else AgentChoice.LEAST_LOADED,
        acknowledges=message.acknowledges,
        escalation=_escalation_of(message.escalation) if message.HasField("escalation") else None,
        close_after=message.close_after_minutes * _MINUTE or None,
    )


def routing_policy_message(
    policy: RoutingPolicy, update_time: datetime | None
) -> routing_service_pb2.RoutingPolicy:
    escalation = policy.escalation
    return routing_service_pb2.RoutingPolicy(
        agents=map(_agent_message, policy.agents),
        choice=routing_service_pb2.RoutingChoice.Value(f"ROUTING_CHOICE_{policy.choice}"),
        acknowledges=policy.acknowledges,
        escalation=routing_service_pb2.RoutingEscalation(
            state=ticket_pb2.SlaState.ValueType(escalation.state),
            queue=escalation.queue,
            raises_priority=escalation.raises_priority,
            lead_id=escalation.lead_id or "",
        )
        if escalation is not None
        else None,
        close_after_minutes=(policy.close_after or timedelta()) // _MINUTE,
        update_time=_timestamp(update_time),
    )


def explanation_message(
    explanation: Explanation,
) -> routing_service_pb2.ExplainRoutingResponse:
    state, steps = explanation.state, explanation.steps
    is_going_on = state is not None and not state.is_done
    return routing_service_pb2.ExplainRoutingResponse(
        steps=map(_step_message, steps),
        waiting=_waiting(steps[-1].waiting if is_going_on and steps else None),
        next_time=_timestamp(state.next_time if state is not None else None),
        engine=state.engine if state is not None else "",
    )


def _agent_of(message: routing_service_pb2.RoutingAgent) -> RoutingAgent:
    has_calendar = message.HasField("calendar")
    return RoutingAgent(
        user_id=UserId(message.user_id),
        queues=tuple(dict.fromkeys(message.queues)),
        most_open=message.most_open_tickets,
        calendar=calendar_of(message.calendar) if has_calendar else AROUND_THE_CLOCK,
        is_away=message.away,
    )


def _agent_message(agent: RoutingAgent) -> routing_service_pb2.RoutingAgent:
    return routing_service_pb2.RoutingAgent(
        user_id=agent.user_id,
        queues=agent.queues,
        most_open_tickets=agent.most_open,
        calendar=calendar_message(agent.calendar),
        away=agent.is_away,
    )


def _escalation_of(message: routing_service_pb2.RoutingEscalation) -> Escalation:
    return Escalation(
        state=SlaState(message.state),
        queue=message.queue,
        raises_priority=message.raises_priority,
        lead_id=UserId(message.lead_id) if message.lead_id else None,
    )


def _step_message(step: KeptStep) -> routing_service_pb2.RoutingStep:
    return routing_service_pb2.RoutingStep(
        place=step.place,
        kind=routing_service_pb2.RoutingStepKind.Value(f"ROUTING_STEP_KIND_{step.kind}"),
        reason=step.reason,
        create_time=_timestamp(step.create_time),
        queue=step.queue,
        assignee_id=step.assignee_id or "",
        waiting=_waiting(step.waiting),
    )


def _waiting(waiting: Waiting | None) -> routing_service_pb2.RoutingWaiting.ValueType:
    return routing_service_pb2.RoutingWaiting.Value(f"ROUTING_WAITING_{waiting or 'UNSPECIFIED'}")


def _timestamp(time: datetime | None) -> Timestamp | None:
    if time is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(time)
    return stamp
