"""The RPCs of triage: message in, one use case, message out."""

from dataclasses import replace

from helpdesk.ticket.v1 import triage_service_pb2, triage_service_pb2_grpc
from services.mesh.caller import current_tenant
from services.ticket.convert.triage import (
    band_message,
    drift_message,
    head_message,
    settings_message,
    settings_of,
    triage_message,
)
from services.ticket.triage.desk import (
    Desk,
    classify_ticket,
    correct_triage,
    find_drift,
    find_lesson,
    get_settings,
    list_reviews,
    report_triage,
    set_settings,
)

_USUAL_PAGE = 20


class TriageServicer(triage_service_pb2_grpc.TriageServiceServicer):
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def ClassifyTicket(
        self, request: triage_service_pb2.ClassifyTicketRequest, context: object
    ) -> triage_service_pb2.Triage:
        found = await classify_ticket(self._desk, request.ticket_id)
        return triage_message(*found)

    async def ListReviews(
        self, request: triage_service_pb2.ListReviewsRequest, context: object
    ) -> triage_service_pb2.ListReviewsResponse:
        page, total = await list_reviews(self._desk, request.page_size or _USUAL_PAGE)
        return triage_service_pb2.ListReviewsResponse(
            reviews=[triage_message(*each) for each in page], total_size=total
        )

    async def CorrectTriage(
        self, request: triage_service_pb2.CorrectTriageRequest, context: object
    ) -> triage_service_pb2.Triage:
        corrected = await correct_triage(self._desk, request.ticket_id, request.label)
        return triage_message(*corrected)

    async def GetTriageSettings(
        self, request: triage_service_pb2.GetTriageSettingsRequest, context: object
    ) -> triage_service_pb2.TriageSettings:
        return settings_message(await get_settings(self._desk))

    async def SetTriageSettings(
        self, request: triage_service_pb2.SetTriageSettingsRequest, context: object
    ) -> triage_service_pb2.TriageSettings:
        settings = replace(settings_of(request.settings), update_time=self._desk.clock())
        return settings_message(await set_settings(self._desk, settings))

    async def GetTriageReport(
        self, request: triage_service_pb2.GetTriageReportRequest, context: object
    ) -> triage_service_pb2.TriageReport:
        bands, judged = await report_triage(self._desk)
        return triage_service_pb2.TriageReport(
            bands=map(band_message, bands),
            tickets=len(judged),
            classified=sum(one.is_classified for one in judged),
            drift=drift_message(await find_drift(self._desk, current_tenant())),
            head=head_message(*await find_lesson(self._desk)),
        )
