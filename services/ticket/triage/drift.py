"""Whether what triage has found of late is otherwise than before.

- How many are accepted: the z-test for two proportions with their pooled variance (NIST/SEMATECH
  e-Handbook of Statistical Methods, 7.3.3).
- The mix of queues that the accepted went to: the population stability index. Above 0.25 a shift is
  called significant (N. Siddiqi, Credit Risk Scorecards, 2006); of few tickets chance alone makes
  as much, so that it must also be above what chance exceeds once in a thousand times (B. Yurdakul
  and J. Naranjo, Statistical Properties of the Population Stability Index, 2020: the index is
  (1/n + 1/m) times a chi-square with one degree of freedom less than there are queues).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import log, sqrt

RECENT = timedelta(days=7)
REFERENCE = timedelta(days=28)
LEAST_TICKETS = 100
# Both sides together a chance of one in a thousand.
LEAST_Z = 3.29
# What is certain and of no consequence is no drift.
LEAST_DIFFERENCE = 0.1
LEAST_INDEX = 0.25
# What a chi-square exceeds once in a thousand times, by degrees of freedom.
_CHI_SQUARE = (0.0, 10.828, 13.816, 16.266, 18.467, 20.515, 22.458, 24.322, 26.124, 27.877)
# In place of nothing, of which there is no logarithm.
_HALF = 0.5


@dataclass(frozen=True)
class Found:
    """When a ticket was looked at, and its queue; without one, a person was asked."""

    time: datetime
    queue: str | None


@dataclass(frozen=True)
class QueueShare:
    queue: str
    reference: int
    recent: int


@dataclass(frozen=True)
class Drift:
    """The counts of both windows, and what they come to."""

    reference_tickets: int
    recent_tickets: int
    queues: tuple[QueueShare, ...]

    @property
    def reference_accepted(self) -> int:
        return sum(each.reference for each in self.queues)

    @property
    def recent_accepted(self) -> int:
        return sum(each.recent for each in self.queues)

    @property
    def is_enough(self) -> bool:
        return min(self.reference_tickets, self.recent_tickets) >= LEAST_TICKETS

    @property
    def z(self) -> float:
        """Of the accepted share; below 0 where it has become smaller."""
        before, now = self.reference_tickets, self.recent_tickets
        if not before or not now:
            return 0.0
        pooled = (self.reference_accepted + self.recent_accepted) / (before + now)
        deviation = sqrt(pooled * (1 - pooled) * (1 / before + 1 / now))
        return self._difference / deviation if deviation else 0.0

    @property
    def index(self) -> float:
        shares = [(each.reference + _HALF, each.recent + _HALF) for each in self.queues]
        before = sum(one for one, _ in shares)
        now = sum(other for _, other in shares)
        return sum(
            (other / now - one / before) * log((other / now) / (one / before))
            for one, other in shares
        )

    @property
    def index_limit(self) -> float:
        before, now = self.reference_accepted, self.recent_accepted
        if not before or not now:
            return LEAST_INDEX
        freedom = min(len(self.queues), len(_CHI_SQUARE)) - 1
        return max(LEAST_INDEX, (1 / before + 1 / now) * _CHI_SQUARE[freedom])

    @property
    def is_accepted_drifting(self) -> bool:
        is_large = abs(self._difference) >= LEAST_DIFFERENCE
        return self.is_enough and is_large and abs(self.z) >= LEAST_Z

    @property
    def are_queues_drifting(self) -> bool:
        is_enough = min(self.reference_accepted, self.recent_accepted) >= LEAST_TICKETS
        return is_enough and self.index > self.index_limit

    @property
    def _difference(self) -> float:
        if not self.recent_tickets or not self.reference_tickets:
            return 0.0
        return (
            self.recent_accepted / self.recent_tickets
            - self.reference_accepted / self.reference_tickets
        )


def drift_of(found: Sequence[Found], now: datetime) -> Drift:
    begin = now - RECENT
    recent = Counter(each.queue for each in found if each.time >= begin)
    reference = Counter(each.queue for each in found if begin - REFERENCE <= each.time < begin)
    queues = sorted({queue for queue in (*recent, *reference) if queue is not None})
    return Drift(
        reference.total(),
        recent.total(),
        tuple(QueueShare(queue, reference[queue], recent[queue]) for queue in queues),
    )
