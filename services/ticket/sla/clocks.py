"""Which clocks of a ticket run, and when each reaches what was promised.

- The first response is due from the customer's first message, until an agent writes to them. Where
  an agent wrote first, nobody waits for a first response.
- The next response is due from the first message that the last answer does not answer.
- The resolution is due from the opening. A ticket that is reopened goes on where it stopped.
- All stand still while the ticket waits for the customer or is resolved; being closed or merged
  ends them.
- The target is that of the present priority, for the whole time that a clock has measured.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum

from services.ticket.domain import TicketStatus
from services.ticket.sla.history import Happening, HistoryEntry
from services.ticket.sla.open_time import MINUTE, OpenTime, instant_of, time_of
from services.ticket.sla.policy import WHOLE_PERCENT, SlaClock, SlaPolicy

# By themselves, for looking one up in its class takes longer than all else that is done with it.
_NEW, _OPEN, _PENDING, _RESOLVED, _CLOSED = TicketStatus
_CUSTOMER_WROTE, _AGENT_WROTE, _CHANGED, _MERGED = Happening
_FIRST_RESPONSE, _NEXT_RESPONSE, _RESOLUTION = SlaClock


class SlaState(IntEnum):
    GREEN = 1
    AMBER = 2
    RED = 3
    BREACHED = 4


@dataclass(frozen=True)
class ClockTimes:
    """When a clock turns, or has turned; None while it stands still before that."""

    clock: SlaClock
    amber_time: datetime | None
    red_time: datetime | None
    due_time: datetime | None

    def state_at(self, time: datetime) -> SlaState:
        """Whoever answers at the due time to the microsecond is in time: the log goes first."""
        if _is_reached(self.due_time, time):
            return SlaState.BREACHED
        if _is_reached(self.red_time, time):
            return SlaState.RED
        return SlaState.AMBER if _is_reached(self.amber_time, time) else SlaState.GREEN


def open_clocks(
    policy: SlaPolicy, open_time: OpenTime, history: Sequence[HistoryEntry]
) -> tuple[ClockTimes, ...]:
    """Returns the clocks that somebody still has to stop, of those that have a target."""
    if not history:
        return ()
    targets = policy.targets_of(history[-1].priority)
    return tuple(
        _times(policy, open_time, clock, stopwatch, minutes * MINUTE)
        for clock, stopwatch in _measured(open_time, history)
        if (minutes := targets.of(clock)) is not None
    )


@dataclass(slots=True)
class Stopwatch:
    """Stretches of the axis of open time that it has measured; it runs since `since`."""

    stretches: list[tuple[int, int]] = field(default_factory=list)
    since: int | None = None

    def turn(self, position: int, *, on: bool) -> None:
        if on and self.since is None:
            self.since = position
        elif not on and self.since is not None:
            self.stretches.append((self.since, position))
            self.since = None


def _measured(
    open_time: OpenTime, history: Sequence[HistoryEntry]
) -> Iterator[tuple[SlaClock, Stopwatch]]:
    resolution = Stopwatch()
    response: Stopwatch | None = None
    response_clock = _FIRST_RESPONSE
    was_running, is_new = False, False
    for entry in history:
        status, happening = entry.status, entry.happening
        if status is _CLOSED or happening is _MERGED:
            return
        if happening is _AGENT_WROTE:
            response, response_clock = None, _NEXT_RESPONSE
        elif happening is _CUSTOMER_WROTE and response is None:
            response, is_new = Stopwatch(), True
        is_running = status is _OPEN or status is _NEW
        if is_running is was_running and not is_new:
            continue
        was_running, is_new = is_running, False
        position = open_time.position(instant_of(entry.time))
        resolution.turn(position, on=is_running)
        if response is not None:
            response.turn(position, on=is_running)
    if history[-1].status is _RESOLVED:
        return
    if response is not None:
        yield response_clock, response
    yield _RESOLUTION, resolution


def _times(
    policy: SlaPolicy, open_time: OpenTime, clock: SlaClock, stopwatch: Stopwatch, target: int
) -> ClockTimes:
    return ClockTimes(
        clock,
        reached(open_time, stopwatch, target * policy.amber_percent // WHOLE_PERCENT),
        reached(open_time, stopwatch, target * policy.red_percent // WHOLE_PERCENT),
        reached(open_time, stopwatch, target),
    )


def reached(open_time: OpenTime, stopwatch: Stopwatch, length: int) -> datetime | None:
    for start, end in stopwatch.stretches:
        if length <= end - start:
            return time_of(open_time.instant(start + length))
        length -= end - start
    if stopwatch.since is None:
        return None
    return time_of(open_time.instant(stopwatch.since + length))


def _is_reached(moment: datetime | None, time: datetime) -> bool:
    return moment is not None and moment <= time
