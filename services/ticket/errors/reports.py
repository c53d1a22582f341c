"""Refusals about reports."""

from services.mesh.errors import (
    FieldViolation,
    InvalidArgument,
)
from services.ticket.errors import DOMAIN


class ReportPeriodEmpty(InvalidArgument):
    """The period ends on the day on which it begins."""

    domain = DOMAIN
    reason = "REPORT_PERIOD_EMPTY"

    def __init__(self, from_day: str, until_day: str) -> None:
        super().__init__(
            "The period has no day; the day that it ends on is not part of it.",
            metadata={"from_day": from_day, "until_day": until_day},
            violations=[FieldViolation("until_day", "must be behind from_day")],
        )


class ReportPeriodReversed(InvalidArgument):
    """The period ends before it begins."""

    domain = DOMAIN
    reason = "REPORT_PERIOD_REVERSED"

    def __init__(self, from_day: str, until_day: str) -> None:
        super().__init__(
            "The period ends before it begins.",
            metadata={"from_day": from_day, "until_day": until_day},
            violations=[FieldViolation("until_day", "must be behind from_day")],
        )


class ReportDayUnknown(InvalidArgument):
    """No calendar has this day."""

    domain = DOMAIN
    reason = "REPORT_DAY_UNKNOWN"

    def __init__(self, field: str, day: str) -> None:
        super().__init__(
            "There is no such day; it must be one like '2027-12-01'.",
            metadata={"day": day},
            violations=[FieldViolation(field, "is not a day")],
        )


class ReportTimeZoneUnknown(InvalidArgument):
    """No such time zone is in the time zone database of the machine."""

    domain = DOMAIN
    reason = "REPORT_TIME_ZONE_UNKNOWN"

    def __init__(self, time_zone: str) -> None:
        super().__init__(
            "There is no such time zone; it must be a name like 'Europe/Berlin'.",
            metadata={"time_zone": time_zone},
            violations=[FieldViolation("time_zone", "is not known")],
        )


class ReportTooManyBuckets(InvalidArgument):
    """The period has more pieces than may be told, or more than that in all groups together."""

    domain = DOMAIN
    reason = "REPORT_TOO_MANY_BUCKETS"

    def __init__(self, most: int) -> None:
        super().__init__(
            f"A report has at most {most} pieces; take a shorter period or longer pieces.",
            metadata={"most": str(most)},
            violations=[FieldViolation("bucket", "is too short for the period")],
        )
