"""Refusals about what is promised and when."""

from services.mesh.errors import (
    FieldViolation,
    InvalidArgument,
)
from services.ticket.errors import DOMAIN


class SlaCalendarNeverOpen(InvalidArgument):
    """The calendar has no open hour in the week, so nothing would ever be due."""

    domain = DOMAIN
    reason = "SLA_CALENDAR_NEVER_OPEN"

    def __init__(self) -> None:
        super().__init__(
            "The calendar has no open hour in the week.",
            violations=[FieldViolation("calendar.week", "needs an open hour")],
        )


class SlaSpansInvalid(InvalidArgument):
    """The spans of a day overlap, or one ends before it starts."""

    domain = DOMAIN
    reason = "SLA_SPANS_INVALID"

    def __init__(self, day: str, why: str) -> None:
        super().__init__(
            f"The hours of {day} cannot be: {why}.",
            metadata={"day": day},
            violations=[FieldViolation("calendar", f"{day}: {why}")],
        )


class SlaHolidaysInvalid(InvalidArgument):
    """A date is given twice, or there are too many of them."""

    domain = DOMAIN
    reason = "SLA_HOLIDAYS_INVALID"

    def __init__(self, day: str, why: str) -> None:
        super().__init__(
            f"The holidays cannot be: {why} ({day}).",
            metadata={"day": day},
            violations=[FieldViolation("calendar.holidays", f"{day}: {why}")],
        )


class SlaTimeZoneUnknown(InvalidArgument):
    """No such time zone is in the time zone database of the machine."""

    domain = DOMAIN
    reason = "SLA_TIME_ZONE_UNKNOWN"

    def __init__(self, time_zone: str) -> None:
        super().__init__(
            "There is no such time zone; it must be a name like 'Europe/Berlin'.",
            metadata={"time_zone": time_zone},
            violations=[FieldViolation("calendar.time_zone", "is not known")],
        )


class SlaSharesInvalid(InvalidArgument):
    """Amber must come before red, and red before the target is used up."""

    domain = DOMAIN
    reason = "SLA_SHARES_INVALID"

    def __init__(self, amber_percent: int, red_percent: int) -> None:
        super().__init__(
            "Amber must be more than 0 %, red more than amber and less than 100 %.",
            metadata={"amber_percent": str(amber_percent), "red_percent": str(red_percent)},
            violations=[FieldViolation("amber_percent", "must lie between 0 and red_percent")],
        )


class SlaTargetInvalid(InvalidArgument):
    """A target is no time at all, or more than could be waited for."""

    domain = DOMAIN
    reason = "SLA_TARGET_INVALID"

    def __init__(self, why: str) -> None:
        super().__init__(
            f"A target cannot be kept: {why}.", violations=[FieldViolation("targets", why)]
        )
