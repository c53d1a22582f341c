"""How long tickets waited for their first response, and until they were solved."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from services.ticket.errors.reports import ReportTooManyBuckets
from services.ticket.reports.period import Period
from services.ticket.reports.volume import MOST_ROWS
from services.ticket.sla.open_time import SECOND, OpenTime, instant_of

_NO_TIME = timedelta()


class Measure(StrEnum):
    FIRST_RESPONSE = "FIRST_RESPONSE"
    RESOLUTION = "RESOLUTION"


@dataclass(frozen=True)
class Wait:
    """From the opening of a ticket to what was waited for."""

    measure: Measure
    group: str
    open_time: datetime
    end_time: datetime


@dataclass(frozen=True)
class Figures:
    """In whole seconds, cut off. A percentile is the time of one of the tickets."""

    tickets: int = 0
    p50: int = 0
    p75: int = 0
    p90: int = 0
    p95: int = 0


@dataclass(frozen=True)
class TimeRow:
    """The open ones are None where nobody has said when people work."""

    group: str
    from_day: date
    until_day: date
    first_response: Figures
    resolution: Figures
    first_response_open: Figures | None = None
    resolution_open: Figures | None = None


def figures_of(seconds: Sequence[int]) -> Figures:
    """By nearest rank: of a hundred times, the 95th is the 95th shortest."""
    if not seconds:
        return Figures()
    ordered = sorted(seconds)

    def percentile(percent: int) -> int:
        return ordered[-(-percent * len(ordered) // 100) - 1]

    return Figures(len(ordered), *(percentile(percent) for percent in (50, 75, 90, 95)))


def time_rows(
    period: Period, waits: Iterable[Wait], open_time: OpenTime | None = None
) -> list[TimeRow]:
    """By group and time. Raises ReportTooManyBuckets."""
    found: defaultdict[tuple[str, int], dict[Measure, list[Wait]]] = defaultdict(
        lambda: {measure: [] for measure in Measure}
    )
    for wait in waits:
        found[wait.group, period.place_of(wait.end_time)][wait.measure].append(wait)
    if len(found) > MOST_ROWS:
        raise ReportTooManyBuckets(MOST_ROWS)
    rows = []
    for (group, place), of in sorted(found.items()):
        bucket = period.buckets[place]
        figures = [_figures(of[measure], _calendar_seconds) for measure in Measure]
        if open_time is not None:
            figures += [_figures(of[measure], _open_seconds(open_time)) for measure in Measure]
        rows.append(TimeRow(group, bucket.from_day, bucket.until_day, *figures))
    return rows


def _figures(waits: Sequence[Wait], seconds: Callable[[Wait], int]) -> Figures:
    return figures_of([seconds(wait) for wait in waits])


def _calendar_seconds(wait: Wait) -> int:
    # The clocks of two processes may differ by a little.
    return int(max(wait.end_time - wait.open_time, _NO_TIME).total_seconds())


def _open_seconds(open_time: OpenTime) -> Callable[[Wait], int]:
    def seconds(wait: Wait) -> int:
        began, ended = map(instant_of, (wait.open_time, wait.end_time))
        return max(0, open_time.position(ended) - open_time.position(began)) // SECOND

    return seconds
