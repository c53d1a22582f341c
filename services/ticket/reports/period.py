"""A period in the calendar of a time zone, and the pieces that it is cut into."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import IntEnum
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.ticket.errors.reports import (
    ReportPeriodEmpty,
    ReportPeriodReversed,
    ReportTimeZoneUnknown,
    ReportTooManyBuckets,
)

MOST_BUCKETS = 1_000

_DAY = timedelta(days=1)


class BucketSize(IntEnum):
    PERIOD = 0
    DAY = 1
    WEEK = 2
    MONTH = 3


@dataclass(frozen=True)
class Bucket:
    """From the first moment of one day up to, and without, that of another."""

    from_day: date
    until_day: date
    from_time: datetime
    until_time: datetime


@dataclass(frozen=True)
class Period:
    """Its pieces, in their order and without gaps."""

    buckets: Sequence[Bucket]

    @property
    def from_time(self) -> datetime:
        return self.buckets[0].from_time

    @property
    def until_time(self) -> datetime:
        return self.buckets[-1].until_time

    def place_of(self, moment: datetime) -> int:
        """In which of the pieces it lies; -1 before the first."""
        return bisect_right(self.buckets, moment, key=lambda bucket: bucket.from_time) - 1


def period_of(from_day: date, until_day: date, time_zone: str, size: BucketSize) -> Period:
    """Raises why it cannot be, in a class for each reason."""
    if from_day == until_day:
        raise ReportPeriodEmpty(from_day.isoformat(), until_day.isoformat())
    if from_day > until_day:
        raise ReportPeriodReversed(from_day.isoformat(), until_day.isoformat())
    zone = _zone_of(time_zone)
    days: list[date] = []
    for day in _cuts(from_day, until_day, size):
        days.append(day)
        if len(days) > MOST_BUCKETS + 1:
            raise ReportTooManyBuckets(MOST_BUCKETS)
    moments = [_first_moment(day, zone) for day in days]
    cuts = zip(pairwise(days), pairwise(moments), strict=True)
    return Period([Bucket(*between_days, *between) for between_days, between in cuts])


def _cuts(from_day: date, until_day: date, size: BucketSize) -> Iterator[date]:
    day = from_day
    while day < until_day:
        yield day
        day = _next_cut(day, until_day, size)
    yield until_day


def _next_cut(day: date, until_day: date, size: BucketSize) -> date:
    if size is BucketSize.DAY:
        return day + _DAY
    if size is BucketSize.WEEK:
        return min(day + (7 - day.weekday()) * _DAY, until_day)
    if size is BucketSize.MONTH:
        # Every month is over 31 days after it began, and none begins twice in that time.
        return min((day.replace(day=1) + 31 * _DAY).replace(day=1), until_day)
    return until_day


def _first_moment(day: date, zone: ZoneInfo) -> datetime:
    """Of a midnight that the clock leaves out it makes the moment at which the clock jumps."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _zone_of(time_zone: str) -> ZoneInfo:
    try:
        return ZoneInfo(time_zone or "UTC")
    # It looks for files: a name can be a folder, too long, or lead out of where it may look.
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ReportTimeZoneUnknown(time_zone) from None
