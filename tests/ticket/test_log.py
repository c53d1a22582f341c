"""A ticket is what its log says, and a log that cannot say it is refused."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.mesh.caller import TenantId
from services.mesh.ids import new_id
from services.ticket.domain import (
    LogIncompleteError,
    TicketEventKind,
    Verb,
    assigned,
    commented,
    fold,
    moved,
)
from services.ticket.ports.tickets import EventQuery, TicketStore
from tests.ticket.builders import ALEX, a_comment, a_ticket, an_opening
from tests.ticket.steps import ACT, Step, steps, taken_one_by_one

PENDED_AND_GIVEN: list[Step] = [
    lambda ticket: moved(ticket, Verb.PEND, ACT),
    lambda ticket: assigned(ticket, ALEX, ACT),
]


@given(st.lists(steps, max_size=30))
def test_a_ticket_is_the_fold_of_its_log(chosen: list[Step]) -> None:
    changes = taken_one_by_one(an_opening(tags=("vpn",)), chosen)
    assert fold(event for change in changes for event in change.events) == changes[-1].ticket


@given(chosen=st.lists(steps, max_size=20))
@settings(
    max_examples=25,
    deadline=None,
    # A tenant for each example, so that the store may be shared.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_a_stored_ticket_is_the_fold_of_its_stored_log(
    store: TicketStore, chosen: list[Step]
) -> None:
    tenant_id = TenantId(new_id())
    changes = taken_one_by_one(an_opening(tags=("vpn",)), chosen)
    for change in changes:
        async with store.transaction(tenant_id) as tickets:
            await tickets.keep(change)
    ticket_id = changes[0].ticket.ticket_id
    async with store.reading(tenant_id) as tickets:
        events = await tickets.list_events(EventQuery(limit=100, with_internal=True))
        assert await tickets.find(ticket_id) == fold(events) == changes[-1].ticket


def test_without_one_of_its_entries_it_would_be_another() -> None:
    """The control of the two above."""
    changes = taken_one_by_one(an_opening(), PENDED_AND_GIVEN)
    first, pended, given_away = (event for change in changes for event in change.events)
    assert fold([first, pended, given_away]) == changes[-1].ticket
    assert fold([first, given_away]) != changes[-1].ticket


def test_entries_of_unknown_values_need_a_snapshot_behind_them() -> None:
    changes = taken_one_by_one(an_opening(), PENDED_AND_GIVEN)
    events = [event for change in changes for event in change.events]
    unknown = [replace(event, changes=None) for event in events]
    for log in ([], unknown, [*events[:2], unknown[2]], events[1:], [unknown[0], events[1]]):
        with pytest.raises(LogIncompleteError):
            fold(log)
    snapshot = replace(events[0], kind=TicketEventKind.SNAPSHOT)
    assert fold([*unknown, snapshot, *events[1:]]) == changes[-1].ticket


def test_a_customers_comment_is_the_cause_of_the_reopening() -> None:
    ticket = moved(a_ticket(), Verb.PEND, ACT).ticket
    comment, reopening = commented(ticket, a_comment(ticket), by_customer=True).events
    assert (comment.cause, reopening.cause) == ("", "a comment of the customer")
    assert reopening.changes == {"status": "OPEN"}


def test_an_internal_comment_changes_nothing_of_the_ticket() -> None:
    ticket = a_ticket()
    note = commented(ticket, a_comment(ticket, ALEX, is_internal=True), by_customer=False)
    assert note.events[0].changes == {}
