"""The RPCs of reports: message in, one use case, message out."""

from helpdesk.ticket.v1 import report_service_pb2, report_service_pb2_grpc
from services.mesh.clock import Clock
from services.ticket.convert.reports import scope_of, sla_message, time_message, volume_message
from services.ticket.ports.sla import SlaPolicies
from services.ticket.use_cases.reporting import ReportStore, report_sla, report_times, report_volume


class ReportServicer(report_service_pb2_grpc.ReportServiceServicer):
    def __init__(self, store: ReportStore, policies: SlaPolicies, clock: Clock) -> None:
        self._store = store
        self._policies = policies
        self._clock = clock

    async def GetVolumeReport(
        self, request: report_service_pb2.GetVolumeReportRequest, context: object
    ) -> report_service_pb2.VolumeReport:
        rows = await report_volume(self._store, scope_of(request))
        return report_service_pb2.VolumeReport(rows=map(volume_message, rows))

    async def GetTimeReport(
        self, request: report_service_pb2.GetTimeReportRequest, context: object
    ) -> report_service_pb2.TimeReport:
        rows = await report_times(self._store, self._policies, scope_of(request))
        return report_service_pb2.TimeReport(rows=map(time_message, rows))

    async def GetSlaReport(
        self, request: report_service_pb2.GetSlaReportRequest, context: object
    ) -> report_service_pb2.SlaReport:
        rows = await report_sla(self._store, self._policies, self._clock, scope_of(request))
        return report_service_pb2.SlaReport(rows=map(sla_message, rows))
