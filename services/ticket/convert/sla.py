"""Messages of the SLA ↔ domain, both directions side by side."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from google.protobuf.timestamp_pb2 import Timestamp

from helpdesk.ticket.v1 import sla_service_pb2, ticket_pb2
from services.ticket.domain import TicketPriority
from services.ticket.errors.sla import SlaHolidaysInvalid, SlaTargetInvalid
from services.ticket.sla.clocks import ClockTimes, SlaState
from services.ticket.sla.opening_hours import (
    AROUND_THE_CLOCK,
    BusinessCalendar,
    Holiday,
    Span,
    Spans,
)
from services.ticket.sla.policy import AMBER_PERCENT, RED_PERCENT, SlaPolicy, Targets


def policy_of(message: sla_service_pb2.SlaPolicy) -> SlaPolicy:
    has_calendar = message.HasField("calendar")
    return SlaPolicy(
        targets=_targets_of(message.targets),
        calendar=calendar_of(message.calendar) if has_calendar else AROUND_THE_CLOCK,
        amber_percent=message.amber_percent or AMBER_PERCENT,
        red_percent=message.red_percent or RED_PERCENT,
    )


def policy_message(policy: SlaPolicy, update_time: datetime | None) -> sla_service_pb2.SlaPolicy:
    message = sla_service_pb2.SlaPolicy(
        targets=[_targets_message(*each) for each in sorted(policy.targets.items())],
        calendar=calendar_message(policy.calendar),
        amber_percent=policy.amber_percent,
        red_percent=policy.red_percent,
    )
    if update_time is not None:
        stamp = Timestamp()
        stamp.FromDatetime(update_time)
        message.update_time.CopyFrom(stamp)
    return message


def write_clocks(message: ticket_pb2.Ticket, clocks: Iterable[ClockTimes], now: datetime) -> None:
    """Writes when they are due, and the worst state of them all, into the ticket."""
    states = [SlaState.GREEN]
    for times in clocks:
        if times.due_time is not None:
            due: Timestamp = getattr(message, f"{times.clock.lower()}_due")
            due.FromDatetime(times.due_time)
        states.append(times.state_at(now))
    if len(states) > 1:
        message.sla_state = ticket_pb2.SlaState.ValueType(max(states))


def _targets_of(
    messages: Iterable[sla_service_pb2.SlaTargets],
) -> Mapping[TicketPriority, Targets]:
    targets: dict[TicketPriority, Targets] = {}
    for message in messages:
        priority = TicketPriority(message.priority)
        if priority in targets:
            raise SlaTargetInvalid(f"{priority.name} is given twice")
        first, following, resolution = (
            getattr(message, name) if message.HasField(name) else None
            for name in ("first_response_minutes", "next_response_minutes", "resolution_minutes")
        )
        targets[priority] = Targets(first, following, resolution)
    return targets


def _targets_message(priority: TicketPriority, targets: Targets) -> sla_service_pb2.SlaTargets:
    return sla_service_pb2.SlaTargets(
        priority=ticket_pb2.TicketPriority.Value(f"TICKET_PRIORITY_{priority.name}"),
        first_response_minutes=targets.first_response,
        next_response_minutes=targets.next_response,
        resolution_minutes=targets.resolution,
    )


def calendar_of(message: sla_service_pb2.BusinessCalendar) -> BusinessCalendar:
    mon, tue, wed, thu, fri, sat, sun = map(_spans_of, message.week)
    return BusinessCalendar(
        message.time_zone,
        (mon, tue, wed, thu, fri, sat, sun),
        tuple(Holiday(_day_of(each.day), _spans_of(each.hours)) for each in message.holidays),
    )


def calendar_message(calendar: BusinessCalendar) -> sla_service_pb2.BusinessCalendar:
    return sla_service_pb2.BusinessCalendar(
        time_zone=calendar.time_zone,
        week=map(_hours_message, calendar.week),
        holidays=[
            sla_service_pb2.BusinessHoliday(
                day=holiday.day.isoformat(), hours=_hours_message(holiday.spans)
            )
            for holiday in calendar.holidays
        ],
    )


def _spans_of(message: sla_service_pb2.DayHours) -> Spans:
    return tuple(Span(span.start_minute, span.end_minute) for span in message.spans)


def _hours_message(spans: Spans) -> sla_service_pb2.DayHours:
    return sla_service_pb2.DayHours(
        spans=[
            sla_service_pb2.OpenSpan(start_minute=span.start_minute, end_minute=span.end_minute)
            for span in spans
        ]
    )


def _day_of(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SlaHolidaysInvalid(text, "there is no such date") from None
