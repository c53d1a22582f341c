"""Which clocks a ticket has, when they are due, and in what state they are."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from services.ticket.domain import TicketPriority, TicketStatus
from services.ticket.sla.clocks import ClockTimes, SlaState, open_clocks
from services.ticket.sla.history import Happening, HistoryEntry
from services.ticket.sla.open_time import OpenTime
from services.ticket.sla.opening_hours import BusinessCalendar, Span
from services.ticket.sla.policy import SlaClock, SlaPolicy, Targets

NEW, OPEN, PENDING, RESOLVED, CLOSED = TicketStatus
LOW, NORMAL, HIGH, URGENT = TicketPriority
CUSTOMER, AGENT, CHANGED, MERGED = Happening
FIRST, NEXT, RESOLUTION = SlaClock

NINE_TO_FIVE = (Span(9 * 60, 12 * 60), Span(13 * 60, 17 * 60))
OFFICE = BusinessCalendar("UTC", (NINE_TO_FIVE,) * 5 + ((), ()))
POLICY = SlaPolicy({NORMAL: Targets(60, 120, 420), URGENT: Targets(20, 30, 60)}, OFFICE)
MONDAY = datetime(2027, 3, 1, tzinfo=UTC)


def at(hours: float, days: int = 0) -> datetime:
    return MONDAY + timedelta(days=days, hours=hours)


def entry(
    time: datetime,
    happening: Happening = CHANGED,
    status: TicketStatus = OPEN,
    priority: TicketPriority = NORMAL,
) -> HistoryEntry:
    return HistoryEntry(time, happening, status, priority)


def opened(time: datetime) -> HistoryEntry:
    return entry(time, CUSTOMER, NEW)


def clocks(*history: HistoryEntry) -> dict[SlaClock, ClockTimes]:
    return {clock.clock: clock for clock in open_clocks(POLICY, OpenTime(OFFICE), history)}


def due(*history: HistoryEntry) -> dict[SlaClock, datetime | None]:
    return {name: clock.due_time for name, clock in clocks(*history).items()}


def test_a_new_ticket_wants_a_first_response_and_a_resolution() -> None:
    assert due(opened(at(10))) == {FIRST: at(11), RESOLUTION: at(10, days=1)}


def test_closed_hours_do_not_count() -> None:
    assert due(opened(at(16.5)))[FIRST] == at(9.5, days=1)
    assert due(opened(at(16.5, days=4)))[FIRST] == at(9.5, days=7)
    assert due(opened(at(3)))[FIRST] == at(10)


def test_a_target_used_up_at_closing_time_is_due_then_and_not_when_it_opens_again() -> None:
    assert due(opened(at(16)))[FIRST] == at(17)
    assert due(opened(at(11)))[FIRST] == at(12)


def test_time_is_kept_to_the_microsecond() -> None:
    late = timedelta(microseconds=1)
    assert due(opened(at(11) + late))[FIRST] == at(13) + late


def test_an_agents_answer_ends_the_first_response_for_good() -> None:
    answered = due(opened(at(9)), entry(at(9.5), AGENT))
    assert answered == {RESOLUTION: at(17)}
    written_again = due(opened(at(9)), entry(at(9.5), AGENT), entry(at(10), CUSTOMER))
    assert written_again == {NEXT: at(12), RESOLUTION: at(17)}


def test_the_next_response_is_due_from_the_first_unanswered_message() -> None:
    history = [opened(at(9)), entry(at(9.5), AGENT), entry(at(10), CUSTOMER)]
    assert due(*history, entry(at(11), CUSTOMER))[NEXT] == at(12)
    history += [entry(at(10.5), AGENT), entry(at(11), CUSTOMER)]
    assert due(*history)[NEXT] == at(14)


def test_further_messages_before_the_first_response_do_not_start_it_anew() -> None:
    assert due(opened(at(9)), entry(at(9.5), CUSTOMER))[FIRST] == at(10)


def test_where_an_agent_wrote_first_nobody_waits_for_a_first_response() -> None:
    outbound = entry(at(9), AGENT, NEW)
    assert due(outbound) == {RESOLUTION: at(17)}
    assert due(outbound, entry(at(10), CUSTOMER))[NEXT] == at(12)


def test_a_ticket_opened_without_a_message_waits_for_the_customers_first() -> None:
    silent = entry(at(9), CHANGED, NEW)
    assert due(silent) == {RESOLUTION: at(17)}
    assert due(silent, entry(at(10), CUSTOMER))[FIRST] == at(11)


def test_clocks_stand_still_while_the_customer_is_waited_for() -> None:
    pending = [opened(at(9)), entry(at(9.5), status=PENDING)]
    assert due(*pending) == {FIRST: None, RESOLUTION: None}
    assert due(*pending, entry(at(15)))[FIRST] == at(15.5)


def test_what_was_late_before_the_pause_stays_late_in_it() -> None:
    paused = clocks(opened(at(9)), entry(at(10.5), status=PENDING))
    assert paused[FIRST].due_time == at(10)
    assert paused[FIRST].state_at(at(16)) is SlaState.BREACHED
    assert paused[RESOLUTION].due_time is None


def test_a_resolved_ticket_has_no_clock() -> None:
    assert due(opened(at(9)), entry(at(10), status=RESOLVED)) == {}


def test_a_reopened_ticket_goes_on_where_it_stopped() -> None:
    reopened = due(opened(at(9)), entry(at(9.25), status=RESOLVED), entry(at(14), status=OPEN))
    assert reopened[FIRST] == at(14.75)
    assert reopened[RESOLUTION] == at(13.75, days=1)


def test_a_customers_message_to_a_resolved_ticket_wants_an_answer_from_the_reopening() -> None:
    answered = [opened(at(9)), entry(at(9.5), AGENT), entry(at(10), status=RESOLVED)]
    back = [entry(at(14), CUSTOMER, RESOLVED), entry(at(14), CHANGED, OPEN)]
    assert due(*answered, *back)[NEXT] == at(16)


@pytest.mark.parametrize("end", [entry(at(10), MERGED), entry(at(10), status=CLOSED)])
def test_a_merged_or_closed_ticket_has_no_clock_whatever_comes_later(end: HistoryEntry) -> None:
    assert due(opened(at(9)), end) == {}
    assert due(opened(at(9)), end, entry(at(11), CUSTOMER)) == {}


def test_another_priority_changes_the_target_and_keeps_the_time_that_went_by() -> None:
    raised = entry(at(9.25), priority=URGENT)
    assert due(opened(at(9)), raised) == {FIRST: at(9) + timedelta(minutes=20), RESOLUTION: at(10)}
    too_late = clocks(opened(at(9)), entry(at(11), priority=URGENT))
    assert too_late[RESOLUTION].due_time == at(10)
    lowered_again = due(opened(at(9)), raised, entry(at(9.75)))
    assert lowered_again[FIRST] == at(10)


def test_a_priority_without_a_target_promises_nothing() -> None:
    assert due(opened(at(9)), entry(at(10), priority=LOW)) == {}


def test_no_history_no_clock() -> None:
    assert due() == {}


@pytest.mark.parametrize(
    ("minutes", "state"),
    [(0, "GREEN"), (44, "GREEN"), (45, "AMBER"), (53, "AMBER"), (54, "RED"), (60, "BREACHED")],
)
def test_a_clock_turns_amber_and_red_before_it_is_late(minutes: int, state: str) -> None:
    first = clocks(opened(at(9)))[FIRST]
    assert first.state_at(at(9) + timedelta(minutes=minutes)) is SlaState[state]
    just_before = at(9) + timedelta(minutes=minutes) - timedelta(microseconds=1)
    assert first.state_at(just_before) <= SlaState[state]


def test_who_answers_at_the_due_time_is_in_time() -> None:
    answered: Sequence[HistoryEntry] = [opened(at(9)), entry(at(10), AGENT)]
    assert FIRST not in clocks(*answered)
