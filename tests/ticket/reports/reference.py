"""The reports again: slowly, ticket by ticket and day by day, by nothing but the definitions."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from services.ticket.domain import Ticket, TicketEvent, TicketEventKind, TicketStatus
from services.ticket.reports.attainment import Attainment, SlaRow
from services.ticket.reports.period import BucketSize
from services.ticket.reports.times import Figures, TimeRow
from services.ticket.reports.volume import VolumeRow
from services.ticket.sla.attainment import Promise
from services.ticket.sla.policy import SlaClock

SOLVED = {TicketStatus.RESOLVED, TicketStatus.CLOSED}
Days = tuple[date, date]


@dataclass(frozen=True)
class Reference:
    """`logs` are those of the tickets that count, each whole and in its order."""

    logs: Sequence[tuple[Ticket, Sequence[TicketEvent]]]
    group_of: Callable[[Ticket], str]
    from_day: date
    until_day: date
    zone: ZoneInfo
    size: BucketSize

    def volume(self) -> list[VolumeRow]:
        return [
            VolumeRow(
                group,
                *days,
                created=sum(self._is_in(ticket.create_time, days) for ticket, _ in logs),
                resolved=self._count(logs, days, was_resolved),
                reopened=self._count(logs, days, was_reopened),
                backlog=sum(self._is_left(log, days[1]) for _, log in logs),
            )
            for group, logs in self._groups()
            if any(self._day(log[0].create_time) < self.until_day for _, log in logs)
            for days in self.pieces()
        ]

    def times(self) -> list[TimeRow]:
        rows = []
        for group, logs in self._groups():
            for days in self.pieces():
                responses = self._waits(logs, days, first_response)
                resolutions = self._waits(logs, days, first_resolution)
                if responses or resolutions:
                    rows.append(TimeRow(group, *days, figures(responses), figures(resolutions)))
        return rows

    def sla(
        self, promises_of: Callable[[Ticket, Sequence[TicketEvent]], Sequence[Promise]]
    ) -> list[SlaRow]:
        rows = []
        for group, logs in self._groups():
            found = [promise for ticket, log in logs for promise in promises_of(ticket, log)]
            for days in self.pieces():
                own = [promise for promise in found if self._is_in(promise.time, days)]
                counts = [
                    Attainment(
                        sum(one.clock is clock and one.is_kept for one in own),
                        sum(one.clock is clock and not one.is_kept for one in own),
                    )
                    for clock in SlaClock
                ]
                if own:
                    rows.append(SlaRow(group, *days, *counts))
        return rows

    def pieces(self) -> list[Days]:
        pieces: list[list[date]] = []
        day = self.from_day
        while day < self.until_day:
            if not pieces or begins(day, self.size):
                pieces.append([])
            pieces[-1].append(day)
            day += timedelta(days=1)
        return [(piece[0], piece[-1] + timedelta(days=1)) for piece in pieces]

    def _groups(self) -> Iterator[tuple[str, list[tuple[Ticket, Sequence[TicketEvent]]]]]:
        for group in sorted({self.group_of(ticket) for ticket, _ in self.logs}):
            yield group, [one for one in self.logs if self.group_of(one[0]) == group]

    def _count(
        self,
        logs: Sequence[tuple[Ticket, Sequence[TicketEvent]]],
        days: Days,
        happened: Callable[[TicketEvent, TicketEvent], bool],
    ) -> int:
        return sum(
            happened(log[i - 1], log[i]) and self._is_in(log[i].create_time, days)
            for _, log in logs
            for i in range(1, len(log))
        )

    def _is_left(self, log: Sequence[TicketEvent], day: date) -> bool:
        before = [event for event in log if self._day(event.create_time) < day]
        return bool(before) and before[-1].status not in SOLVED

    def _waits(
        self,
        logs: Sequence[tuple[Ticket, Sequence[TicketEvent]]],
        days: Days,
        end_of: Callable[[Ticket, Sequence[TicketEvent]], datetime | None],
    ) -> list[int]:
        ends = [(ticket, end_of(ticket, log)) for ticket, log in logs]
        return sorted(
            int((end - ticket.create_time).total_seconds())
            for ticket, end in ends
            if end is not None and self._is_in(end, days)
        )

    def _is_in(self, time: datetime, days: Days) -> bool:
        return days[0] <= self._day(time) < days[1]

    def _day(self, time: datetime) -> date:
        return local_day(time, self.zone)


@cache
def local_day(time: datetime, zone: ZoneInfo) -> date:
    return time.astimezone(zone).date()


def begins(day: date, size: BucketSize) -> bool:
    if size is BucketSize.WEEK:
        return day.isoweekday() == 1
    return size is BucketSize.DAY or (size is BucketSize.MONTH and day.day == 1)


def was_resolved(before: TicketEvent, event: TicketEvent) -> bool:
    return event.kind is TicketEventKind.RESOLVED and before.status not in SOLVED


def was_reopened(before: TicketEvent, event: TicketEvent) -> bool:
    return event.kind is TicketEventKind.REOPENED and before.status in SOLVED


def first_response(ticket: Ticket, log: Sequence[TicketEvent]) -> datetime | None:
    for event in log:
        is_comment = event.kind is TicketEventKind.COMMENTED and not event.is_internal
        if is_comment and event.actor_id != ticket.requester_id:
            return event.create_time
    return None


def first_resolution(ticket: Ticket, log: Sequence[TicketEvent]) -> datetime | None:
    del ticket
    for event in log:
        if event.kind is TicketEventKind.RESOLVED:
            return event.create_time
    return None


def figures(seconds: Sequence[int]) -> Figures:
    """The shortest time within which so many hundredths of the tickets were ready."""
    if not seconds:
        return Figures()

    def percentile(percent: int) -> int:
        return min(
            limit
            for limit in seconds
            if 100 * sum(each <= limit for each in seconds) >= percent * len(seconds)
        )

    return Figures(len(seconds), *(percentile(percent) for percent in (50, 75, 90, 95)))
