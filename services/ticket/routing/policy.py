"""How a tenant wants its tickets routed: who takes them, and what is done when nobody does."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from services.mesh.caller import UserId
from services.ticket.errors.routing import (
    RoutingAgentTwice,
    RoutingAgentWithoutQueue,
    RoutingEscalationEmpty,
)
from services.ticket.sla.clocks import SlaState
from services.ticket.sla.opening_hours import AROUND_THE_CLOCK, BusinessCalendar, require_calendar


class AgentChoice(StrEnum):
    """Of those who could take a ticket: who has the fewest, or whose turn is longest ago."""

    LEAST_LOADED = "LEAST_LOADED"
    ROUND_ROBIN = "ROUND_ROBIN"


@dataclass(frozen=True)
class RoutingAgent:
    """The queues are what somebody can do; `most_open` counts new and open tickets."""

    user_id: UserId
    queues: tuple[str, ...]
    most_open: int
    calendar: BusinessCalendar = AROUND_THE_CLOCK
    is_away: bool = False


@dataclass(frozen=True)
class Escalation:
    """What is done once, when the first of a ticket's clocks has come so far."""

    state: SlaState
    queue: str = ""
    raises_priority: bool = False
    lead_id: UserId | None = None


@dataclass(frozen=True)
class RoutingPolicy:
    agents: tuple[RoutingAgent, ...] = ()
    choice: AgentChoice = AgentChoice.LEAST_LOADED
    acknowledges: bool = False
    escalation: Escalation | None = None
    close_after: timedelta | None = None

    def queues(self) -> Iterator[str]:
        """All that it names."""
        for agent in self.agents:
            yield from agent.queues
        if self.escalation is not None and self.escalation.queue:
            yield self.escalation.queue


def require_routing_policy(policy: RoutingPolicy) -> None:
    """Refuses a policy by which somebody would never get a ticket; of queues others know."""
    known: set[UserId] = set()
    for agent in policy.agents:
        if agent.user_id in known:
            raise RoutingAgentTwice(agent.user_id)
        known.add(agent.user_id)
        if not agent.queues:
            raise RoutingAgentWithoutQueue(agent.user_id)
        require_calendar(agent.calendar)
    escalation = policy.escalation
    if escalation is not None and not (
        escalation.queue or escalation.raises_priority or escalation.lead_id
    ):
        raise RoutingEscalationEmpty
