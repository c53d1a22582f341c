"""A routing policy as JSON ↔ domain, both directions side by side."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from services.mesh.caller import UserId
from services.ticket.routing.policy import AgentChoice, Escalation, RoutingAgent, RoutingPolicy
from services.ticket.sla.clocks import SlaState
from services.ticket.store.sla_rows import calendar_from, calendar_json

_SECOND = timedelta(seconds=1)


def routing_policy_json(policy: RoutingPolicy) -> dict[str, Any]:
    escalation, close_after = policy.escalation, policy.close_after
    return {
        "agents": [
            {
                "user_id": agent.user_id,
                "queues": list(agent.queues),
                "most_open": agent.most_open,
                "calendar": calendar_json(agent.calendar),
                "is_away": agent.is_away,
            }
            for agent in policy.agents
        ],
        "choice": policy.choice,
        "acknowledges": policy.acknowledges,
        "escalation": None
        if escalation is None
        else {
            "state": escalation.state.name,
            "queue": escalation.queue,
            "raises_priority": escalation.raises_priority,
            "lead_id": escalation.lead_id,
        },
        "close_after_seconds": close_after // _SECOND if close_after is not None else None,
    }


def routing_policy_from(written: Mapping[str, Any]) -> RoutingPolicy:
    seconds = written["close_after_seconds"]
    return RoutingPolicy(
        agents=tuple(
            RoutingAgent(
                UserId(agent["user_id"]),
                tuple(agent["queues"]),
                agent["most_open"],
                calendar_from(agent["calendar"]),
                agent["is_away"],
            )
            for agent in written["agents"]
        ),
        choice=AgentChoice(written["choice"]),
        acknowledges=written["acknowledges"],
        escalation=_escalation_from(written["escalation"]),
        close_after=seconds * _SECOND if seconds is not None else None,
    )


def _escalation_from(written: Mapping[str, Any] | None) -> Escalation | None:
    if written is None:
        return None
    lead_id = written["lead_id"]
    return Escalation(
        SlaState[written["state"]],
        written["queue"],
        written["raises_priority"],
        UserId(lead_id) if lead_id is not None else None,
    )
