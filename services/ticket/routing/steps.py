"""The one function that says what is done with a ticket next.

Whoever drives a ticket asks again after each step. No step is done twice, so there are few; what a
person has decided is left alone.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from services.mesh.caller import UserId
from services.ticket.domain import TicketStatus
from services.ticket.routing.choosing import Chosen, Nobody, Waiting, Workforce, choose
from services.ticket.routing.policy import RoutingPolicy
from services.ticket.sla.clocks import ClockTimes, SlaState


class StepKind(StrEnum):
    CLASSIFY = "CLASSIFY"
    ASSIGN = "ASSIGN"
    ACKNOWLEDGE = "ACKNOWLEDGE"
    ESCALATE = "ESCALATE"
    ASSIGN_AGAIN = "ASSIGN_AGAIN"  # after an escalation has taken it to another queue
    CLOSE = "CLOSE"
    WAIT = "WAIT"
    DONE = "DONE"


EFFECTS = frozenset(StepKind) - {StepKind.WAIT, StepKind.DONE}


@dataclass(frozen=True)
class Step:
    """`time` is when to ask again at the latest; without one, when something happens."""

    kind: StepKind
    reason: str = ""
    assignee_id: UserId | None = None
    waiting: Waiting | None = None
    time: datetime | None = None


@dataclass(frozen=True)
class Routing:
    """A ticket as routing sees it: what has been done, and what there is to decide by."""

    status: TicketStatus
    queue: str
    assignee_id: UserId | None
    quiet_since: datetime
    is_merged: bool = False
    is_assigned_by_person: bool = False  # or taken away by one
    done: frozenset[StepKind] = frozenset()
    clocks: tuple[ClockTimes, ...] = ()
    workforce: Workforce = field(default_factory=Workforce)


_Timed = tuple[datetime, Step]
_AT_WORK = frozenset({TicketStatus.NEW, TicketStatus.OPEN})


def next_step(routing: Routing, policy: RoutingPolicy | None, now: datetime) -> Step:
    over = _why_over(routing)
    if over:
        return Step(StepKind.DONE, over)
    if StepKind.CLASSIFY not in routing.done:
        return Step(StepKind.CLASSIFY)
    if policy is None:
        return Step(StepKind.WAIT, "the tenant has no routing policy", waiting=Waiting.NO_POLICY)
    return _by_policy(routing, policy, now)


def may_be_assigned(routing: Routing) -> bool:
    return (
        routing.assignee_id is None
        and not routing.is_assigned_by_person
        and routing.status in _AT_WORK
        and assignment(routing) not in routing.done
    )


def assignment(routing: Routing) -> StepKind:
    is_again = {StepKind.ASSIGN, StepKind.ESCALATE} <= routing.done
    return StepKind.ASSIGN_AGAIN if is_again else StepKind.ASSIGN


def _by_policy(routing: Routing, policy: RoutingPolicy, now: datetime) -> Step:
    found = _somebody(routing, policy, now)
    if isinstance(found, Chosen):
        return Step(assignment(routing), found.reason, found.user_id)
    if _wants_word(routing, policy):
        return Step(StepKind.ACKNOWLEDGE, "the customer is told that the ticket has come")
    timed = [*_escalation(routing, policy), *_closing(routing, policy)]
    first = min(timed, key=lambda each: each[0], default=None)
    if first is not None and first[0] <= now:
        return first[1]
    return _wait(found, first[0] if first is not None else None)


def _somebody(routing: Routing, policy: RoutingPolicy, now: datetime) -> Chosen | Nobody | None:
    if not may_be_assigned(routing):
        return None
    return choose(policy, routing.queue, routing.workforce, now)


def _wants_word(routing: Routing, policy: RoutingPolicy) -> bool:
    return (
        policy.acknowledges
        and routing.status in _AT_WORK
        and StepKind.ACKNOWLEDGE not in routing.done
    )


def _escalation(routing: Routing, policy: RoutingPolicy) -> list[_Timed]:
    if (
        policy.escalation is None
        or routing.status not in _AT_WORK
        or StepKind.ESCALATE in routing.done
    ):
        return []
    state = policy.escalation.state
    return [
        (time, Step(StepKind.ESCALATE, f"the clock {each.clock} is {state.name.lower()}"))
        for each in routing.clocks
        if (time := each.red_time if state is SlaState.RED else each.due_time) is not None
    ]


def _closing(routing: Routing, policy: RoutingPolicy) -> list[_Timed]:
    if (
        policy.close_after is None
        or routing.status is not TicketStatus.RESOLVED
        or StepKind.CLOSE in routing.done
    ):
        return []
    reason = f"resolved, and silent for {_words(policy.close_after)}"
    return [(routing.quiet_since + policy.close_after, Step(StepKind.CLOSE, reason))]


def _wait(nobody: Nobody | None, timed: datetime | None) -> Step:
    if nobody is None:
        reason = "nothing is to be done until something happens"
        return Step(StepKind.WAIT, reason, waiting=Waiting.TICKET, time=timed)
    times = [time for time in (nobody.until, timed) if time is not None]
    return Step(StepKind.WAIT, nobody.reason, waiting=nobody.waiting, time=min(times, default=None))


def _why_over(routing: Routing) -> str:
    if routing.is_merged:
        return "the ticket was merged into another"
    return "the ticket is closed" if routing.status is TicketStatus.CLOSED else ""


def _words(length: timedelta) -> str:
    minutes = length // timedelta(minutes=1)
    for name, size in (("days", 1440), ("hours", 60)):
        if minutes % size == 0:
            return f"{minutes // size} {name}"
    return f"{minutes} minutes"
