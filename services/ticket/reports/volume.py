"""How many tickets came in, were solved and were taken up again, and how many were left."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from services.ticket.domain import TicketStatus
from services.ticket.errors.reports import ReportTooManyBuckets
from services.ticket.reports.period import Period

SOLVED = (TicketStatus.RESOLVED, TicketStatus.CLOSED)
# Of all groups together; what a message can carry, and more than anybody reads.
MOST_ROWS = 20_000


@dataclass(frozen=True)
class Move:
    """So many tickets of a group came, or turned from not solved to solved or back.

    A ticket that came was nothing before. One without a time was made before the period.
    """

    group: str
    before: TicketStatus | None
    after: TicketStatus
    time: datetime | None
    tickets: int = 1

    @property
    def created(self) -> int:
        return self.tickets if self.before is None else 0

    @property
    def resolved(self) -> int:
        """What is closed without having been resolved was merged into another."""
        is_resolved = self.after is TicketStatus.RESOLVED and self.before not in (None, *SOLVED)
        return self.tickets if is_resolved else 0

    @property
    def reopened(self) -> int:
        return self.tickets if self.before in SOLVED and self.after not in SOLVED else 0

    @property
    def left(self) -> int:
        """By how many it changes those that are not solved."""
        was_left = self.before is not None and self.before not in SOLVED
        return ((self.after not in SOLVED) - was_left) * self.tickets


@dataclass(frozen=True)
class VolumeRow:
    group: str
    from_day: date
    until_day: date
    created: int
    resolved: int
    reopened: int
    backlog: int


def volume_rows(period: Period, moves: Iterable[Move]) -> list[VolumeRow]:
    """By group and time. Raises ReportTooManyBuckets."""
    counted: defaultdict[str, Counter[tuple[int, str]]] = defaultdict(Counter)
    for move in moves:
        place = -1 if move.time is None else period.place_of(move.time)
        counts = counted[move.group]
        counts[place, "created"] += move.created
        counts[place, "resolved"] += move.resolved
        counts[place, "reopened"] += move.reopened
        counts[place, "left"] += move.left
    if len(counted) * len(period.buckets) > MOST_ROWS:
        raise ReportTooManyBuckets(MOST_ROWS)
    return [row for group in sorted(counted) for row in _rows(period, group, counted[group])]


def _rows(period: Period, group: str, counts: Counter[tuple[int, str]]) -> list[VolumeRow]:
    rows, backlog = [], counts[-1, "left"]
    for place, bucket in enumerate(period.buckets):
        backlog += counts[place, "left"]
        rows.append(
            VolumeRow(
                group,
                bucket.from_day,
                bucket.until_day,
                counts[place, "created"],
                counts[place, "resolved"],
                counts[place, "reopened"],
                backlog,
            )
        )
    return rows
