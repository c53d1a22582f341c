"""The one function that says what is next: it ends, does nothing twice, and asks no clock."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.mesh.caller import UserId
from services.ticket.domain import TicketStatus
from services.ticket.routing.choosing import Waiting, Workforce
from services.ticket.routing.policy import AgentChoice, Escalation, RoutingAgent, RoutingPolicy
from services.ticket.routing.steps import EFFECTS, Routing, Step, StepKind, next_step
from services.ticket.sla.clocks import ClockTimes, SlaState
from services.ticket.sla.opening_hours import AROUND_THE_CLOCK, BusinessCalendar, Span
from services.ticket.sla.policy import SlaClock
from tests.ticket.builders import NOON

QUEUES = ("general", "vpn", "second")
USERS = tuple(map(UserId, ("alex", "birgit", "clara")))
OFFICE = BusinessCalendar("Europe/Berlin", ((Span(540, 1020),),) * 5 + ((),) * 2)
_GIVEN = {StepKind.ASSIGN, StepKind.ASSIGN_AGAIN}

times = st.integers(-50_000, 50_000).map(lambda minutes: NOON + timedelta(minutes=minutes))
agents = st.builds(
    RoutingAgent,
    user_id=st.sampled_from(USERS),
    queues=st.lists(st.sampled_from(QUEUES), min_size=1, unique=True).map(tuple),
    most_open=st.integers(1, 3),
    calendar=st.sampled_from((AROUND_THE_CLOCK, OFFICE)),
    is_away=st.booleans(),
)
policies = st.builds(
    RoutingPolicy,
    agents=st.lists(agents, max_size=3, unique_by=lambda each: each.user_id).map(tuple),
    choice=st.sampled_from(AgentChoice),
    acknowledges=st.booleans(),
    escalation=st.none()
    | st.builds(
        Escalation,
        state=st.sampled_from((SlaState.RED, SlaState.BREACHED)),
        queue=st.sampled_from(("", *QUEUES)),
        raises_priority=st.just(value=True),
        lead_id=st.none() | st.sampled_from(USERS),
    ),
    close_after=st.none() | st.integers(1, 10_000).map(lambda minutes: timedelta(minutes=minutes)),
)
clocks = st.builds(
    ClockTimes,
    clock=st.sampled_from(SlaClock),
    amber_time=st.none() | times,
    red_time=st.none() | times,
    due_time=st.none() | times,
)
routings = st.builds(
    Routing,
    status=st.sampled_from(TicketStatus),
    queue=st.sampled_from(QUEUES),
    assignee_id=st.none() | st.sampled_from(USERS),
    quiet_since=times,
    is_merged=st.booleans(),
    is_assigned_by_person=st.booleans(),
    done=st.frozensets(st.sampled_from(sorted(EFFECTS))),
    clocks=st.lists(clocks, max_size=3).map(tuple),
    workforce=st.builds(
        Workforce,
        loads=st.dictionaries(st.sampled_from(USERS), st.integers(0, 4)),
        turns=st.dictionaries(st.sampled_from(USERS), times),
    ),
)


def done(routing: Routing, step: Step, policy: RoutingPolicy | None) -> Routing:
    """The ticket after the step, as the effects leave it."""
    after = replace(routing, done=routing.done | {step.kind})
    if step.kind in _GIVEN:
        return replace(after, assignee_id=step.assignee_id, status=TicketStatus.OPEN)
    if step.kind is StepKind.CLOSE:
        return replace(after, status=TicketStatus.CLOSED)
    if step.kind is StepKind.ESCALATE and policy and policy.escalation:
        lead_id = policy.escalation.lead_id
        return replace(after, queue=policy.escalation.queue or routing.queue, assignee_id=lead_id)
    return after


@given(routings, st.none() | policies, times)
def test_it_ends_and_does_nothing_twice(
    routing: Routing, policy: RoutingPolicy | None, now: object
) -> None:
    taken: list[StepKind] = []
    while (step := next_step(routing, policy, now)).kind in EFFECTS:  # type: ignore[arg-type]
        assert step.kind not in routing.done
        taken.append(step.kind)
        routing = done(routing, step, policy)
    assert len(taken) == len(set(taken)) <= len(EFFECTS)
    assert step == next_step(routing, policy, now)  # type: ignore[arg-type]
    is_over = routing.is_merged or routing.status is TicketStatus.CLOSED
    assert (step.kind is StepKind.DONE) == is_over


@given(routings, policies, times)
def test_a_wait_is_for_later_and_a_persons_choice_stays(
    routing: Routing, policy: RoutingPolicy, now: object
) -> None:
    step = next_step(routing, policy, now)  # type: ignore[arg-type]
    if step.time is not None:
        assert step.kind is StepKind.WAIT
        assert step.time > now  # type: ignore[operator]
    if step.kind in _GIVEN:
        assert routing.assignee_id is None
        assert not routing.is_assigned_by_person
        [agent] = [each for each in policy.agents if each.user_id == step.assignee_id]
        assert routing.queue in agent.queues
        assert not agent.is_away
        assert routing.workforce.loads.get(agent.user_id, 0) < agent.most_open
    if step.kind is StepKind.WAIT:
        assert step.reason
        assert step.waiting is not None


@given(routings, policies, times)
def test_who_is_waited_for_until_a_time_can_be_given_the_ticket_then(
    routing: Routing, policy: RoutingPolicy, now: object
) -> None:
    calm = replace(policy, escalation=None, close_after=None)
    step = next_step(routing, calm, now)  # type: ignore[arg-type]
    if step.waiting is Waiting.NOBODY_ON_SHIFT:
        assert step.time is not None
        later = next_step(routing, calm, step.time)
        assert later.kind in _GIVEN or later.waiting is Waiting.EVERYBODY_FULL
