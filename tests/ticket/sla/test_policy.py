"""Promises that cannot be kept are refused."""

import pytest

from services.ticket.domain import TicketPriority
from services.ticket.errors.sla import SlaCalendarNeverOpen, SlaSharesInvalid, SlaTargetInvalid
from services.ticket.sla.opening_hours import BusinessCalendar, Span
from services.ticket.sla.policy import MOST_WEEKS, SlaPolicy, Targets, require_policy

AN_HOUR_A_WEEK = BusinessCalendar("UTC", ((Span(0, 60),), (), (), (), (), (), ()))


@pytest.mark.parametrize("minutes", [0, -1, MOST_WEEKS * 60 + 1])
@pytest.mark.parametrize("field", ["first_response", "next_response", "resolution"])
def test_targets_of_no_time_or_without_end_are_refused(field: str, minutes: int) -> None:
    policy = SlaPolicy({TicketPriority.LOW: Targets(**{field: minutes})}, AN_HOUR_A_WEEK)
    with pytest.raises(SlaTargetInvalid):
        require_policy(policy)


@pytest.mark.parametrize(("amber", "red"), [(120, 130), (0, 90), (-5, 90), (90, 90), (75, 100)])
def test_shares_out_of_order_are_refused(amber: int, red: int) -> None:
    with pytest.raises(SlaSharesInvalid) as refusal:
        require_policy(SlaPolicy(amber_percent=amber, red_percent=red))
    assert refusal.value.metadata == {"amber_percent": str(amber), "red_percent": str(red)}


def test_its_calendar_is_looked_at() -> None:
    with pytest.raises(SlaCalendarNeverOpen):
        require_policy(SlaPolicy(calendar=BusinessCalendar("UTC", ((),) * 7)))


def test_a_policy_at_the_edge_is_taken() -> None:
    longest = Targets(1, MOST_WEEKS * 60, None)
    require_policy(SlaPolicy({TicketPriority.URGENT: longest}, AN_HOUR_A_WEEK, 1, 99))
