"""`helpdesk reports …`."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

import typer

from helpdesk.ticket.v1 import report_service_pb2
from services.cli.gateway import Gateway
from services.cli.messages import write_message
from services.cli.options import RoleOption, TenantOption
from services.cli.output import Format, choose_format, data_console, show, write
from services.cli.report_csv import csv_text
from services.cli.screens.reports import LONGEST_LINE, sla_charts, time_charts, volume_charts
from services.cli.session import Role, session
from services.mesh.settings import MeshSettings, read_settings

_USUAL_DAYS = 30

app = typer.Typer(no_args_is_help=True)


class ReportFormat(StrEnum):
    TEXT = "text"
    JSON = "json"
    CSV = "csv"


class By(StrEnum):
    PERIOD = "period"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    @property
    def number(self) -> int:
        return [*By].index(self)


class Group(StrEnum):
    QUEUE = "queue"
    ASSIGNEE = "assignee"


def _chosen(chosen: ReportFormat) -> ReportFormat:
    choose_format(Format.JSON if chosen is ReportFormat.JSON else Format.TEXT)
    return chosen


FromOption = Annotated[
    str, typer.Option("--from", help="The first day, 2027-12-01; left out, 30 days ago.")
]
UntilOption = Annotated[
    str, typer.Option("--until", help="The day behind the last; left out, tomorrow.")
]
ByOption = Annotated[By, typer.Option("--by", help="Into what to cut the period.")]
GroupOption = Annotated[
    Group | None, typer.Option("--group", help="Tell tickets apart by what they have now.")
]
ZoneOption = Annotated[str, typer.Option("--time-zone", help="Where days begin: Europe/Berlin.")]
FilterOption = Annotated[str, typer.Option("--filter", help="As in `tickets list`.")]
ReportFormatOption = Annotated[
    ReportFormat, typer.Option("--output", "-o", help="What to print.", callback=_chosen)
]


@app.command("volume")
def show_volume(
    from_day: FromOption = "",
    until_day: UntilOption = "",
    *,
    by: ByOption = By.DAY,
    group: GroupOption = None,
    time_zone: ZoneOption = "UTC",
    wanted: FilterOption = "",
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: ReportFormatOption = ReportFormat.TEXT,
) -> None:
    """How many tickets came in, were solved and reopened, and how many were left."""
    scope = _scope((from_day, until_day), by, group, time_zone, wanted)
    with _gateway(tenant, role) as gateway:
        request = report_service_pb2.GetVolumeReportRequest(**scope)
        report = gateway.reports.GetVolumeReport(request)
    if output is ReportFormat.JSON:
        write_message(report)
    elif output is ReportFormat.CSV:
        write(csv_text(report_service_pb2.VolumeRow, report.rows))
    else:
        show(*volume_charts(report.rows, _width()))


@app.command("times")
def show_times(
    from_day: FromOption = "",
    until_day: UntilOption = "",
    *,
    by: ByOption = By.PERIOD,
    group: GroupOption = None,
    time_zone: ZoneOption = "UTC",
    wanted: FilterOption = "",
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: ReportFormatOption = ReportFormat.TEXT,
) -> None:
    """How long tickets waited for a first response, and until they were solved."""
    scope = _scope((from_day, until_day), by, group, time_zone, wanted)
    with _gateway(tenant, role) as gateway:
        report = gateway.reports.GetTimeReport(report_service_pb2.GetTimeReportRequest(**scope))
    if output is ReportFormat.JSON:
        write_message(report)
    elif output is ReportFormat.CSV:
        write(csv_text(report_service_pb2.TimeRow, report.rows))
    else:
        show(*time_charts(report.rows, _width()))


@app.command("sla")
def show_sla(
    from_day: FromOption = "",
    until_day: UntilOption = "",
    *,
    by: ByOption = By.PERIOD,
    group: GroupOption = None,
    time_zone: ZoneOption = "UTC",
    wanted: FilterOption = "",
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: ReportFormatOption = ReportFormat.TEXT,
) -> None:
    """How many promises of the SLA were kept, and how many were missed."""
    scope = _scope((from_day, until_day), by, group, time_zone, wanted)
    with _gateway(tenant, role) as gateway:
        report = gateway.reports.GetSlaReport(report_service_pb2.GetSlaReportRequest(**scope))
    if output is ReportFormat.JSON:
        write_message(report)
    elif output is ReportFormat.CSV:
        write(csv_text(report_service_pb2.SlaRow, report.rows))
    else:
        show(*sla_charts(report.rows, _width()))


def _scope(
    days: tuple[str, str], by: By, group: Group | None, time_zone: str, wanted: str
) -> dict[str, Any]:
    from_day, until_day = days
    today = datetime.now(UTC).date()
    groups: Sequence[Group | None] = (None, *Group)
    return {
        "from_day": from_day or (today - timedelta(days=_USUAL_DAYS - 1)).isoformat(),
        "until_day": until_day or (today + timedelta(days=1)).isoformat(),
        "time_zone": time_zone,
        "bucket": by.number,
        "filter": wanted,
        "group_by": groups.index(group),
    }


def _width() -> int:
    """A pipe has no edge, but a chart needs one."""
    return min(data_console().width, LONGEST_LINE)


def _gateway(tenant: str | None, role: Role | None) -> AbstractContextManager[Gateway]:
    return session(read_settings(MeshSettings), tenant, role, usually=Role.ADMIN)
