"""Priorities by rule, and that a person's wins."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ticket.domain import (
    Act,
    Impact,
    Ticket,
    TicketContent,
    TicketPriority,
    Urgency,
    opened,
    updated,
)
from services.ticket.domain.priority import MATRIX, OUTAGE_WORDS, VIP_TAG, priority_by_rule
from tests.ticket.builders import ALEX, NOON

ACT = Act(ALEX, NOON)
LOW, NORMAL, HIGH, URGENT = TicketPriority
MANY = TicketContent("Mail", impact=Impact.HIGH, urgency=Urgency.MEDIUM)


def a_ruled_ticket(content: TicketContent = MANY) -> Ticket:
    return opened("1", 1, content, ACT, None).ticket


def test_more_impact_or_urgency_never_lowers_the_priority() -> None:
    assert len(MATRIX) == 9
    for (impact, urgency), priority in MATRIX.items():
        for (other_impact, other_urgency), other in MATRIX.items():
            if other_impact >= impact and other_urgency >= urgency:
                assert other >= priority
    assert set(MATRIX.values()) == set(TicketPriority)


@pytest.mark.parametrize(
    ("content", "priority", "rule"),
    [
        (TicketContent(), NORMAL, "impact not given, urgency not given: normal"),
        (TicketContent(impact=Impact.HIGH), HIGH, "impact high, urgency not given: high"),
        (
            TicketContent(impact=Impact.LOW, urgency=Urgency.LOW),
            LOW,
            "impact low, urgency low: low",
        ),
        (
            TicketContent("The mail server", "IS  DOWN!"),
            HIGH,
            "impact not given, urgency not given: normal; the words 'is down': high",
        ),
        (
            TicketContent("An outage", "", None, ("vip",), Impact.LOW, Urgency.MEDIUM),
            HIGH,
            "impact low, urgency medium: low; the words 'outage': normal; the tag 'vip': high",
        ),
        (
            TicketContent("", "", None, ("vip",), Impact.HIGH, Urgency.HIGH),
            URGENT,
            "impact high, urgency high: urgent; the tag 'vip': urgent",
        ),
    ],
)
def test_the_rule_is_said_in_words(
    content: TicketContent, priority: TicketPriority, rule: str
) -> None:
    ticket = a_ruled_ticket(content)
    assert (ticket.priority, ticket.priority_rule) == (priority, f"by rule: {rule}")


@pytest.mark.parametrize("text", ["outages", "Scroll down", "this down payment", "vip", "isdown"])
def test_other_words_raise_nothing(text: str) -> None:
    assert priority_by_rule(None, None, text, ()).priority is NORMAL


@given(
    st.sampled_from([None, *Impact]),
    st.sampled_from([None, *Urgency]),
    st.sampled_from(OUTAGE_WORDS),
)
def test_each_raise_is_one_step(impact: Impact | None, urgency: Urgency | None, word: str) -> None:
    plain = priority_by_rule(impact, urgency, "Hm.", ()).priority
    for raised in (
        priority_by_rule(impact, urgency, f"Hm, {word}.", ()),
        priority_by_rule(impact, urgency, "Hm.", (VIP_TAG,)),
    ):
        assert raised.priority == min(plain + 1, URGENT)


def test_the_opening_says_by_which_rule() -> None:
    change = opened("1", 1, MANY, ACT, None)
    assert change.ticket.priority is HIGH
    assert change.events[0].cause == change.ticket.priority_rule
    assert change.ticket.priority_rule == "by rule: impact high, urgency medium: high"


def test_the_rules_look_again_when_the_ticket_changes() -> None:
    change = updated(
        a_ruled_ticket(), TicketContent(urgency=Urgency.HIGH), frozenset({"urgency"}), ACT
    )
    assert change.ticket.priority is URGENT
    assert change.events[0].cause == "by rule: impact high, urgency high: urgent"
    assert change.events[0].changed_fields == ("priority", "priority_rule", "urgency")


def test_a_change_that_leaves_the_priority_has_no_cause() -> None:
    change = updated(a_ruled_ticket(), TicketContent("Mails"), frozenset({"subject"}), ACT)
    assert change.events[0].cause == ""


def test_what_a_person_sets_wins() -> None:
    low = TicketContent("All is down", priority=LOW, tags=("vip",), impact=Impact.HIGH)
    ticket = a_ruled_ticket(low)
    assert (ticket.priority, ticket.priority_rule) == (LOW, "")
    after = updated(ticket, TicketContent(urgency=Urgency.HIGH), frozenset({"urgency"}), ACT).ticket
    assert (after.priority, after.urgency) == (LOW, Urgency.HIGH)


def test_a_person_takes_the_priority_over_and_hands_it_back() -> None:
    ticket = a_ruled_ticket()
    field = frozenset({"priority"})
    taken = updated(ticket, TicketContent(priority=HIGH), field, ACT)
    assert taken.ticket == replace(ticket, priority_rule="", revision=2)
    assert taken.events[0].changed_fields == ("priority_rule",)
    back = updated(taken.ticket, TicketContent(), field, ACT).ticket
    assert (back.priority, back.priority_rule) == (HIGH, ticket.priority_rule)


def test_an_older_priority_counts_as_set_by_a_person() -> None:
    ticket = replace(a_ruled_ticket(), priority=LOW, priority_rule="", impact=None, urgency=None)
    content = TicketContent("It is down", impact=Impact.HIGH)
    after = updated(ticket, content, frozenset({"subject", "impact"}), ACT).ticket
    assert (after.priority, after.impact) == (LOW, Impact.HIGH)
