"""Due times as slowly as can be: minute by minute in UTC, with a look at the local clock at each.

It knows the words of a policy and of a history, and nothing of how the engine works. Minutes are
walked as arrays, which makes thousands of histories bearable.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from services.ticket.domain import TicketStatus
from services.ticket.sla.history import Happening, HistoryEntry
from services.ticket.sla.opening_hours import BusinessCalendar
from services.ticket.sla.policy import SlaClock, SlaPolicy

DAYS = 120
MINUTES = DAYS * 24 * 60
_DAY_MINUTES = 24 * 60

Flags = NDArray[np.bool_]
# Of a clock: when it turns amber and red, and when it is due.
Times = tuple[datetime | None, datetime | None, datetime | None]


class HorizonTooNear(Exception):
    """The walk has ended before the time that it looked for."""


@dataclass(frozen=True)
class Walk:
    """The minutes of a calendar from `start`, each open or not."""

    start: datetime
    is_open: Flags

    @classmethod
    def of(cls, calendar: BusinessCalendar, start: datetime) -> "Walk":
        days, minutes = _local_clock(calendar.time_zone, start)
        first_day = int(days.min())
        open_by_day = np.zeros((int(days.max()) - first_day + 1, _DAY_MINUTES), dtype=np.bool_)
        holidays = {holiday.day.toordinal(): holiday.spans for holiday in calendar.holidays}
        for day in range(len(open_by_day)):
            weekday = datetime.fromordinal(first_day + day).weekday()
            for span in holidays.get(first_day + day, calendar.week[weekday]):
                for minute in range(span.start_minute, span.end_minute):
                    open_by_day[day, minute] = True
        return cls(start, open_by_day[days - first_day, minutes])

    def times(self, policy: SlaPolicy, history: Sequence[HistoryEntry]) -> dict[SlaClock, Times]:
        """Paints over the rest of the time at each entry, then counts the minutes that are left."""
        is_running = np.zeros(MINUTES, dtype=np.bool_)
        is_unanswered = np.zeros(MINUTES, dtype=np.bool_)
        is_unsolved = np.zeros(MINUTES, dtype=np.bool_)
        clock, waits_since = SlaClock.FIRST_RESPONSE, None
        is_over = False
        for entry in history:
            now = self._minute(entry.time)
            is_running[now:] = entry.status in (TicketStatus.NEW, TicketStatus.OPEN)
            is_unsolved[now:] = True
            if entry.happening is Happening.CUSTOMER_WROTE:
                is_unanswered[now:] = True
                waits_since = now if waits_since is None else waits_since
            if entry.happening is Happening.AGENT_WROTE:
                is_unanswered[:] = False
                clock, waits_since = SlaClock.NEXT_RESPONSE, None
            is_over |= entry.status is TicketStatus.CLOSED or entry.happening is Happening.MERGED
        found: dict[SlaClock, Times] = {}
        if is_over or history[-1].status is TicketStatus.RESOLVED:
            return found
        counts = self.is_open & is_running
        targets = policy.targets_of(history[-1].priority)
        waits_still = history[-1].status is TicketStatus.PENDING
        shares = (policy.amber_percent, policy.red_percent, 100)
        for name, painted in ((clock, is_unanswered), (SlaClock.RESOLUTION, is_unsolved)):
            minutes = targets.of(name)
            if minutes is None or not painted.any():
                continue
            sums = np.cumsum(counts & painted, dtype=np.int64)
            amber, red, due = (self._when(sums, minutes * share, waits_still) for share in shares)
            found[name] = (amber, red, due)
        return found

    def _when(self, sums: NDArray[np.int64], hundredths: int, waits: bool) -> datetime | None:
        """In the minute in which the sum reaches so many hundredths of a minute."""
        at = int(np.searchsorted(sums, -(-hundredths // 100)))
        if at == MINUTES:
            if waits:
                return None
            raise HorizonTooNear
        before = int(sums[at]) - 1
        return self.start + timedelta(minutes=at, seconds=(hundredths - before * 100) * 6 / 10)

    def _minute(self, time: datetime) -> int:
        minute, rest = divmod(time - self.start, timedelta(minutes=1))
        if rest:
            raise ValueError("the walk takes whole minutes")
        return minute


@cache
def _local_clock(time_zone: str, start: datetime) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The local date, as a number, and the minute of the local day, at each minute of the walk."""
    days = np.empty(MINUTES, dtype=np.int64)
    minutes = np.empty(MINUTES, dtype=np.int64)
    for i, local in enumerate(_local_times(ZoneInfo(time_zone), start)):
        days[i] = local.toordinal()
        minutes[i] = local.hour * 60 + local.minute
    return days, minutes


def _local_times(zone: ZoneInfo, start: datetime) -> Iterator[datetime]:
    minute = timedelta(minutes=1)
    time = start.astimezone(UTC)
    for _ in range(MINUTES):
        yield time.astimezone(zone)
        time += minute
