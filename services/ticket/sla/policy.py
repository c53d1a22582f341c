"""What a tenant promises: how long it may take, by the ticket's priority."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from services.ticket.domain import TicketPriority
from services.ticket.errors.sla import SlaSharesInvalid, SlaTargetInvalid
from services.ticket.sla.opening_hours import AROUND_THE_CLOCK, BusinessCalendar, require_calendar

# A target is reached within so many weeks of usual opening hours.
MOST_WEEKS = 260
WHOLE_PERCENT = 100
AMBER_PERCENT, RED_PERCENT = 75, 90


class SlaClock(StrEnum):
    """What is measured: until an agent first answers, answers again, and solves it."""

    FIRST_RESPONSE = "FIRST_RESPONSE"
    NEXT_RESPONSE = "NEXT_RESPONSE"
    RESOLUTION = "RESOLUTION"


_FIRST_RESPONSE, _NEXT_RESPONSE, _RESOLUTION = SlaClock


@dataclass(frozen=True)
class Targets:
    """In minutes of open time; None is no promise."""

    first_response: int | None = None
    next_response: int | None = None
    resolution: int | None = None

    def of(self, clock: SlaClock) -> int | None:
        if clock is _FIRST_RESPONSE:
            return self.first_response
        return self.next_response if clock is _NEXT_RESPONSE else self.resolution


NO_TARGETS = Targets()


@dataclass(frozen=True)
class SlaPolicy:
    """A clock turns amber, then red, when so many hundredths of its target are used up."""

    targets: Mapping[TicketPriority, Targets] = field(default_factory=dict)
    calendar: BusinessCalendar = AROUND_THE_CLOCK
    amber_percent: int = AMBER_PERCENT
    red_percent: int = RED_PERCENT

    def targets_of(self, priority: TicketPriority) -> Targets:
        return self.targets.get(priority, NO_TARGETS)


def require_policy(policy: SlaPolicy) -> None:
    """Refuses a policy by which no due time could be told."""
    require_calendar(policy.calendar)
    if not 0 < policy.amber_percent < policy.red_percent < WHOLE_PERCENT:
        raise SlaSharesInvalid(policy.amber_percent, policy.red_percent)
    most_minutes = MOST_WEEKS * policy.calendar.weekly_minutes
    for where, minutes in _all_targets(policy):
        if minutes <= 0:
            raise SlaTargetInvalid(f"the target of {where} must be a minute or more")
        if minutes > most_minutes:
            raise SlaTargetInvalid(
                f"the target of {where} takes more than {MOST_WEEKS} weeks of opening hours"
            )


def _all_targets(policy: SlaPolicy) -> Iterator[tuple[str, int]]:
    for priority, targets in policy.targets.items():
        for clock in SlaClock:
            minutes = targets.of(clock)
            if minutes is not None:
                yield f"{priority.name}.{clock}", minutes
