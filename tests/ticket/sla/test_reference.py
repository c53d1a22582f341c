"""The engine tells what a walk minute by minute tells; `make sla-proof` takes all histories."""

from dataclasses import replace
from datetime import timedelta

from services.ticket.domain import TicketStatus
from services.ticket.sla.history import HistoryEntry
from services.ticket.sla.open_time import OpenTime
from services.ticket.sla.opening_hours import zone_of
from tests.ticket.sla.comparing import compare
from tests.ticket.sla.histories import PLACES, cases

SEED = 20271031
SAMPLE, FAULTY_SAMPLE = 2_700, 450
ZONES_WITH_CHANGES = {zone for zone, _ in PLACES} - {"Asia/Kolkata"}


class WithoutDaylightSaving(OpenTime):
    """Keeps to the offset that its zone has at the first look."""

    _first_offset: int | None = None

    def _offset_at(self, instant: int) -> int:
        if self._first_offset is None:
            self._first_offset = super()._offset_at(instant)
        return self._first_offset


def test_the_engine_tells_what_the_slow_reference_tells() -> None:
    compared = compare(cases(SAMPLE, SEED))
    assert compared.differing == []
    assert compared.histories == SAMPLE
    assert compared.due_times > SAMPLE / 2


def test_control_an_engine_that_ignores_daylight_saving_differs_where_clocks_are_changed() -> None:
    compared = compare(cases(FAULTY_SAMPLE, SEED), open_time_of=WithoutDaylightSaving)
    assert set(compared.differing_by_zone) == ZONES_WITH_CHANGES


def test_control_an_engine_that_runs_on_while_the_customer_is_waited_for_differs() -> None:
    compared = compare(cases(FAULTY_SAMPLE, SEED), reading_of=_never_pending)
    assert len(compared.differing) > FAULTY_SAMPLE / 20


def test_the_reference_covers_hours_that_happen_twice_and_days_that_never_do() -> None:
    """Else the controls would say nothing."""
    changes = {zone: set[timedelta | None]() for zone, _ in PLACES}
    for case in cases(FAULTY_SAMPLE, SEED):
        zone = zone_of(case.policy.calendar)
        for hours in range(30 * 24):
            local = (case.start + timedelta(hours=hours)).astimezone(zone)
            changes[case.policy.calendar.time_zone].add(local.utcoffset())
    assert {zone for zone, offsets in changes.items() if len(offsets) > 1} == ZONES_WITH_CHANGES


def _never_pending(history: list[HistoryEntry]) -> list[HistoryEntry]:
    return [
        replace(entry, status=TicketStatus.OPEN) if entry.status is TicketStatus.PENDING else entry
        for entry in history
    ]
