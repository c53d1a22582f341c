"""Reports ↔ messages."""

from dataclasses import asdict

from helpdesk.ticket.v1 import report_service_pb2
from services.ticket.reports.attainment import Attainment, SlaRow
from services.ticket.reports.period import BucketSize
from services.ticket.reports.times import Figures, TimeRow
from services.ticket.reports.volume import VolumeRow
from services.ticket.use_cases.reporting import Grouping, ReportScope

ReportRequest = (
    report_service_pb2.GetVolumeReportRequest
    | report_service_pb2.GetTimeReportRequest
    | report_service_pb2.GetSlaReportRequest
)


def scope_of(request: ReportRequest) -> ReportScope:
    return ReportScope(
        from_day=request.from_day,
        until_day=request.until_day,
        time_zone=request.time_zone,
        bucket=BucketSize(request.bucket),
        filter=request.filter,
        group_by=Grouping(request.group_by),
    )


def volume_message(row: VolumeRow) -> report_service_pb2.VolumeRow:
    return report_service_pb2.VolumeRow(
        group=row.group,
        from_day=row.from_day.isoformat(),
        until_day=row.until_day.isoformat(),
        created=row.created,
        resolved=row.resolved,
        reopened=row.reopened,
        backlog=row.backlog,
    )


def time_message(row: TimeRow) -> report_service_pb2.TimeRow:
    return report_service_pb2.TimeRow(
        group=row.group,
        from_day=row.from_day.isoformat(),
        until_day=row.until_day.isoformat(),
        first_response=_figures_message(row.first_response),
        resolution=_figures_message(row.resolution),
        first_response_open=_figures_message(row.first_response_open),
        resolution_open=_figures_message(row.resolution_open),
    )


def sla_message(row: SlaRow) -> report_service_pb2.SlaRow:
    return report_service_pb2.SlaRow(
        group=row.group,
        from_day=row.from_day.isoformat(),
        until_day=row.until_day.isoformat(),
        first_response=_attainment_message(row.first_response),
        next_response=_attainment_message(row.next_response),
        resolution=_attainment_message(row.resolution),
    )


def _attainment_message(found: Attainment) -> report_service_pb2.SlaAttainment:
    return report_service_pb2.SlaAttainment(
        promised=found.promised, kept=found.kept, missed=found.missed, percent=found.percent
    )


def _figures_message(figures: Figures | None) -> report_service_pb2.TimeFigures | None:
    if figures is None:
        return None
    seconds = {
        f"{name}_seconds": value for name, value in asdict(figures).items() if name != "tickets"
    }
    return report_service_pb2.TimeFigures(tickets=figures.tickets, **seconds)
