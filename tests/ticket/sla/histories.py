"""Calendars, policies and histories drawn at random, around the days when clocks are changed."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from services.ticket.domain import TicketPriority, TicketStatus
from services.ticket.sla.history import Happening, HistoryEntry
from services.ticket.sla.opening_hours import BusinessCalendar, Holiday, Span, Spans
from services.ticket.sla.policy import SlaPolicy, Targets

NEW, OPEN, PENDING, RESOLVED, CLOSED = TicketStatus

# Each begins some days before its clock is changed, or, in Apia, leaves a whole day out.
PLACES: tuple[tuple[str, date], ...] = (
    ("Europe/Berlin", date(2027, 3, 20)),
    ("Europe/Berlin", date(2027, 10, 22)),
    ("America/New_York", date(2027, 3, 5)),
    ("America/New_York", date(2027, 10, 30)),
    ("Australia/Lord_Howe", date(2027, 3, 27)),
    ("Australia/Lord_Howe", date(2027, 9, 26)),
    ("Asia/Kolkata", date(2027, 12, 20)),
    ("Pacific/Apia", date(2011, 12, 20)),
    ("Pacific/Apia", date(2021, 3, 27)),
)
HISTORIES_OF_A_CALENDAR = 25
# What may happen next, and how often in a hundred times.
_NEXT: dict[Happening | TicketPriority | TicketStatus, int] = {
    Happening.CUSTOMER_WROTE: 24,
    Happening.AGENT_WROTE: 20,
    Happening.MERGED: 1,
    CLOSED: 1,
    OPEN: 18,
    PENDING: 14,
    RESOLVED: 6,
    **dict.fromkeys(TicketPriority, 4),
}
_STEPS, _WEIGHTS = list(_NEXT), list(_NEXT.values())
_LONGEST_DAYS = 20


@dataclass(frozen=True)
class Case:
    """A policy with histories that all begin after `start`."""

    start: datetime
    policy: SlaPolicy
    histories: list[list[HistoryEntry]] = field(default_factory=list)


def cases(count: int, seed: int) -> Iterator[Case]:
    """Draws so many histories; the same seed draws the same."""
    dice = random.Random(seed)  # noqa: S311 - the same histories each time
    for number in range(0, count, HISTORIES_OF_A_CALENDAR):
        time_zone, day = PLACES[number // HISTORIES_OF_A_CALENDAR % len(PLACES)]
        start = datetime(day.year, day.month, day.day, tzinfo=UTC)
        policy = _policy(dice, _calendar(dice, time_zone, day))
        wanted = min(HISTORIES_OF_A_CALENDAR, count - number)
        yield Case(start, policy, [_history(dice, start) for _ in range(wanted)])


def _calendar(dice: random.Random, time_zone: str, day: date) -> BusinessCalendar:
    mon, wed, thu, sat, sun = (_spans(dice, least=0) for _ in range(5))
    tue, fri = _spans(dice, least=1), _spans(dice, least=1)
    days = dice.sample(range(1, 30), dice.randrange(4))
    holidays = tuple(Holiday(day + timedelta(days=n), _spans(dice, least=0)) for n in days)
    return BusinessCalendar(time_zone, (mon, tue, wed, thu, fri, sat, sun), holidays)


def _spans(dice: random.Random, least: int) -> Spans:
    """Often at night, when clocks are changed, and now and then the whole day."""
    if dice.random() < 0.1:
        return (Span(0, 1440),)
    count = dice.choice([0, 1, 1, 2, 3])
    marks = sorted(dice.sample(range(0, 1441, 15), 2 * max(count, least)))
    spans = [Span(*pair) for pair in zip(marks[::2], marks[1::2], strict=True)]
    if dice.random() < 0.3:
        spans = [Span(60, 215), Span(215, 1200)]
    dice.shuffle(spans)
    return tuple(spans)


def _policy(dice: random.Random, calendar: BusinessCalendar) -> SlaPolicy:
    most = max(2, calendar.weekly_minutes)

    def target() -> int | None:
        return None if dice.random() < 0.1 else dice.randint(1, dice.choice([60, most, most]))

    amber = dice.randint(1, 90)
    return SlaPolicy(
        {
            priority: Targets(target(), target(), target())
            for priority in TicketPriority
            if dice.random() < 0.9
        },
        calendar,
        amber,
        dice.randint(amber + 1, 99),
    )


def _history(dice: random.Random, start: datetime) -> list[HistoryEntry]:
    minutes = sorted(dice.randrange(_LONGEST_DAYS * 1440) for _ in range(dice.randint(1, 12)))
    status, priority = NEW, dice.choice(list(TicketPriority))
    happening = dice.choice([Happening.CUSTOMER_WROTE] * 4 + [Happening.AGENT_WROTE])
    entries: list[HistoryEntry] = []
    for minute in minutes:
        time = start + timedelta(minutes=minute)
        entries.append(HistoryEntry(time, happening, status, priority))
        if happening is Happening.CUSTOMER_WROTE and status in (PENDING, RESOLVED):
            status = OPEN
            entries.append(HistoryEntry(time, Happening.CHANGED, status, priority))
        happening, status, priority = _step(dice, status, priority)
    return entries


def _step(
    dice: random.Random, status: TicketStatus, priority: TicketPriority
) -> tuple[Happening, TicketStatus, TicketPriority]:
    if status is CLOSED:
        return Happening.CHANGED, CLOSED, priority
    drawn = dice.choices(_STEPS, _WEIGHTS)[0]
    if isinstance(drawn, Happening):
        return drawn, status, priority
    if isinstance(drawn, TicketPriority):
        return Happening.CHANGED, status, drawn
    return Happening.CHANGED, drawn, priority
