"""What a tenant promises as people write it down, in YAML; `text_of` and `read_policy` undo each
other."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from helpdesk.ticket.v1 import sla_service_pb2, ticket_pb2
from services.cli.failures import CommandError

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
PRIORITIES = ("urgent", "high", "normal", "low")
CLOCKS = ("first_response", "next_response", "resolution")
CALENDAR_KEYS = frozenset({"time_zone", "hours", "holidays"})
_KEYS = CALENDAR_KEYS | {"targets", "amber_percent", "red_percent"}
_EXAMPLE = 'hours: {monday: ["09:00-12:00", "13:00-17:00"]}, targets: {urgent: {resolution: 8h}}'
_SPAN = re.compile(r"([0-9]{1,2}):([0-9]{2})\s*-\s*([0-9]{1,2}):([0-9]{2})\Z")
_LENGTH = re.compile(r"(-?[0-9]{1,7})\s*(m|min|h)?\Z")
_LARGEST = 2**31 - 1


def read_policy(file: Path) -> sla_service_pb2.SlaPolicy:
    """Raises CommandError that says which line cannot be read; what is wrong, the service says."""
    try:
        written = yaml.safe_load(file.read_text("utf-8"))
    except (yaml.YAMLError, ValueError) as error:
        raise _wrong(f"{file} is not YAML: {str(error).splitlines()[0]}") from None
    known = mapping(str(file), written, _KEYS)
    return sla_service_pb2.SlaPolicy(
        targets=_targets(known.get("targets")),
        calendar=calendar_of(known),
        amber_percent=_percent("amber_percent", known.get("amber_percent", 0)),
        red_percent=_percent("red_percent", known.get("red_percent", 0)),
    )


def text_of(policy: sla_service_pb2.SlaPolicy) -> str:
    targets = {ticket_pb2.TicketPriority.Name(each.priority): each for each in policy.targets}
    written = {
        **calendar_text(policy.calendar),
        "targets": {
            name: _targets_text(targets[key])
            for name in PRIORITIES
            if (key := f"TICKET_PRIORITY_{name.upper()}") in targets
        },
        "amber_percent": policy.amber_percent,
        "red_percent": policy.red_percent,
    }
    return yaml.safe_dump(written, sort_keys=False, default_flow_style=None)


def _targets(written: object) -> list[sla_service_pb2.SlaTargets]:
    named = mapping("targets", written, PRIORITIES)
    return [
        sla_service_pb2.SlaTargets(
            priority=ticket_pb2.TicketPriority.Value(f"TICKET_PRIORITY_{name.upper()}"),
            **{
                f"{clock}_minutes": _minutes(f"targets.{name}.{clock}", length)
                for clock, length in mapping(f"targets.{name}", each, CLOCKS).items()
            },
        )
        for name, each in named.items()
    ]


def _targets_text(targets: sla_service_pb2.SlaTargets) -> dict[str, str]:
    return {
        clock: f"{minutes // 60}h" if minutes % 60 == 0 else f"{minutes}m"
        for clock in CLOCKS
        if targets.HasField(f"{clock}_minutes")  # type: ignore[arg-type]
        and (minutes := getattr(targets, f"{clock}_minutes"))
    }


def calendar_of(written: Mapping[str, Any]) -> sla_service_pb2.BusinessCalendar | None:
    """None where nothing is said of it."""
    if not CALENDAR_KEYS & set(written):
        return None
    hours = mapping("hours", written.get("hours"), DAYS)
    holidays = mapping("holidays", written.get("holidays"))
    return sla_service_pb2.BusinessCalendar(
        time_zone=str(written.get("time_zone", "UTC")),
        week=[_spans(f"hours.{day}", hours.get(day)) for day in DAYS],
        holidays=[
            sla_service_pb2.BusinessHoliday(day=str(day), hours=_spans(f"holidays.{day}", spans))
            for day, spans in holidays.items()
        ],
    )


def calendar_text(calendar: sla_service_pb2.BusinessCalendar) -> dict[str, Any]:
    return {
        "time_zone": calendar.time_zone,
        "hours": {day: _spans_text(hours) for day, hours in zip(DAYS, calendar.week, strict=True)},
        "holidays": {day.day: _spans_text(day.hours) for day in calendar.holidays},
    }


def _spans(where: str, written: object) -> sla_service_pb2.DayHours:
    spans = [] if written is None else written
    if not isinstance(spans, list):
        raise _wrong(f"{where} must be a list of spans.")
    return sla_service_pb2.DayHours(spans=[_span(where, each) for each in spans])


def _span(where: str, written: object) -> sla_service_pb2.OpenSpan:
    match = _SPAN.match(str(written))
    if match is None:
        raise _wrong(f"{where} holds {str(written)!r}, which is no span like 09:00-17:00.")
    start_hour, start, end_hour, end = map(int, match.groups())
    return sla_service_pb2.OpenSpan(
        start_minute=start_hour * 60 + start, end_minute=end_hour * 60 + end
    )


def _spans_text(hours: sla_service_pb2.DayHours) -> list[str]:
    return [f"{_clock(span.start_minute)}-{_clock(span.end_minute)}" for span in hours.spans]


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _minutes(where: str, written: object) -> int:
    match = _LENGTH.match(str(written))
    if match is None:
        raise _wrong(f"{where} is {str(written)!r}, which is no time like 30m or 8h.")
    return int(match[1]) * (60 if match[2] == "h" else 1)


def _percent(where: str, written: object) -> int:
    if isinstance(written, bool) or not isinstance(written, int) or abs(written) > _LARGEST:
        raise _wrong(f"{where} is {str(written)!r}, which is no whole number.")
    return written


def mapping(where: str, written: object, keys: Sequence[str] | frozenset[str] = ()) -> Any:  # noqa: ANN401 - what YAML holds
    found = {} if written is None else written
    if not isinstance(found, dict):
        raise _wrong(f"{where} must be a mapping.")
    unknown = [str(key) for key in found if keys and key not in keys]
    if unknown:
        raise _wrong(f"{where} holds {unknown[0]!r}; it may hold {', '.join(sorted(keys))}.")
    return found


def _wrong(what: str) -> CommandError:
    return CommandError(what, hint=_EXAMPLE, code="SLA_POLICY_UNREADABLE")
