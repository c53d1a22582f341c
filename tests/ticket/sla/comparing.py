"""Holds the engine against the slow reference."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from services.ticket.sla.clocks import open_clocks
from services.ticket.sla.history import HistoryEntry
from services.ticket.sla.open_time import OpenTime
from services.ticket.sla.opening_hours import BusinessCalendar, require_calendar
from services.ticket.sla.policy import require_policy
from tests.ticket.sla.histories import Case
from tests.ticket.sla.reference import Walk


@dataclass
class Compared:
    """How many histories and due times were held against each other, and those that differ."""

    histories: int = 0
    due_times: int = 0
    differing: list[str] = field(default_factory=list)
    differing_by_zone: Counter[str] = field(default_factory=Counter)


def compare(
    cases: Iterable[Case],
    open_time_of: Callable[[BusinessCalendar], OpenTime] = OpenTime,
    reading_of: Callable[[list[HistoryEntry]], list[HistoryEntry]] = list,
) -> Compared:
    """The last two stand for an engine with a fault."""
    compared = Compared()
    for case in cases:
        calendar = case.policy.calendar
        require_calendar(calendar)
        require_policy(case.policy)
        walk, open_time = Walk.of(calendar, case.start), open_time_of(calendar)
        for history in case.histories:
            expected = walk.times(case.policy, history)
            told = {
                clock.clock: (clock.amber_time, clock.red_time, clock.due_time)
                for clock in open_clocks(case.policy, open_time, reading_of(history))
            }
            compared.histories += 1
            compared.due_times += sum(due is not None for *_, due in expected.values())
            if told != expected:
                compared.differing_by_zone[calendar.time_zone] += 1
                compared.differing.append(f"{case.policy}\n{history}\n{expected}\n{told}")
    return compared
