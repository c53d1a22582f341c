"""Carries out one step of a ticket's routing, exactly once however often it is called.

The transaction that makes the effect writes it into the ledger. What is to be done is decided in
there again, so that nothing is done that is no longer right.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from services.mesh.caller import TenantId
from services.ticket.domain import DEFAULT_QUEUE, Change, Ticket, TicketEvent, TicketEventKind
from services.ticket.ports.routing import (
    Classifier,
    DueRouting,
    KeptStep,
    RoutingBooks,
    RoutingPolicies,
    Settling,
)
from services.ticket.ports.tickets import EventQuery, TicketStore, TicketWriting
from services.ticket.routing.choosing import Waiting, Workforce
from services.ticket.routing.effects import (
    acknowledged,
    closed,
    escalated,
    given,
)
from services.ticket.routing.policy import RoutingPolicy
from services.ticket.routing.steps import (
    EFFECTS,
    Routing,
    Step,
    StepKind,
    may_be_assigned,
    next_step,
)

_MOST_EVENTS = 10_000
_GIVEN = frozenset({StepKind.ASSIGN, StepKind.ASSIGN_AGAIN})
_GONE = Step(StepKind.DONE, "the ticket is gone")


@dataclass(frozen=True)
class _Situation:
    ticket: Ticket
    policy: RoutingPolicy | None
    routing: Routing
    steps: list[KeptStep]
    step: Step


class Performer:
    def __init__(
        self,
        store: TicketStore,
        books: RoutingBooks,
        policies: RoutingPolicies,
        classifier: Classifier,
    ) -> None:
        self._store = store
        self._books = books
        self._policies = policies
        self._classifier = classifier

    async def perform(
        self, tenant_id: TenantId, ticket_id: str, asked: StepKind | None, now: datetime
    ) -> Step:
        """Does what was asked for where it is still the next thing to do; returns what is next.

        Without being asked for anything it does what there is, but for classifying.
        """
        step = await self._perform(tenant_id, ticket_id, asked, now, None)
        if step is None:
            raise RuntimeError("a step without a claim was refused for one")
        return step

    async def perform_due(
        self, due: DueRouting, asked: StepKind | None, now: datetime
    ) -> Step | None:
        """The same for a row that is due; None where somebody else has seen to it."""
        return await self._perform(due.tenant_id, due.ticket_id, asked, now, due)

    async def _perform(
        self,
        tenant_id: TenantId,
        ticket_id: str,
        asked: StepKind | None,
        now: datetime,
        due: DueRouting | None,
    ) -> Step | None:
        settling = await self._judge(tenant_id, ticket_id, asked)
        kept = await self._policies.find(tenant_id)
        policy = kept.policy if kept is not None else None
        async with self._store.transaction(tenant_id) as tickets:
            # Queues before tickets, tickets before the log: that is everybody's order.
            classified = await settling() if settling is not None else None
            queues = _escalation_queues(policy) if settling is None else set()
            there = await tickets.hold_queues(queues, to_delete=False)
            ticket = await tickets.find_to_change(ticket_id)
            if ticket is None:
                return _GONE
            if due is not None and not await self._books.claim(due):
                return None
            # Who else gives out tickets waits, so that the loads are what they are.
            await tickets.hold_log()
            found = await self._look(tickets, tenant_id, ticket, policy, now)
            if _may_be_done(found.step, asked, classified):
                change = self._change(found, there | {DEFAULT_QUEUE}, now)
                await tickets.keep(change)
                await self._note_effect(tenant_id, found, change.ticket, classified, now)
                found = await self._look(tickets, tenant_id, change.ticket, policy, now)
            await self._keep_state(tenant_id, found, now)
            return found.step

    async def _judge(
        self, tenant_id: TenantId, ticket_id: str, asked: StepKind | None
    ) -> Settling | None:
        if asked is not StepKind.CLASSIFY:
            return None
        async with self._store.reading(tenant_id) as tickets:
            ticket = await tickets.find(ticket_id)
        return await self._classifier.judge(tenant_id, ticket) if ticket is not None else None

    async def _look(
        self,
        tickets: TicketWriting,
        tenant_id: TenantId,
        ticket: Ticket,
        policy: RoutingPolicy | None,
        now: datetime,
    ) -> _Situation:
        steps = await self._books.list_steps(tenant_id, ticket.ticket_id)
        events = await tickets.list_events(
            EventQuery(limit=_MOST_EVENTS, ticket_id=ticket.ticket_id, with_internal=True)
        )
        clocks = await tickets.sla_clocks([ticket.ticket_id])
        routing = Routing(
            status=ticket.status,
            queue=ticket.queue,
            assignee_id=ticket.assignee_id,
            quiet_since=ticket.update_time,
            is_merged=ticket.merged_into_id is not None,
            is_assigned_by_person=any(map(_is_assigned_by_person, events)),
            done=frozenset(step.kind for step in steps) & EFFECTS,
            clocks=tuple(clocks.get(ticket.ticket_id, ())),
            workforce=Workforce(),
        )
        if policy is not None and may_be_assigned(routing):
            agents = [agent.user_id for agent in policy.agents if ticket.queue in agent.queues]
            workforce = await self._books.find_workforce(tenant_id, agents)
            routing = replace(routing, workforce=workforce)
        return _Situation(ticket, policy, routing, steps, next_step(routing, policy, now))

    @staticmethod
    def _change(found: _Situation, queues: frozenset[str], now: datetime) -> Change:
        ticket, step, policy = found.ticket, found.step, found.policy
        if step.kind is StepKind.CLASSIFY:
            return Change(ticket, ticket)
        if policy is None:
            raise RuntimeError("without a policy there is nothing else to do")
        if step.kind in _GIVEN and step.assignee_id is not None:
            return given(ticket, step.assignee_id, policy.choice, now)
        if step.kind is StepKind.ESCALATE and policy.escalation is not None:
            return escalated(
                ticket,
                policy.escalation,
                now,
                is_queue_there=policy.escalation.queue in queues,
                is_assigned_by_person=found.routing.is_assigned_by_person,
            )
        if step.kind is StepKind.CLOSE:
            return closed(ticket, step.reason, now)
        return acknowledged(ticket, now)

    async def _note_effect(
        self,
        tenant_id: TenantId,
        found: _Situation,
        after: Ticket,
        classified: str | None,
        now: datetime,
    ) -> None:
        reason = classified or found.step.reason
        if found.step.kind is StepKind.ESCALATE:
            reason = f"{reason}: {_difference(found.ticket, after)}"
        if found.step.kind in _GIVEN and found.step.assignee_id is not None:
            await self._books.note_turn(tenant_id, found.step.assignee_id, now)
        await self._note(tenant_id, found, after, reason, now)

    async def _keep_state(self, tenant_id: TenantId, found: _Situation, now: datetime) -> None:
        step = found.step
        if _is_news(found):
            await self._note(tenant_id, found, found.ticket, step.reason, now)
        await self._books.keep_state(
            tenant_id,
            found.ticket.ticket_id,
            is_done=step.kind is StepKind.DONE,
            waits_for_place=step.waiting is Waiting.EVERYBODY_FULL,
            next_time=now if step.kind in EFFECTS else step.time,
        )

    async def _note(
        self, tenant_id: TenantId, found: _Situation, after: Ticket, reason: str, now: datetime
    ) -> None:
        await self._books.note(
            tenant_id,
            after.ticket_id,
            KeptStep(
                place=len(found.steps) + 1,
                kind=found.step.kind,
                reason=reason,
                create_time=now,
                queue=after.queue,
                assignee_id=after.assignee_id,
                waiting=found.step.waiting,
                until=found.step.time,
            ),
        )


def _may_be_done(step: Step, asked: StepKind | None, classified: str | None) -> bool:
    if step.kind is StepKind.CLASSIFY:
        return classified is not None
    return step.kind in EFFECTS and asked in (None, step.kind)


def _is_news(found: _Situation) -> bool:
    """A wait is written down when it is for something else than the one before."""
    step, last = found.step, found.steps[-1] if found.steps else None
    if step.kind in EFFECTS:
        return False
    if last is None or last.kind is not step.kind or last.waiting is not step.waiting:
        return True
    return step.waiting is not Waiting.TICKET and last.until != step.time


def _is_assigned_by_person(event: TicketEvent) -> bool:
    return event.kind is TicketEventKind.ASSIGNED and bool(event.actor_id)


def _escalation_queues(policy: RoutingPolicy | None) -> set[str]:
    named = {policy.escalation.queue} if policy and policy.escalation else set()
    return named - {"", DEFAULT_QUEUE}


def _difference(before: Ticket, after: Ticket) -> str:
    said = []
    if after.queue != before.queue:
        said.append(f"it goes to the queue {after.queue}")
    if after.priority != before.priority:
        said.append(f"its priority is {after.priority.name.lower()}")
    if after.assignee_id != before.assignee_id:
        said.append("the lead gets it" if after.assignee_id else "another agent is looked for")
    return ", ".join(said) or "nothing is left to change"
