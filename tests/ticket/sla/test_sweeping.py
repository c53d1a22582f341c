"""Turns of clocks stand in the log once each, in time and in order, whoever was down meanwhile."""

import asyncio

import pytest

from services.mesh.caller import TenantId, acting_as
from services.mesh.database import Database
from services.mesh.database_address import AnyAddress
from services.ticket.domain import TicketContent, TicketPriority, fold
from services.ticket.sla.policy import SlaPolicy
from services.ticket.sla.watch import Watch
from services.ticket.store.sla_due import SqlSlaDue
from services.ticket.use_cases import ticketing
from services.ticket.use_cases.promising import find_clocks
from tests.ticket.sla.late_desk import ONE_HOUR_TO_SOLVE, LateDesk

FIRST, NEXT, SOLVED = "FIRST_RESPONSE", "NEXT_RESPONSE", "RESOLUTION"
AMBER, RED, BREACHED = "SLA_AMBER", "SLA_RED", "SLA_BREACHED"
ALL_THREE = [(AMBER, FIRST, 45), (RED, FIRST, 54), (BREACHED, FIRST, 60)]


async def test_each_turn_is_told_once_and_soon(late_desk: LateDesk) -> None:
    ticket = await late_desk.opened()
    assert await late_desk.sweep_at(44.9) == 0
    told = []
    for minutes in (45.1, 45.2, 54.1, 60.1, 61, 200):
        await late_desk.sweep_at(minutes)
        told.append(len(await late_desk.turns(ticket)))
    assert told == [1, 1, 2, 3, 3, 3]
    assert await late_desk.turns(ticket) == ALL_THREE


async def test_what_was_due_while_nobody_swept_is_told_with_its_own_time(
    late_desk: LateDesk,
) -> None:
    ticket = await late_desk.opened()
    assert await late_desk.sweep_at(300) == 1
    assert await late_desk.turns(ticket) == ALL_THREE


async def test_a_late_answer_comes_behind_the_turns_that_nobody_had_told(
    late_desk: LateDesk,
) -> None:
    ticket = await late_desk.opened()
    late_desk.at(120)
    await late_desk.written(ticket, late_desk.alex)
    kinds = [event.kind for event in await late_desk.log(ticket)]
    assert kinds == ["OPENED", AMBER, RED, BREACHED, "COMMENTED"]
    await late_desk.sweep_at(300)
    assert await late_desk.turns(ticket) == ALL_THREE


async def test_who_answers_in_time_or_at_the_due_time_leaves_nothing_to_tell(
    late_desk: LateDesk,
) -> None:
    early, on_time = await late_desk.opened(), await late_desk.opened()
    late_desk.at(30)
    await late_desk.written(early, late_desk.alex)
    late_desk.at(60)
    await late_desk.written(on_time, late_desk.alex)
    await late_desk.sweep_at(300)
    assert await late_desk.turns(early) == []
    assert [kind for kind, *_ in await late_desk.turns(on_time)] == [AMBER, RED]


async def test_internal_comments_answer_nobody(late_desk: LateDesk) -> None:
    ticket = await late_desk.opened()
    await late_desk.written(ticket, late_desk.alex, is_internal=True)
    await late_desk.sweep_at(100)
    assert await late_desk.turns(ticket) == ALL_THREE


async def test_each_unanswered_message_has_turns_of_its_own(late_desk: LateDesk) -> None:
    ticket = await late_desk.opened()
    for start in (0, 100, 200):
        late_desk.at(start)
        await late_desk.written(ticket, late_desk.alex)
        late_desk.at(start + 10)
        await late_desk.written(ticket, late_desk.anna)
        await late_desk.sweep_at(start + 90)
    assert await late_desk.turns(ticket) == [
        (kind, NEXT, start + 10 + minutes)
        for start in (0, 100, 200)
        for kind, minutes in ((AMBER, 45), (RED, 54), (BREACHED, 60))
    ]


async def test_a_reopened_ticket_is_not_told_what_it_was_told(late_desk: LateDesk) -> None:
    await late_desk.promise(ONE_HOUR_TO_SOLVE)
    ticket = await late_desk.opened()
    await late_desk.sweep_at(50)
    with acting_as(late_desk.alex):
        await ticketing.resolve_ticket(late_desk.store, late_desk.now, ticket.ticket_id, "")
        late_desk.at(500)
        await ticketing.reopen_ticket(late_desk.store, late_desk.now, ticket.ticket_id, "")
    await late_desk.sweep_at(700)
    assert await late_desk.turns(ticket) == [
        (AMBER, SOLVED, 45),
        (RED, SOLVED, 504),
        (BREACHED, SOLVED, 510),
    ]


async def test_raising_the_priority_can_make_a_ticket_late_at_once(late_desk: LateDesk) -> None:
    normal = ONE_HOUR_TO_SOLVE.targets[TicketPriority.NORMAL]
    low = type(normal)(resolution=6_000)
    await late_desk.promise(SlaPolicy({TicketPriority.NORMAL: normal, TicketPriority.LOW: low}))
    ticket = await late_desk.opened()
    with acting_as(late_desk.alex):

        async def prioritize(priority: TicketPriority) -> None:
            content = TicketContent(priority=priority)
            await ticketing.update_ticket(
                late_desk.store,
                late_desk.now,
                ticket.ticket_id,
                content,
                paths=["priority"],
                etag="",
            )

        await prioritize(TicketPriority.LOW)
        assert await late_desk.sweep_at(300) == 0
        await prioritize(TicketPriority.NORMAL)
    assert await late_desk.turns(ticket) == [(kind, SOLVED, 300) for kind in (AMBER, RED, BREACHED)]


async def test_a_policy_holds_for_tickets_that_are_there_and_one_without_targets_for_none(
    own_database: Database,
) -> None:
    desk = LateDesk(own_database)
    ticket = await desk.opened()
    assert await desk.sweep_at(30) == 0
    await desk.promise()
    await desk.sweep_at(50)
    assert await desk.turns(ticket) == ALL_THREE[:1]
    await desk.promise(SlaPolicy())
    await desk.sweep_at(300)
    assert await desk.turns(ticket) == ALL_THREE[:1]


async def test_other_tenants_are_not_touched(own_database: Database) -> None:
    promising, silent = LateDesk(own_database), LateDesk(own_database)
    await promising.promise()
    ticket = await silent.opened()
    await promising.opened()
    assert await promising.sweep_at(300) == 1
    assert await silent.turns(ticket) == []


async def test_the_log_still_makes_the_ticket(late_desk: LateDesk) -> None:
    ticket = await late_desk.opened()
    await late_desk.sweep_at(300)
    assert fold(await late_desk.log(ticket)) == ticket


async def test_customers_are_told_of_no_clock(late_desk: LateDesk) -> None:
    ticket = await late_desk.opened()
    with acting_as(late_desk.anna):
        assert await find_clocks(late_desk.store, [ticket]) == {}
    with acting_as(late_desk.alex):
        clocks = await find_clocks(late_desk.store, [ticket])
    assert [each.clock for each in clocks[ticket.ticket_id]] == [FIRST, SOLVED]
    await late_desk.sweep_at(300)
    assert all(event.is_internal for event in (await late_desk.log(ticket))[1:])


async def test_two_replicas_tell_each_turn_once(
    own_database: Database, database_url: AnyAddress
) -> None:
    other = Database(database_url)
    desk = LateDesk(own_database)
    replica = LateDesk(other, desk.tenant_id)
    try:
        await desk.promise(ONE_HOUR_TO_SOLVE)
        tickets = [await desk.opened() for _ in range(25)]
        for minutes in (50, 55, 65):
            await asyncio.gather(desk.sweep_at(minutes), replica.sweep_at(minutes))
    finally:
        await other.close()
    assert await desk.told_more_or_less_than_once(tickets) == []


async def test_nobody_waits_forever_while_policies_change_and_tickets_are_swept_and_answered(
    own_database: Database, database_url: AnyAddress
) -> None:
    other = Database(database_url)
    desk = LateDesk(own_database)
    replica = LateDesk(other, desk.tenant_id)
    try:
        await desk.promise(ONE_HOUR_TO_SOLVE)
        tickets = [await desk.opened() for _ in range(10)]
        for minutes in (50, 55, 65):
            replica.at(minutes)
            desk.at(minutes)
            await asyncio.gather(
                desk.sweeper.sweep(),
                replica.promise(ONE_HOUR_TO_SOLVE),
                *(desk.written(ticket, desk.alex) for ticket in tickets),
                replica.sweeper.sweep(),
                desk.promise(ONE_HOUR_TO_SOLVE),
            )
            await desk.sweep_at(minutes + 1)
    finally:
        await other.close()
    assert await desk.told_more_or_less_than_once(tickets) == []


async def test_control_without_what_is_written_down_as_told_a_turn_is_told_again(
    late_desk: LateDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def forgetful(self: SqlSlaDue, ticket_id: str) -> Watch:
        return Watch()

    monkeypatch.setattr(SqlSlaDue, "_watch", forgetful)
    ticket = await late_desk.opened()
    await late_desk.sweep_at(50)
    await late_desk.sweep_at(300)
    assert [kind for kind, *_ in await late_desk.turns(ticket)].count(AMBER) == 2


async def test_who_comes_second_finds_the_row_claimed(late_desk: LateDesk) -> None:
    await late_desk.opened()
    late_desk.at(300)
    due = late_desk.sweeper._due
    [listed] = await due.list_due(late_desk.now(), limit=10, offset=0)
    assert listed.tenant_id == TenantId(late_desk.tenant_id)
    assert await due.tell(listed, late_desk.now())
    assert not await due.tell(listed, late_desk.now())
