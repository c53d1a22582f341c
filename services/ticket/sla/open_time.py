"""Open time as an axis on which closed hours have no length.

`position` says where an instant lies on the axis, `instant` the reverse; both by bisection in the
open spans of the years that were asked for, which are laid out once. Instants and positions are
whole microseconds; an instant counts from 1970 in UTC, a position from anywhere.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import MAXYEAR, UTC, datetime, timedelta

from services.ticket.errors.sla import SlaCalendarNeverOpen, SlaTargetInvalid
from services.ticket.sla.opening_hours import BusinessCalendar, Spans, zone_of

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
SECOND = 1_000_000
MINUTE = 60 * SECOND
_DAY = 24 * 60 * MINUTE


def instant_of(time: datetime) -> int:
    return (time - EPOCH) // _MICROSECOND


def time_of(instant: int) -> datetime:
    return EPOCH + timedelta(microseconds=instant)


class OpenTime:
    def __init__(self, calendar: BusinessCalendar) -> None:
        if calendar.weekly_minutes <= 0:
            raise SlaCalendarNeverOpen
        self._zone = zone_of(calendar)
        self._week = tuple(map(_in_order, calendar.week))
        self._holidays = {day.day.toordinal(): _in_order(day.spans) for day in calendar.holidays}
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._positions: list[int] = []  # of the starts
        self._years: tuple[int, int] | None = None  # the first, and the one behind the last
        self._from = self._until = 0
        self._first_position = self._last_position = 0

    def position(self, instant: int) -> int:
        if not self._from <= instant < self._until:
            self._cover(instant)
        i = bisect_right(self._starts, instant) - 1
        if i < 0:
            return self._first_position
        end = self._ends[i]
        return self._positions[i] + (min(end, instant)) - self._starts[i]

    def instant(self, position: int) -> int:
        """Returns the earliest instant at this position: where a day closes, not where it opens.

        The position must lie behind one that `position` has returned.
        """
        while position > self._last_position:
            self._lay_out_later()
        i = bisect_left(self._positions, position) - 1
        return self._starts[i] + position - self._positions[i]

    def _cover(self, instant: int) -> None:
        if self._years is None:
            year = time_of(instant).year
            self._years = (year, year)
            self._from = self._until = _new_year(year)
        while instant >= self._until:
            self._lay_out_later()
        while instant < self._from:
            self._lay_out_earlier()

    def _lay_out_later(self) -> None:
        if self._years is None:
            raise RuntimeError("the axis has no origin before the first instant")
        first, year = self._years
        if year >= MAXYEAR:
            raise SlaTargetInvalid("it is due later than a date can say")
        for start, end in self._spans(year):
            self._starts.append(start)
            self._ends.append(end)
            self._positions.append(self._last_position)
            self._last_position += end - start
        self._years = (first, year + 1)
        self._until = _new_year(year + 1)

    def _lay_out_earlier(self) -> None:
        if self._years is None:
            raise RuntimeError("the axis has no origin before the first instant")
        first, behind = self._years
        spans = list(self._spans(first - 1))
        position = self._first_position = self._first_position - sum(end - s for s, end in spans)
        positions = []
        for start, end in spans:
            positions.append(position)
            position += end - start
        self._starts[:0] = [start for start, _ in spans]
        self._ends[:0] = [end for _, end in spans]
        self._positions[:0] = positions
        self._years = (first - 1, behind)
        self._from = _new_year(first - 1)

    def _spans(self, year: int) -> Iterator[tuple[int, int]]:
        """While the offset stays the same, local time is UTC moved by it."""
        for start, end, offset in self._offsets(_new_year(year), _new_year(year + 1)):
            for day in range((start + offset) // _DAY, (end + offset - 1) // _DAY + 1):
                for opens, closes in self._spans_of(day):
                    span_start = max(start, day * _DAY + opens * MINUTE - offset)
                    span_end = min(end, day * _DAY + closes * MINUTE - offset)
                    if span_start < span_end:
                        yield span_start, span_end

    def _spans_of(self, day: int) -> tuple[tuple[int, int], ...]:
        ordinal = day + EPOCH.toordinal()
        spans = self._holidays.get(ordinal)
        return self._week[(ordinal - 1) % 7] if spans is None else spans

    def _offsets(self, start: int, end: int) -> Iterator[tuple[int, int, int]]:
        """Cuts the time between two instants where the zone's offset to UTC changes."""
        offset = self._offset_at(start)
        for day in range(start, end, _DAY):
            later = self._offset_at(day + _DAY)
            if later == offset:
                continue
            change = self._change_between(day, day + _DAY)
            if change < end:
                yield start, change, offset
                start, offset = change, later
        yield start, end, offset

    def _change_between(self, before: int, after: int) -> int:
        offset = self._offset_at(before)
        while after - before > SECOND:
            middle = before + (after - before) // 2 // SECOND * SECOND
            if self._offset_at(middle) == offset:
                before = middle
            else:
                after = middle
        return after

    def _offset_at(self, instant: int) -> int:
        offset = time_of(instant).astimezone(self._zone).utcoffset()
        return (offset or timedelta()) // _MICROSECOND


def _in_order(spans: Spans) -> tuple[tuple[int, int], ...]:
    return tuple(sorted((span.start_minute, span.end_minute) for span in spans))


def _new_year(year: int) -> int:
    return instant_of(datetime(year, 1, 1, tzinfo=UTC))
