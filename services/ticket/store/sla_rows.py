"""What the SLA keeps as JSON ↔ domain, both directions side by side."""

from collections.abc import Iterable, Mapping
from dataclasses import astuple
from datetime import date, datetime
from typing import Any

from services.ticket.domain import TicketPriority
from services.ticket.sla.clocks import ClockTimes, SlaState
from services.ticket.sla.opening_hours import BusinessCalendar, Holiday, Span, Spans
from services.ticket.sla.policy import SlaClock, SlaPolicy, Targets
from services.ticket.sla.watch import Watch


def policy_json(policy: SlaPolicy) -> dict[str, Any]:
    return {
        "targets": {priority.name: astuple(each) for priority, each in policy.targets.items()},
        **calendar_json(policy.calendar),
        "amber_percent": policy.amber_percent,
        "red_percent": policy.red_percent,
    }


def policy_from(written: Mapping[str, Any]) -> SlaPolicy:
    return SlaPolicy(
        {TicketPriority[name]: Targets(*each) for name, each in written["targets"].items()},
        calendar_from(written),
        written["amber_percent"],
        written["red_percent"],
    )


def calendar_json(calendar: BusinessCalendar) -> dict[str, Any]:
    return {
        "time_zone": calendar.time_zone,
        "week": [_spans_json(spans) for spans in calendar.week],
        "holidays": {day.day.isoformat(): _spans_json(day.spans) for day in calendar.holidays},
    }


def calendar_from(written: Mapping[str, Any]) -> BusinessCalendar:
    mon, tue, wed, thu, fri, sat, sun = map(_spans_from, written["week"])
    holidays = (
        Holiday(date.fromisoformat(day), _spans_from(spans))
        for day, spans in written["holidays"].items()
    )
    return BusinessCalendar(
        written["time_zone"], (mon, tue, wed, thu, fri, sat, sun), tuple(holidays)
    )


def _spans_json(spans: Spans) -> list[tuple[int, int]]:
    return [(span.start_minute, span.end_minute) for span in spans]


def _spans_from(written: Iterable[tuple[int, int]]) -> Spans:
    return tuple(Span(start, end) for start, end in written)


def watch_json(watch: Watch) -> dict[str, Any]:
    return {
        "clocks": {
            each.clock: [
                _time_json(time) for time in (each.amber_time, each.red_time, each.due_time)
            ]
            for each in watch.clocks
        },
        "told": {clock: state.name for clock, state in watch.told.items()},
        "answers": watch.answers,
    }


def watch_from(written: Mapping[str, Any] | None) -> Watch:
    if not written:
        return Watch()
    return Watch(
        tuple(
            ClockTimes(SlaClock(clock), *map(_time_from, times))
            for clock, times in written["clocks"].items()
        ),
        {SlaClock(clock): SlaState[state] for clock, state in written["told"].items()},
        written["answers"],
    )


def _time_json(time: datetime | None) -> str | None:
    return time.isoformat() if time is not None else None


def _time_from(written: str | None) -> datetime | None:
    return datetime.fromisoformat(written) if written is not None else None
