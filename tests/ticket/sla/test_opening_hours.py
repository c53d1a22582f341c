"""Calendars that cannot be are refused; hours count as often as they happen."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ticket.errors.sla import (
    SlaCalendarNeverOpen,
    SlaHolidaysInvalid,
    SlaSpansInvalid,
    SlaTargetInvalid,
    SlaTimeZoneUnknown,
)
from services.ticket.sla.open_time import MINUTE, OpenTime, instant_of, time_of
from services.ticket.sla.opening_hours import (
    ALWAYS_OPEN,
    BusinessCalendar,
    Holiday,
    Span,
    Spans,
    require_calendar,
)

NIGHT = (Span(60, 240),)
DAY = (Span(540, 1020),)


def each_day(spans: Spans, time_zone: str = "UTC", *holidays: Holiday) -> BusinessCalendar:
    return BusinessCalendar(time_zone, (spans,) * 7, holidays)


def open_minutes(calendar: BusinessCalendar, day: date) -> float:
    """Of a date, by the local clock."""
    zone = ZoneInfo(calendar.time_zone)
    start, end = (
        instant_of(datetime(each.year, each.month, each.day, tzinfo=zone))
        for each in (day, day + timedelta(days=1))
    )
    axis = OpenTime(calendar)
    return (axis.position(end) - axis.position(start)) / MINUTE


def test_the_week_begins_on_monday() -> None:
    calendar = BusinessCalendar("Europe/Berlin", (DAY, NIGHT, (), (), (), (), ()))
    minutes = [open_minutes(calendar, date(2027, 6, 7 + n)) for n in range(7)]
    assert minutes == [480, 180, 0, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("time_zone", "day", "minutes"),
    [
        ("Europe/Berlin", date(2027, 3, 28), 120),  # 02:00 to 03:00 never happens
        ("Europe/Berlin", date(2027, 10, 31), 240),  # and happens twice
        ("America/New_York", date(2027, 3, 14), 120),
        ("America/New_York", date(2027, 11, 7), 240),
        ("Australia/Lord_Howe", date(2027, 10, 3), 150),
        ("Australia/Lord_Howe", date(2027, 4, 4), 210),
        ("Asia/Kolkata", date(2027, 3, 28), 180),
        ("Pacific/Apia", date(2011, 12, 30), 0),  # a Friday that was left out
        ("Pacific/Apia", date(2011, 12, 31), 180),
    ],
)
def test_hours_count_as_often_as_they_happen(time_zone: str, day: date, minutes: int) -> None:
    assert open_minutes(each_day(NIGHT, time_zone), day) == minutes


def test_a_holiday_has_its_own_hours_or_none() -> None:
    christmas, new_year = date(2027, 12, 25), date(2027, 12, 31)
    short = Holiday(new_year, (Span(540, 720),))
    calendar = each_day(DAY, "Europe/Berlin", Holiday(christmas), short)
    assert open_minutes(calendar, christmas) == 0
    assert open_minutes(calendar, new_year) == 180
    assert open_minutes(calendar, date(2028, 12, 25)) == 480


@given(
    st.integers(0, 3_000_000),
    st.integers(1, 500_000),
    st.sampled_from(["Europe/Berlin", "Pacific/Apia", "Australia/Lord_Howe"]),
)
def test_position_and_instant_undo_each_other(start: int, length: int, time_zone: str) -> None:
    axis = OpenTime(each_day((*DAY, *NIGHT), time_zone))
    position = axis.position(instant_of(datetime(2010, 1, 1, tzinfo=UTC)) + start * MINUTE)
    instant = axis.instant(position + length * MINUTE)
    assert axis.position(instant) == position + length * MINUTE
    assert axis.position(instant - 1) == position + length * MINUTE - 1


def test_the_axis_grows_both_ways_and_stays_the_same() -> None:
    instants = [instant_of(datetime(year, 7, 1, 12, tzinfo=UTC)) for year in range(2020, 2034)]
    forth, back = OpenTime(each_day(DAY)), OpenTime(each_day(DAY))
    rising = [forth.position(instant) for instant in instants]
    falling = [back.position(instant) for instant in reversed(instants)][::-1]
    steps = [later - earlier for earlier, later in pairwise(rising)]
    assert steps == [later - earlier for earlier, later in pairwise(falling)]
    assert [time_of(back.instant(position)) for position in falling] == list(map(time_of, instants))


@pytest.mark.parametrize(
    "spans",
    [
        (Span(600, 540),),
        (Span(540, 540),),
        (Span(-1, 60),),
        (Span(1380, 1441),),
        (Span(540, 720), Span(719, 800)),
        (Span(700, 800), Span(540, 720)),
    ],
)
def test_reversed_and_overlapping_spans_are_refused(spans: Spans) -> None:
    with pytest.raises(SlaSpansInvalid):
        require_calendar(each_day(spans))
    with pytest.raises(SlaSpansInvalid):
        require_calendar(each_day(DAY, "UTC", Holiday(date(2027, 1, 1), spans)))


def test_spans_that_touch_are_allowed_in_any_order() -> None:
    require_calendar(each_day((Span(720, 1440), Span(0, 720))))


def test_a_calendar_without_an_open_hour_is_refused_and_never_walked() -> None:
    closed = each_day((), "UTC", Holiday(date(2027, 1, 1), DAY))
    with pytest.raises(SlaCalendarNeverOpen):
        require_calendar(closed)
    with pytest.raises(SlaCalendarNeverOpen):
        OpenTime(closed)


@pytest.mark.parametrize(
    "name", ["", "Europe", "Europe/Bonn", "../etc/passwd", "/etc/passwd", "a" * 300, "Über", "\0"]
)
def test_an_unknown_time_zone_is_refused(name: str) -> None:
    with pytest.raises(SlaTimeZoneUnknown):
        require_calendar(each_day(ALWAYS_OPEN, name))


def test_a_date_given_twice_and_too_many_dates_are_refused() -> None:
    day = date(2027, 1, 1)
    with pytest.raises(SlaHolidaysInvalid):
        require_calendar(each_day(DAY, "UTC", Holiday(day), Holiday(day)))
    many = [Holiday(day + timedelta(days=n)) for n in range(1_001)]
    with pytest.raises(SlaHolidaysInvalid):
        require_calendar(each_day(DAY, "UTC", *many))


def test_what_lies_behind_the_last_date_is_refused_and_not_looked_for_forever() -> None:
    axis = OpenTime(each_day(DAY))
    position = axis.position(instant_of(datetime(9990, 1, 1, tzinfo=UTC)))
    with pytest.raises(SlaTargetInvalid):
        axis.instant(position + 10**18)
