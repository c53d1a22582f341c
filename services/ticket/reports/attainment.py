"""How many promises were kept, and how many were missed."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from services.ticket.errors.reports import ReportTooManyBuckets
from services.ticket.reports.period import Period
from services.ticket.reports.volume import MOST_ROWS
from services.ticket.sla.attainment import Promise
from services.ticket.sla.policy import SlaClock

_WHOLE = 100


@dataclass(frozen=True)
class Attainment:
    kept: int = 0
    missed: int = 0

    @property
    def promised(self) -> int:
        return self.kept + self.missed

    @property
    def percent(self) -> float:
        """To two places; 0 where nothing was promised."""
        return round(_WHOLE * self.kept / self.promised, 2) if self.promised else 0.0


@dataclass(frozen=True)
class SlaRow:
    group: str
    from_day: date
    until_day: date
    first_response: Attainment
    next_response: Attainment
    resolution: Attainment


def sla_rows(period: Period, promises: Iterable[tuple[str, Promise]]) -> list[SlaRow]:
    """By group and time; each promise comes with its group. Raises ReportTooManyBuckets."""
    counts: Counter[tuple[str, int, SlaClock, bool]] = Counter()
    for group, promise in promises:
        if period.from_time <= promise.time < period.until_time:
            place = period.place_of(promise.time)
            counts[group, place, promise.clock, promise.is_kept] += 1
    found = sorted({(group, place) for group, place, _, _ in counts})
    if len(found) > MOST_ROWS:
        raise ReportTooManyBuckets(MOST_ROWS)
    return [
        SlaRow(
            group,
            period.buckets[place].from_day,
            period.buckets[place].until_day,
            *(
                Attainment(counts[group, place, clock, True], counts[group, place, clock, False])
                for clock in SlaClock
            ),
        )
        for group, place in found
    ]
