"""Which turns of a ticket's clocks its log must hold, and when the next one comes.

A turn is told once. A clock that falls back, by another priority or policy, may turn again; a
ticket that is reopened is not told again what it was told before; each unanswered message is new.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from services.mesh.caller import UserId
from services.ticket.domain import Ticket, TicketEvent, TicketEventKind
from services.ticket.sla.clocks import ClockTimes, SlaState
from services.ticket.sla.history import Happening, HistoryEntry
from services.ticket.sla.policy import SlaClock

Told = Mapping[SlaClock, SlaState]

_KINDS = MappingProxyType(
    {
        SlaState.AMBER: TicketEventKind.SLA_AMBER,
        SlaState.RED: TicketEventKind.SLA_RED,
        SlaState.BREACHED: TicketEventKind.SLA_BREACHED,
    }
)
_NOBODY = UserId("")


@dataclass(frozen=True)
class Turn:
    time: datetime
    state: SlaState
    clock: SlaClock


@dataclass(frozen=True)
class Watch:
    """The open clocks of a ticket, what its log holds of them, and how often it was answered."""

    clocks: tuple[ClockTimes, ...] = ()
    told: Told = field(default_factory=dict)
    answers: int = 0

    @property
    def next_time(self) -> datetime | None:
        return min((turn.time for turn in self._untold()), default=None)

    def turns(self, before: datetime) -> list[Turn]:
        """Returns what the log must hold before it holds anything of that time."""
        found = [turn for turn in self._untold() if turn.time < before]
        return sorted(found, key=lambda turn: (turn.time, turn.state))

    def having_told(self, turns: Sequence[Turn]) -> "Watch":
        told = dict(self.told)
        for turn in turns:
            told[turn.clock] = max(told.get(turn.clock, SlaState.GREEN), turn.state)
        return Watch(self.clocks, told, self.answers)

    def following(
        self, clocks: tuple[ClockTimes, ...], history: Sequence[HistoryEntry], now: datetime
    ) -> "Watch":
        """The watch after the log has grown, or the policy has changed."""
        answers = sum(entry.happening is Happening.AGENT_WROTE for entry in history)
        told = dict(self.told)
        if answers != self.answers:
            told.pop(SlaClock.NEXT_RESPONSE, None)
        for times in clocks:
            if times.clock in told:
                told[times.clock] = min(told[times.clock], times.state_at(now))
        return Watch(clocks, told, answers)

    def _untold(self) -> Iterator[Turn]:
        for times in self.clocks:
            told = self.told.get(times.clock, SlaState.GREEN)
            moments = (times.amber_time, times.red_time, times.due_time)
            for state, moment in zip(_KINDS, moments, strict=True):
                if moment is not None and state > told:
                    yield Turn(moment, state, times.clock)


def event_of_turn(ticket: Ticket, turn: Turn, *, not_before: datetime) -> TicketEvent:
    """The log goes forward: what was late before it was promised is written where the log is."""
    return TicketEvent(
        ticket_id=ticket.ticket_id,
        kind=_KINDS[turn.state],
        actor_id=_NOBODY,
        create_time=max(turn.time, not_before),
        status=ticket.status,
        assignee_id=ticket.assignee_id,
        is_internal=True,
        changes={},
        cause=turn.clock,
    )
