"""Periods and their pieces, and those that cannot be."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest

from services.mesh.errors import MeshError
from services.ticket.domain import TicketStatus
from services.ticket.errors.reports import (
    ReportPeriodEmpty,
    ReportPeriodReversed,
    ReportTimeZoneUnknown,
    ReportTooManyBuckets,
)
from services.ticket.reports.period import MOST_BUCKETS, BucketSize, period_of
from services.ticket.reports.times import Figures, figures_of
from services.ticket.reports.volume import Move, volume_rows

NEW_YEAR = date(2028, 1, 1)  # a Saturday


def days(count: int, size: BucketSize = BucketSize.DAY, zone: str = "UTC") -> Sequence[str]:
    period = period_of(NEW_YEAR, NEW_YEAR + timedelta(days=count), zone, size)
    return [f"{bucket.from_day:%m-%d}" for bucket in period.buckets]


def test_a_period_is_cut_where_the_calendar_says() -> None:
    assert days(3) == ["01-01", "01-02", "01-03"]
    assert days(17, BucketSize.WEEK) == ["01-01", "01-03", "01-10", "01-17"]
    assert days(61, BucketSize.MONTH) == ["01-01", "02-01", "03-01"]
    assert days(61, BucketSize.PERIOD) == ["01-01"]


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2028, 3, 26), 23),
        ("Europe/Berlin", date(2028, 10, 29), 25),
        ("Asia/Beirut", date(2028, 3, 26), 23),  # which has no midnight
        ("America/Santiago", date(2028, 4, 1), 25),
        ("Australia/Lord_Howe", date(2028, 4, 2), 24.5),
    ],
)
def test_a_day_is_as_long_as_the_clock_says(zone: str, day: date, hours: float) -> None:
    (bucket,) = period_of(day, day + timedelta(days=1), zone, BucketSize.DAY).buckets
    assert (bucket.until_time - bucket.from_time) == timedelta(hours=hours)


def test_a_moment_is_in_the_piece_that_it_begins() -> None:
    period = period_of(NEW_YEAR, NEW_YEAR + timedelta(days=2), "Asia/Kathmandu", BucketSize.DAY)
    midnight = datetime(2027, 12, 31, 18, 15, tzinfo=UTC)
    moment = timedelta(microseconds=1)
    assert [period.place_of(midnight + each) for each in (-moment, 0 * moment)] == [-1, 0]
    assert period.place_of(midnight + timedelta(days=1)) == 1


@pytest.mark.parametrize(
    ("count", "size", "zone", "refusal"),
    [
        (0, BucketSize.DAY, "UTC", ReportPeriodEmpty),
        (-1, BucketSize.DAY, "UTC", ReportPeriodReversed),
        (1, BucketSize.DAY, "Europe/Bonn", ReportTimeZoneUnknown),
        (1, BucketSize.DAY, "../etc/passwd", ReportTimeZoneUnknown),
        (1, BucketSize.DAY, "Europe", ReportTimeZoneUnknown),
        (MOST_BUCKETS + 1, BucketSize.DAY, "UTC", ReportTooManyBuckets),
        (7 * MOST_BUCKETS + 7, BucketSize.WEEK, "UTC", ReportTooManyBuckets),
    ],
)
def test_what_cannot_be_is_refused(
    count: int, size: BucketSize, zone: str, refusal: type[MeshError]
) -> None:
    with pytest.raises(refusal):
        days(count, size, zone)


def test_as_many_pieces_as_there_may_be_are_told() -> None:
    assert len(days(MOST_BUCKETS)) == MOST_BUCKETS


def test_many_groups_of_many_pieces_are_refused() -> None:
    period = period_of(NEW_YEAR, NEW_YEAR + timedelta(days=MOST_BUCKETS), "UTC", BucketSize.DAY)
    moves = [Move(f"agent-{i}", None, TicketStatus.NEW, None) for i in range(21)]
    assert len(volume_rows(period, moves[1:])) == 20 * MOST_BUCKETS
    with pytest.raises(ReportTooManyBuckets):
        volume_rows(period, moves)


def test_a_percentile_is_the_time_of_a_ticket() -> None:
    assert figures_of([]) == Figures()
    assert figures_of([7]) == Figures(1, 7, 7, 7, 7)
    assert figures_of(range(100, 0, -1)) == Figures(100, 50, 75, 90, 95)
    assert figures_of([1, 2, 3, 1000]) == Figures(4, 2, 3, 1000, 1000)
