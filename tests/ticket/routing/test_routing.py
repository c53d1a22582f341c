"""What becomes of tickets, on both databases."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from services.mesh.caller import TenantId, acting_as
from services.mesh.database import Database
from services.mesh.database_address import AnyAddress
from services.ticket.domain import (
    DEFAULT_QUEUE,
    Ticket,
    TicketContent,
    TicketPriority,
    TicketStatus,
    fold,
)
from services.ticket.ports.routing import KeptStep, Settling
from services.ticket.routing.choosing import Waiting
from services.ticket.routing.policy import AgentChoice, Escalation
from services.ticket.routing.steps import StepKind
from services.ticket.sla.clocks import SlaState
from services.ticket.sla.opening_hours import BusinessCalendar, Span
from services.ticket.store import SqlRoutingBooks
from services.ticket.use_cases import linking, queueing, ticketing
from tests.ticket.routing.keeps_queue import KeepsQueue
from tests.ticket.routing.routing_desk import ALEX, BIRGIT, CLARA, RoutingDesk, agent

# Noon of the tests is a Tuesday.
MORNINGS = BusinessCalendar("UTC", ((Span(540, 720),),) * 7)
NINE_TOMORROW = datetime(2030, 1, 2, 9, tzinfo=UTC)


async def test_a_ticket_of_a_tenant_without_policy_keeps_its_queue_and_waits(
    desk: RoutingDesk,
) -> None:
    ticket = await desk.opened_and_routed()
    assert (ticket.queue, ticket.assignee_id) == (DEFAULT_QUEUE, None)
    assert await desk.steps(ticket) == ["CLASSIFY", "NO_POLICY"]
    assert await desk.router.work() == 0


async def test_a_ticket_is_classified_given_to_an_agent_and_acknowledged(
    desk: RoutingDesk,
) -> None:
    await desk.has(agent(ALEX), acknowledges=True)
    ticket = await desk.opened_and_routed()
    assert (ticket.assignee_id, ticket.status) == (ALEX, TicketStatus.OPEN)
    assert await desk.steps(ticket) == ["CLASSIFY", "ASSIGN", "ACKNOWLEDGE", "TICKET"]
    log = await desk.log(ticket)
    assert [event.kind for event in log] == ["OPENED", "ASSIGNED", "ACKNOWLEDGED"]
    assert not any(event.is_internal for event in log)
    assert log[1].cause == "routing: least loaded"
    assert fold(log) == ticket


async def test_what_is_done_again_is_done_once(desk: RoutingDesk) -> None:
    await desk.has(agent(ALEX), acknowledges=True)
    ticket = await desk.opened_and_routed()
    for kind in StepKind:
        await desk.performer.perform(desk.tenant_id, ticket.ticket_id, kind, desk.now())
    assert await desk.effects([ticket]) == [Counter(ASSIGNED=1, ACKNOWLEDGED=1)]


async def test_control_without_the_ledger_it_is_done_again(own_database: Database) -> None:
    class Forgetful(SqlRoutingBooks):
        async def list_steps(self, tenant_id: TenantId, ticket_id: str) -> list[KeptStep]:
            steps = await super().list_steps(tenant_id, ticket_id)
            return [step for step in steps if step.kind is not StepKind.ACKNOWLEDGE]

        async def note(self, tenant_id: TenantId, ticket_id: str, step: KeptStep) -> None:
            """Keeps nothing but what leads to the acknowledgement."""
            if step.kind in {StepKind.CLASSIFY, StepKind.ASSIGN}:
                await super().note(tenant_id, ticket_id, step)

    desk = RoutingDesk(own_database, books=Forgetful(own_database))
    await desk.has(agent(ALEX), acknowledges=True)
    ticket = await desk.opened()
    await desk.dispatcher.dispatch()
    for kind in (StepKind.CLASSIFY, StepKind.ASSIGN, *(StepKind.ACKNOWLEDGE,) * 2):
        await desk.performer.perform(desk.tenant_id, ticket.ticket_id, kind, desk.now())
    assert (await desk.effects([ticket]))[0]["ACKNOWLEDGED"] == 2


async def test_whoever_has_the_fewest_open_tickets_is_next(desk: RoutingDesk) -> None:
    await desk.has(agent(ALEX), agent(BIRGIT), agent(CLARA, "general"))
    given = [(await desk.opened_and_routed()).assignee_id for _ in range(6)]
    assert Counter(given) == {ALEX: 2, BIRGIT: 2, CLARA: 2}
    solved = await desk.opened_and_routed()
    await desk.resolved(solved)
    await desk.settle()
    assert (await desk.opened_and_routed()).assignee_id == solved.assignee_id


async def test_round_robin_goes_by_turn_and_not_by_load(desk: RoutingDesk) -> None:
    await desk.has(agent(ALEX), agent(BIRGIT), choice=AgentChoice.ROUND_ROBIN)
    given = []
    for minutes in range(6):
        desk.at(minutes)
        ticket = await desk.opened_and_routed()
        given.append(ticket.assignee_id)
        if ticket.assignee_id == ALEX:
            await desk.resolved(ticket)
    assert given == [ALEX, BIRGIT] * 3


async def test_only_who_serves_the_queue_is_given_its_tickets(desk: RoutingDesk) -> None:
    await desk.queue("vpn")
    await desk.has(agent(ALEX), agent(BIRGIT, "vpn"))
    assert (await desk.opened_and_routed("vpn")).assignee_id == BIRGIT
    assert (await desk.opened_and_routed()).assignee_id == ALEX


async def test_a_queue_that_nobody_serves_waits_for_somebody(desk: RoutingDesk) -> None:
    await desk.queue("vpn")
    await desk.has(agent(ALEX))
    ticket = await desk.opened_and_routed("vpn")
    assert await desk.steps(ticket) == ["CLASSIFY", "NOBODY_FOR_QUEUE"]
    await desk.has(agent(ALEX, "vpn"))
    await desk.settle()
    assert (await desk.get(ticket)).assignee_id == ALEX


async def test_nobody_on_shift_waits_for_the_next_opening(desk: RoutingDesk) -> None:
    away = replace(agent(BIRGIT), is_away=True)
    await desk.has(replace(agent(ALEX), calendar=MORNINGS), away)
    desk.at(60)
    ticket = await desk.opened_and_routed()
    explained = await desk.explained(ticket)
    assert await desk.steps(ticket) == ["CLASSIFY", "NOBODY_ON_SHIFT"]
    assert explained.steps[-1].until == NINE_TOMORROW
    assert explained.state is not None
    assert explained.state.next_time == NINE_TOMORROW
    await desk.settle(21 * 60)
    assert (await desk.get(ticket)).assignee_id == ALEX


async def test_everybody_away_waits_for_another_policy(desk: RoutingDesk) -> None:
    await desk.has(replace(agent(ALEX), is_away=True))
    ticket = await desk.opened_and_routed()
    assert await desk.steps(ticket) == ["CLASSIFY", "EVERYBODY_AWAY"]
    await desk.has(agent(ALEX))
    await desk.settle()
    assert (await desk.get(ticket)).assignee_id == ALEX


async def test_everybody_full_waits_until_a_ticket_leaves(desk: RoutingDesk) -> None:
    await desk.has(agent(ALEX, most_open=1))
    first, second, third = [await desk.opened_and_routed() for _ in range(3)]
    assert await desk.steps(second) == ["CLASSIFY", "EVERYBODY_FULL"]
    await desk.resolved(first)
    await desk.settle()
    # Both are woken at once; whichever asks first gets the place.
    second, third = await desk.given_first(second, third)
    assert (second.assignee_id, third.assignee_id) == (ALEX, None)
    await desk.assigned(second, BIRGIT)
    await desk.settle()
    assert (await desk.get(third)).assignee_id == ALEX


async def test_a_queue_that_is_deleted_takes_its_waiting_tickets_to_another(
    desk: RoutingDesk,
) -> None:
    await desk.queue("vpn")
    await desk.has(agent(ALEX))
    ticket = await desk.opened_and_routed("vpn")
    with acting_as(desk.boss):
        await queueing.delete_queue(desk.store, desk.now, "vpn", DEFAULT_QUEUE)
    await desk.settle()
    ticket = await desk.get(ticket)
    assert (ticket.queue, ticket.assignee_id) == (DEFAULT_QUEUE, ALEX)


async def test_a_persons_choice_stays(desk: RoutingDesk) -> None:
    await desk.has(agent(ALEX))
    ticket = await desk.opened()
    await desk.assigned(ticket, BIRGIT)
    await desk.settle()
    assert (await desk.get(ticket)).assignee_id == BIRGIT
    other = await desk.opened_and_routed()
    await desk.assigned(other, "")
    await desk.settle()
    assert (await desk.get(other)).assignee_id is None


async def escalating(desk: RoutingDesk, **deed: object) -> Ticket:
    await desk.promises_an_hour()
    escalation = Escalation(SlaState.BREACHED, **deed)  # type: ignore[arg-type]
    await desk.has(agent(ALEX), agent(BIRGIT, "second"), escalation=escalation)
    return await desk.opened_and_routed()


async def test_a_ticket_that_is_late_goes_to_another_queue_and_agent(desk: RoutingDesk) -> None:
    await desk.queue("second")
    ticket = await escalating(desk, queue="second", raises_priority=True)
    await desk.settle(59)
    assert (await desk.get(ticket)).queue == DEFAULT_QUEUE
    await desk.settle(60)
    late = await desk.get(ticket)
    assert (late.queue, late.assignee_id) == ("second", BIRGIT)
    assert late.priority is TicketPriority.HIGH
    await desk.settle(600)
    assert await desk.steps(ticket) == [
        *("CLASSIFY", "ASSIGN", "TICKET"),
        *("ESCALATE", "ASSIGN_AGAIN", "TICKET"),
    ]
    assert "priority is high" in (await desk.explained(ticket)).steps[3].reason
    customers_may_see = [event.cause for event in await desk.log(ticket) if not event.is_internal]
    assert "routing: escalated" in customers_may_see
    assert not any("breached" in cause.lower() for cause in customers_may_see)


async def test_a_ticket_that_is_late_goes_to_the_lead_unless_a_person_gave_it_away(
    desk: RoutingDesk,
) -> None:
    await desk.queue("second")
    routed = await escalating(desk, lead_id=CLARA)
    given = await desk.opened_and_routed()
    await desk.assigned(given, BIRGIT)
    await desk.settle(61)
    assert (await desk.get(routed)).assignee_id == CLARA
    assert (await desk.get(given)).assignee_id == BIRGIT
    assert "nothing is left to change" in str(await desk.explained(given))


async def test_an_answer_in_time_and_a_queue_that_is_gone_leave_the_ticket_where_it_is(
    desk: RoutingDesk,
) -> None:
    await desk.queue("second")
    ticket = await escalating(desk, queue="second")
    solved = await desk.opened_and_routed()
    await desk.resolved(solved)
    with acting_as(desk.boss):
        await queueing.delete_queue(desk.store, desk.now, "second", "")
    await desk.settle(300)
    assert (await desk.get(ticket)).queue == DEFAULT_QUEUE
    assert "ESCALATE" in await desk.steps(ticket)
    assert "ESCALATE" not in await desk.steps(solved)


async def test_a_resolved_ticket_is_closed_after_silence(desk: RoutingDesk) -> None:
    await desk.has(agent(ALEX), close_after=timedelta(hours=2))
    ticket = await desk.opened_and_routed()
    await desk.resolved(ticket)
    await desk.settle(60)
    with acting_as(desk.boss):
        await ticketing.add_comment(
            desk.store, desk.now, ticket.ticket_id, "Sure?", is_internal=False
        )
    await desk.settle(121)
    assert (await desk.get(ticket)).status is TicketStatus.RESOLVED
    await desk.settle(181)
    assert (await desk.get(ticket)).status is TicketStatus.CLOSED
    assert (await desk.log(ticket))[-1].cause == "routing: resolved, and silent for 2 hours"
    assert (await desk.steps(ticket))[-2:] == ["CLOSE", "DONE"]


async def test_a_reopened_ticket_is_not_closed(desk: RoutingDesk) -> None:
    await desk.has(agent(ALEX), close_after=timedelta(hours=2))
    ticket = await desk.opened_and_routed()
    await desk.resolved(ticket)
    with acting_as(desk.anna):
        await ticketing.add_comment(
            desk.store, desk.now, ticket.ticket_id, "Still gone.", is_internal=False
        )
    await desk.settle(600)
    assert (await desk.get(ticket)).status is TicketStatus.OPEN


async def test_a_merged_ticket_is_left_alone(desk: RoutingDesk) -> None:
    await desk.has(replace(agent(ALEX), is_away=True), acknowledges=True)
    into, ticket = await desk.opened_and_routed(), await desk.opened()
    with acting_as(desk.boss):
        await linking.merge_tickets(desk.store, desk.now, ticket.ticket_id, into.ticket_id, "")
    await desk.settle()
    assert await desk.steps(ticket) == ["DONE"]


async def test_a_ticket_goes_to_whoever_serves_the_queue_that_it_was_found_to_belong_to(
    own_database: Database,
) -> None:
    class Guess:
        async def judge(self, tenant_id: TenantId, ticket: Ticket) -> Settling:
            async def settle() -> str:
                with acting_as(desk.boss):
                    content = TicketContent(queue="vpn")
                    await ticketing.update_ticket(
                        desk.store, desk.now, ticket.ticket_id, content, paths=["queue"], etag=""
                    )
                return "it looks like vpn"

            return settle

    desk = RoutingDesk(own_database, classifier=Guess())
    await desk.queue("vpn")
    await desk.has(agent(ALEX), agent(BIRGIT, "vpn"))
    ticket = await desk.opened_and_routed()
    assert (ticket.queue, ticket.assignee_id) == ("vpn", BIRGIT)
    first = (await desk.explained(ticket)).steps[0]
    assert (first.reason, first.queue) == ("it looks like vpn", "vpn")


async def test_a_ticket_that_fails_holds_up_no_other(own_database: Database) -> None:
    class Picky:
        is_well = False

        async def judge(self, tenant_id: TenantId, ticket: Ticket) -> Settling:
            if ticket.number == 1 and not self.is_well:
                raise RuntimeError("not this one")
            return await KeepsQueue().judge(tenant_id, ticket)

    picky = Picky()
    desk = RoutingDesk(own_database, classifier=picky)
    await desk.has(agent(ALEX))
    first, second = await desk.opened(), await desk.opened()
    await desk.settle()
    assert [(await desk.get(each)).assignee_id for each in (first, second)] == [None, ALEX]
    picky.is_well = True
    await desk.settle(2)
    assert (await desk.get(first)).assignee_id == ALEX


async def test_two_processes_do_each_thing_once(
    own_database: Database, database_url: AnyAddress
) -> None:
    other = Database(database_url)
    desk = RoutingDesk(own_database)
    replica = RoutingDesk(other, desk.tenant_id)
    try:
        await desk.promises_an_hour()
        await desk.has(
            agent(ALEX, most_open=7),
            agent(BIRGIT, most_open=8),
            acknowledges=True,
            escalation=Escalation(SlaState.RED, raises_priority=True),
        )
        tickets = [await desk.opened() for _ in range(20)]
        for minutes in (0, 55, 70):
            await asyncio.gather(desk.settle(minutes), replica.settle(minutes))
            await desk.settle()
    finally:
        await other.close()
    loads = Counter([(await desk.get(each)).assignee_id for each in tickets])
    assert loads == {ALEX: 7, BIRGIT: 8, None: 5}
    for effects in await desk.effects(tickets):
        assert (effects["ACKNOWLEDGED"], effects["UPDATED"]) == (1, 1)
        assert effects["ASSIGNED"] <= 1


async def test_a_live_router_hears_of_a_ticket_at_once(own_database: Database) -> None:
    desk = RoutingDesk(own_database)
    await desk.has(agent(ALEX))
    job = asyncio.create_task(desk.router.run())
    try:
        ticket = await desk.opened()
        while (await desk.get(ticket)).assignee_id is None:  # noqa: ASYNC110 - another's doing
            await asyncio.sleep(0.01)
    finally:
        job.cancel()


async def test_what_was_delivered_is_forgotten_after_a_week(desk: RoutingDesk) -> None:
    ticket = await desk.opened_and_routed()
    [waiting] = [(await desk.explained(ticket)).steps[-1].waiting]
    assert waiting is Waiting.NO_POLICY
    assert await desk.outbox.prune(desk.now(), limit=10) == 0
    assert await desk.outbox.prune(desk.now() + timedelta(days=1), limit=10) == 1


async def test_a_ticket_from_before_is_not_routed_and_says_so(desk: RoutingDesk) -> None:
    ticket = await desk.opened()
    items = await desk.outbox.list_waiting(limit=10, offset=0)
    await desk.outbox.note_delivered(items, desk.now())
    await desk.resolved(ticket)
    await desk.settle()
    explained = await desk.explained(ticket)
    assert (explained.steps, explained.state) == ([], None)


async def test_an_update_of_the_text_does_not_take_an_escalation_back(desk: RoutingDesk) -> None:
    await desk.queue("second")
    ticket = await escalating(desk, raises_priority=True)
    await desk.settle(61)
    with acting_as(desk.boss):
        content = TicketContent("No Wi-Fi at all")
        await ticketing.update_ticket(
            desk.store, desk.now, ticket.ticket_id, content, paths=["subject"], etag=""
        )
    assert (await desk.get(ticket)).priority is TicketPriority.HIGH
