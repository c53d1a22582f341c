"""Which of a ticket's promises were kept, and which were missed, and when.

- A response is kept when an agent writes before it is due, the first as every next one.
- The resolution is kept when the ticket is resolved for the first time before it is due. What
  happens to it after that does not count, so that the past stays as it was.
- All are missed at the moment at which they are due and not done, also where they are done later.
- What ends without having been due, by a closing or a merge, was neither; what still runs is not
  counted yet.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.ticket.domain import TicketStatus
from services.ticket.sla.clocks import Stopwatch, reached
from services.ticket.sla.history import Happening, HistoryEntry
from services.ticket.sla.open_time import MINUTE, OpenTime, instant_of
from services.ticket.sla.policy import SlaClock, SlaPolicy, Targets

_RUNNING = (TicketStatus.NEW, TicketStatus.OPEN)


@dataclass(frozen=True)
class Promise:
    """One that was kept or missed at this time."""

    clock: SlaClock
    time: datetime
    is_kept: bool


def promises(
    policy: SlaPolicy, open_time: OpenTime, history: Sequence[HistoryEntry], now: datetime
) -> Iterator[Promise]:
    """By the target of the last priority, as the clocks are."""
    if history:
        targets = policy.targets_of(history[-1].priority)
        yield from _Walk(targets, open_time).through(history, now)


class _Walk:
    """Along a history, with the clocks that run or stand still."""

    def __init__(self, targets: Targets, open_time: OpenTime) -> None:
        self._targets = targets
        self._open_time = open_time
        self._watches = {SlaClock.RESOLUTION: Stopwatch()}
        self._is_answered = False

    def through(self, history: Sequence[HistoryEntry], now: datetime) -> Iterator[Promise]:
        for entry in history:
            ends = entry.status is TicketStatus.CLOSED or entry.happening is Happening.MERGED
            if ends:
                yield from self._missed_before(entry.time, *self._watches)
                return
            yield from self._stopped(entry)
            self._turn(entry)
        yield from self._missed_before(now, *self._watches, or_at_it=True)

    def _stopped(self, entry: HistoryEntry) -> Iterator[Promise]:
        stopped = []
        if entry.happening is Happening.AGENT_WROTE:
            stopped += [SlaClock.FIRST_RESPONSE, SlaClock.NEXT_RESPONSE]
            self._is_answered = True
        if entry.status is TicketStatus.RESOLVED:
            stopped.append(SlaClock.RESOLUTION)
        for clock in stopped:
            if clock not in self._watches:
                continue
            missed = [*self._missed_before(entry.time, clock)]
            yield from missed
            if not missed and self._targets.of(clock) is not None:
                yield Promise(clock, entry.time, is_kept=True)
            del self._watches[clock]
        if entry.happening is Happening.CUSTOMER_WROTE:
            clock = SlaClock.NEXT_RESPONSE if self._is_answered else SlaClock.FIRST_RESPONSE
            self._watches.setdefault(clock, Stopwatch())

    def _turn(self, entry: HistoryEntry) -> None:
        position = self._open_time.position(instant_of(entry.time))
        for watch in self._watches.values():
            watch.turn(position, on=entry.status in _RUNNING)

    def _missed_before(
        self, time: datetime, *clocks: SlaClock, or_at_it: bool = False
    ) -> Iterator[Promise]:
        for clock in clocks:
            minutes = self._targets.of(clock)
            if minutes is None:
                continue
            due = reached(self._open_time, self._watches[clock], minutes * MINUTE)
            if due is not None and (due < time or (or_at_it and due == time)):
                yield Promise(clock, due, is_kept=False)
