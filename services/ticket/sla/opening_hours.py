"""When people work: spans of local time for each weekday, other spans or none on holidays.

A moment is open when its local time lies in a span of its local date. So an hour that the clock
shows twice is open twice, and one that it leaves out is never open.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.ticket.errors.sla import (
    SlaCalendarNeverOpen,
    SlaHolidaysInvalid,
    SlaSpansInvalid,
    SlaTimeZoneUnknown,
)

DAYS_OF_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MINUTES_OF_DAY = 24 * 60
# Each moves a due time by at most a week, so due times stay within what a date can say.
MOST_HOLIDAYS = 1_000


@dataclass(frozen=True)
class Span:
    """From one minute of the local day up to, and without, another; 1440 is midnight."""

    start_minute: int
    end_minute: int


Spans = tuple[Span, ...]


@dataclass(frozen=True)
class Holiday:
    """A date with hours of its own; without any it is closed."""

    day: date
    spans: Spans = ()


@dataclass(frozen=True)
class BusinessCalendar:
    """`week` holds the spans of each weekday, Monday first."""

    time_zone: str
    week: tuple[Spans, Spans, Spans, Spans, Spans, Spans, Spans]
    holidays: tuple[Holiday, ...] = ()

    @property
    def weekly_minutes(self) -> int:
        return sum(span.end_minute - span.start_minute for spans in self.week for span in spans)


ALWAYS_OPEN: Spans = (Span(0, MINUTES_OF_DAY),)
AROUND_THE_CLOCK = BusinessCalendar("UTC", (ALWAYS_OPEN,) * 7)


def require_calendar(calendar: BusinessCalendar) -> None:
    """Refuses a calendar by which nothing could be measured."""
    zone_of(calendar)
    for name, spans in zip(DAYS_OF_WEEK, calendar.week, strict=True):
        _require_spans(name, spans)
    _require_holidays(calendar.holidays)
    if calendar.weekly_minutes == 0:
        raise SlaCalendarNeverOpen


def zone_of(calendar: BusinessCalendar) -> ZoneInfo:
    try:
        return ZoneInfo(calendar.time_zone)
    # It looks for files: a name can be a folder, too long, or lead out of where it may look.
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise SlaTimeZoneUnknown(calendar.time_zone) from None


def _require_spans(where: str, spans: Spans) -> None:
    for span in spans:
        if not 0 <= span.start_minute < span.end_minute <= MINUTES_OF_DAY:
            raise SlaSpansInvalid(where, "a span must end after it starts, within its day")
    in_order = sorted(spans, key=lambda span: span.start_minute)
    if any(earlier.end_minute > later.start_minute for earlier, later in pairwise(in_order)):
        raise SlaSpansInvalid(where, "two spans overlap")


def _require_holidays(holidays: Iterable[Holiday]) -> None:
    days: set[date] = set()
    for holiday in holidays:
        if holiday.day in days:
            raise SlaHolidaysInvalid(holiday.day.isoformat(), "the date is given twice")
        days.add(holiday.day)
        _require_spans(holiday.day.isoformat(), holiday.spans)
    if len(days) > MOST_HOLIDAYS:
        raise SlaHolidaysInvalid(str(len(days)), f"there may be {MOST_HOLIDAYS} at most")
