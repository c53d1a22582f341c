"""Who takes a ticket, or why nobody does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache

from services.mesh.caller import UserId
from services.ticket.errors.sla import SlaTimeZoneUnknown
from services.ticket.routing.policy import AgentChoice, RoutingAgent, RoutingPolicy
from services.ticket.sla.open_time import OpenTime, instant_of, time_of
from services.ticket.sla.opening_hours import BusinessCalendar

_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


class Waiting(StrEnum):
    """For what a ticket waits; TICKET is for whatever happens to it, and for its own times."""

    NO_POLICY = "NO_POLICY"
    NOBODY_FOR_QUEUE = "NOBODY_FOR_QUEUE"
    EVERYBODY_AWAY = "EVERYBODY_AWAY"
    NOBODY_ON_SHIFT = "NOBODY_ON_SHIFT"
    EVERYBODY_FULL = "EVERYBODY_FULL"
    TICKET = "TICKET"


@dataclass(frozen=True)
class Workforce:
    """How many new and open tickets each agent has, and when routing last gave them one."""

    loads: Mapping[UserId, int] = field(default_factory=dict)
    turns: Mapping[UserId, datetime] = field(default_factory=dict)


@dataclass(frozen=True)
class Chosen:
    user_id: UserId
    reason: str


@dataclass(frozen=True)
class Nobody:
    """Until a shift begins; without a time, until something changes."""

    waiting: Waiting
    until: datetime | None
    reason: str


def choose(
    policy: RoutingPolicy, queue: str, workforce: Workforce, now: datetime
) -> Chosen | Nobody:
    able = [agent for agent in policy.agents if queue in agent.queues]
    if not able:
        return Nobody(Waiting.NOBODY_FOR_QUEUE, None, f"no agent serves the queue {queue}")
    opening = {agent.user_id: _next_open(agent, now) for agent in able}
    on_shift = [agent for agent in able if opening[agent.user_id] == now]
    free = [agent for agent in on_shift if _load(agent, workforce) < agent.most_open]
    if free:
        return _chosen(policy.choice, queue, free, workforce)
    later = [time for time in opening.values() if time is not None and time > now]
    until = min(later, default=None)
    if on_shift:
        reason = f"all {len(on_shift)} on shift for {queue} have as many tickets as they may"
        return Nobody(Waiting.EVERYBODY_FULL, until, reason)
    if until is None:
        reason = f"all {len(able)} who serve {queue} are away"
        return Nobody(Waiting.EVERYBODY_AWAY, None, reason)
    return Nobody(Waiting.NOBODY_ON_SHIFT, until, f"nobody who serves {queue} is on shift")


def _chosen(
    choice: AgentChoice, queue: str, free: Sequence[RoutingAgent], workforce: Workforce
) -> Chosen:
    def turn(agent: RoutingAgent) -> datetime:
        return workforce.turns.get(agent.user_id, _LONG_AGO)

    among = f"of {len(free)} on shift for {queue} with a free place"
    if choice is AgentChoice.ROUND_ROBIN:
        agent = min(free, key=lambda each: (turn(each), each.user_id))
        return Chosen(agent.user_id, f"whose turn it was, {among}")
    agent = min(free, key=lambda each: (_load(each, workforce), turn(each), each.user_id))
    load = f"{_load(agent, workforce)} of {agent.most_open}"
    return Chosen(agent.user_id, f"who had the fewest open tickets ({load}), {among}")


def _load(agent: RoutingAgent, workforce: Workforce) -> int:
    return workforce.loads.get(agent.user_id, 0)


def _next_open(agent: RoutingAgent, now: datetime) -> datetime | None:
    """Returns now for one who is on shift, and None for one who does not come."""
    if agent.is_away:
        return None
    try:
        open_time = _open_time(agent.calendar)
    except SlaTimeZoneUnknown:
        # Another machine knew it; nobody else's tickets wait because of that.
        return None
    behind = open_time.position(instant_of(now)) + 1
    return time_of(open_time.instant(behind) - 1)


@lru_cache(maxsize=512)
def _open_time(calendar: BusinessCalendar) -> OpenTime:
    return OpenTime(calendar)
