"""Kept and missed promises again: slowly, asking the clocks anew before each entry of a log."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from services.ticket.domain import TicketStatus
from services.ticket.sla.attainment import Promise
from services.ticket.sla.clocks import open_clocks
from services.ticket.sla.history import Happening, HistoryEntry
from services.ticket.sla.open_time import OpenTime
from services.ticket.sla.policy import SlaClock, SlaPolicy

RESPONSES = (SlaClock.FIRST_RESPONSE, SlaClock.NEXT_RESPONSE)


def slow_promises(
    policy: SlaPolicy, open_time: OpenTime, history: Sequence[HistoryEntry], now: datetime
) -> Iterator[Promise]:
    over: set[SlaClock] = set()
    for place, entry in enumerate(history):
        due = dues(policy, open_time, history[:place])
        late = {
            clock
            for clock, time in due.items()
            if clock not in over and time is not None and time < entry.time
        }
        for clock in late:
            yield missed(clock, due[clock])
        over |= late
        if entry.status is TicketStatus.CLOSED or entry.happening is Happening.MERGED:
            return
        done = set(RESPONSES) if entry.happening is Happening.AGENT_WROTE else set[SlaClock]()
        if entry.status is TicketStatus.RESOLVED:
            done.add(SlaClock.RESOLUTION)
        for clock in done & due.keys() - over:
            yield Promise(clock, entry.time, is_kept=True)
        # A resolution is promised once, a response for each unanswered message.
        over = over - (done & set(RESPONSES)) | (done & {SlaClock.RESOLUTION})
    for clock, time in dues(policy, open_time, history).items():
        if clock not in over and time is not None and time <= now:
            yield missed(clock, time)


def dues(
    policy: SlaPolicy, open_time: OpenTime, history: Sequence[HistoryEntry]
) -> dict[SlaClock, datetime | None]:
    """Also of a resolved ticket, whose clocks stand still as those of a pending one."""
    still = [
        replace(entry, status=TicketStatus.PENDING)
        if entry.status is TicketStatus.RESOLVED
        else entry
        for entry in history
    ]
    return {times.clock: times.due_time for times in open_clocks(policy, open_time, still)}


def missed(clock: SlaClock, time: datetime | None) -> Promise:
    assert time is not None
    return Promise(clock, time, is_kept=False)
