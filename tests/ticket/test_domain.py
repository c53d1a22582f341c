"""The rules of a ticket's life, as values in and values out."""

from dataclasses import replace
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.mesh.caller import UserId
from services.ticket.domain import (
    TRANSITIONS,
    Act,
    Change,
    Ticket,
    TicketContent,
    TicketEvent,
    TicketEventKind,
    TicketPriority,
    TicketStatus,
    Verb,
    assigned,
    commented,
    moved,
    require_etag,
    updated,
)
from services.ticket.errors.tickets import TicketChanged, TransitionNotAllowed
from tests.ticket.builders import ALEX, ANNA, NOON, a_comment, a_ticket, an_opening
from tests.ticket.steps import ACT, Step, steps

NEW, OPEN, PENDING, RESOLVED, CLOSED = TicketStatus

# What a reader of the log makes of it, knowing the kinds of events and nothing else.
STATUS_AFTER: dict[TicketEventKind, TicketStatus] = {
    TicketEventKind.OPENED: NEW,
    TicketEventKind.PENDED: PENDING,
    TicketEventKind.RESOLVED: RESOLVED,
    TicketEventKind.REOPENED: OPEN,
    TicketEventKind.CLOSED: CLOSED,
}


@given(st.lists(steps, max_size=30))
def test_status_and_assignee_are_what_the_log_says(taken: list[Step]) -> None:
    opening = an_opening()
    ticket, log = opening.ticket, list(opening.events)
    for step in taken:
        try:
            change = step(ticket)
        except TransitionNotAllowed:
            continue
        assert change.before == ticket
        assert (change.ticket == ticket) or bool(change.events)
        ticket = change.ticket
        log.extend(change.events)
    nothing: tuple[TicketStatus, UserId | None] = (NEW, None)
    status, assignee_id = reduce(_read, log, nothing)
    assert (ticket.status, ticket.assignee_id) == (status, assignee_id)
    assert (log[-1].status, log[-1].assignee_id) == (status, assignee_id)


def _read(
    state: tuple[TicketStatus, UserId | None], event: TicketEvent
) -> tuple[TicketStatus, UserId | None]:
    status, assignee_id = state
    if event.kind is TicketEventKind.ASSIGNED:
        status = OPEN if status is NEW and event.assignee_id else status
        return status, event.assignee_id
    return STATUS_AFTER.get(event.kind, status), assignee_id


@given(st.lists(steps, max_size=30))
def test_the_etag_changes_exactly_when_what_customers_see_does(taken: list[Step]) -> None:
    ticket = an_opening().ticket
    for step in taken:
        try:
            after = step(ticket).ticket
        except TransitionNotAllowed:
            continue
        assert (_as_customers_see(after) == _as_customers_see(ticket)) == (
            after.etag == ticket.etag
        )
        ticket = after


def _as_customers_see(ticket: Ticket) -> Ticket:
    return replace(ticket, follower_ids=(), internal_fields={})


@pytest.mark.parametrize("verb", [Verb.PEND, Verb.RESOLVE, Verb.REOPEN, Verb.CLOSE])
@pytest.mark.parametrize("status", TicketStatus)
def test_a_step_that_the_table_does_not_know_is_refused(status: TicketStatus, verb: Verb) -> None:
    ticket = a_ticket(status)
    if (status, verb) in TRANSITIONS:
        assert moved(ticket, verb, ACT).ticket.status is TRANSITIONS[status, verb]
        return
    with pytest.raises(TransitionNotAllowed) as refusal:
        moved(ticket, verb, ACT)
    assert refusal.value.metadata == {"status": status.value, "verb": verb.value}


def test_a_ticket_can_live_from_new_to_closed() -> None:
    ticket = assigned(a_ticket(), ALEX, ACT).ticket
    lived = [ticket.status]
    for verb in (Verb.PEND, Verb.REOPEN, Verb.RESOLVE, Verb.REOPEN, Verb.RESOLVE, Verb.CLOSE):
        ticket = moved(ticket, verb, ACT).ticket
        lived.append(ticket.status)
    assert lived == [OPEN, PENDING, OPEN, RESOLVED, OPEN, RESOLVED, CLOSED]


def test_closed_is_final() -> None:
    ticket = a_ticket(CLOSED)
    attempts: list[Step] = [
        lambda ticket: updated(ticket, TicketContent("x"), frozenset({"subject"}), ACT),
        lambda ticket: commented(ticket, a_comment(ticket), by_customer=True),
        lambda ticket: assigned(ticket, ALEX, ACT),
        lambda ticket: assigned(ticket, None, ACT),
    ]
    for attempt in attempts:
        with pytest.raises(TransitionNotAllowed):
            attempt(ticket)


def test_assigning_a_new_ticket_opens_it() -> None:
    change = assigned(a_ticket(), ALEX, ACT)
    assert (change.ticket.status, change.ticket.assignee_id) == (OPEN, ALEX)
    assert change.events[0].changed_fields == ("assignee_id", "status")


def test_assigning_twice_leaves_what_once_leaves() -> None:
    once = assigned(a_ticket(), ALEX, ACT).ticket
    twice = assigned(once, ALEX, Act(ANNA, NOON))
    assert twice == Change(once, once)


def test_taking_a_ticket_away_leaves_its_status() -> None:
    ticket = replace(a_ticket(PENDING), assignee_id=ALEX)
    change = assigned(ticket, None, ACT)
    assert (change.ticket.status, change.ticket.assignee_id) == (PENDING, None)
    assert change.events[0].changed_fields == ("assignee_id",)


@pytest.mark.parametrize("status", [PENDING, RESOLVED])
def test_a_customers_public_comment_takes_the_ticket_up_again(status: TicketStatus) -> None:
    ticket = a_ticket(status)
    change = commented(ticket, a_comment(ticket), by_customer=True)
    assert change.ticket.status is OPEN
    assert [event.kind for event in change.events] == ["COMMENTED", "REOPENED"]
    assert [event.status for event in change.events] == [status, OPEN]


@pytest.mark.parametrize(
    ("status", "is_internal", "by_customer"),
    [(NEW, False, True), (OPEN, False, True), (PENDING, True, True), (RESOLVED, False, False)],
)
def test_other_comments_leave_the_status(
    status: TicketStatus, is_internal: bool, by_customer: bool
) -> None:
    ticket = a_ticket(status)
    comment = a_comment(ticket, is_internal=is_internal)
    change = commented(ticket, comment, by_customer=by_customer)
    assert change.ticket.status is status
    assert [event.kind for event in change.events] == ["COMMENTED"]


def test_an_internal_comment_leaves_no_trace_on_the_ticket() -> None:
    ticket = a_ticket()
    change = commented(ticket, a_comment(ticket, ALEX, is_internal=True), by_customer=False)
    assert change.ticket == ticket
    assert change.events[0].is_internal


def test_an_update_says_which_fields_changed() -> None:
    ticket = a_ticket()
    content = TicketContent(ticket.subject, "More", TicketPriority.HIGH, ("vpn", "mfa", "vpn"))
    change = updated(ticket, content, frozenset({"subject", "body", "tags"}), ACT)
    assert change.events[0].changed_fields == ("body", "tags")
    assert (change.ticket.body, change.ticket.tags) == ("More", ("mfa", "vpn"))
    assert change.ticket.priority is TicketPriority.NORMAL
    assert change.ticket.update_time == ACT.time


def test_an_update_that_changes_nothing_is_not_logged() -> None:
    ticket = a_ticket()
    change = updated(ticket, TicketContent(ticket.subject), frozenset({"subject"}), ACT)
    assert change == Change(ticket, ticket)


def test_an_etag_of_another_revision_is_refused_with_the_current_one() -> None:
    ticket = replace(a_ticket(), revision=7)
    require_etag(ticket, "")
    require_etag(ticket, '"7"')
    with pytest.raises(TicketChanged) as refusal:
        require_etag(ticket, '"6"')
    assert refusal.value.metadata == {"etag": '"7"'}
