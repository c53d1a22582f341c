"""Which servicers ticket has, and what each of them is given."""

from dataclasses import dataclass

import grpc

from helpdesk.ticket.v1 import (
    attachment_service_pb2_grpc,
    bulk_service_pb2_grpc,
    canned_reply_service_pb2_grpc,
    field_service_pb2_grpc,
    import_service_pb2_grpc,
    link_service_pb2_grpc,
    macro_service_pb2_grpc,
    mail_address_service_pb2_grpc,
    mail_template_service_pb2_grpc,
    queue_service_pb2_grpc,
    report_service_pb2_grpc,
    routing_service_pb2_grpc,
    sla_service_pb2_grpc,
    suggestion_service_pb2_grpc,
    ticket_service_pb2_grpc,
    triage_service_pb2_grpc,
    view_service_pb2_grpc,
    webhook_service_pb2_grpc,
)
from services.mesh.clock import Clock
from services.mesh.database import Database
from services.ticket.attachments.ports import Cabinet
from services.ticket.mail.wording import WordingDesk
from services.ticket.ports.tickets import Knowledge, TicketStore
from services.ticket.servicer import (
    AttachmentServicer,
    BulkServicer,
    CannedReplyServicer,
    FieldServicer,
    ImportServicer,
    LinkServicer,
    MacroServicer,
    MailAddressServicer,
    MailTemplateServicer,
    QueueServicer,
    ReportServicer,
    RoutingServicer,
    SlaServicer,
    SuggestionServicer,
    TicketServicer,
    TriageServicer,
    ViewServicer,
    WebhookServicer,
)
from services.ticket.store import (
    SqlCannedReplyStore,
    SqlMacroStore,
    SqlMailAddresses,
    SqlMailStore,
    SqlMailTemplateStore,
    SqlReportStore,
    SqlRoutingBooks,
    SqlRoutingPolicies,
    SqlSlaPolicies,
    SqlViewStore,
)
from services.ticket.triage.desk import Desk
from services.ticket.use_cases.macros import MacroDesk
from services.ticket.use_cases.watching import Pace
from services.ticket.webhooks.keeping import WebhookDesk


@dataclass(frozen=True)
class Parts:
    database: Database
    store: TicketStore
    clock: Clock
    pace: Pace
    cabinet: Cabinet
    knowledge: Knowledge
    triage: Desk
    webhooks: WebhookDesk

    def register(self, server: grpc.aio.Server) -> None:
        database, store, clock = self.database, self.store, self.clock
        tickets = TicketServicer(store, clock, self.pace)
        ticket_service_pb2_grpc.add_TicketServiceServicer_to_server(tickets, server)
        attachments = AttachmentServicer(store, self.cabinet, clock)
        attachment_service_pb2_grpc.add_AttachmentServiceServicer_to_server(attachments, server)
        replies = SqlCannedReplyStore(database)
        canned = CannedReplyServicer(replies, store, clock)
        canned_reply_service_pb2_grpc.add_CannedReplyServiceServicer_to_server(canned, server)
        desk = MacroDesk(SqlMacroStore(database), replies, store, clock)
        macro_service_pb2_grpc.add_MacroServiceServicer_to_server(MacroServicer(desk), server)
        bulk = BulkServicer(store, clock, desk)
        bulk_service_pb2_grpc.add_BulkServiceServicer_to_server(bulk, server)
        fields = FieldServicer(store, clock)
        field_service_pb2_grpc.add_FieldServiceServicer_to_server(fields, server)
        imports = ImportServicer(store, clock)
        import_service_pb2_grpc.add_ImportServiceServicer_to_server(imports, server)
        links = LinkServicer(store, clock)
        link_service_pb2_grpc.add_LinkServiceServicer_to_server(links, server)
        addresses = MailAddressServicer(SqlMailAddresses(database), clock)
        mail_address_service_pb2_grpc.add_MailAddressServiceServicer_to_server(addresses, server)
        templates, mails = SqlMailTemplateStore(database), SqlMailStore(database)
        wording = MailTemplateServicer(WordingDesk(templates, store, mails, clock))
        mail_template_service_pb2_grpc.add_MailTemplateServiceServicer_to_server(wording, server)
        queues = QueueServicer(store, clock)
        queue_service_pb2_grpc.add_QueueServiceServicer_to_server(queues, server)
        suggestions = SuggestionServicer(store, self.knowledge)
        suggestion_service_pb2_grpc.add_SuggestionServiceServicer_to_server(suggestions, server)
        books = SqlRoutingBooks(database)
        routing = RoutingServicer(SqlRoutingPolicies(database), books, store, clock)
        routing_service_pb2_grpc.add_RoutingServiceServicer_to_server(routing, server)
        sla = SlaServicer(SqlSlaPolicies(database), clock)
        sla_service_pb2_grpc.add_SlaServiceServicer_to_server(sla, server)
        triage = TriageServicer(self.triage)
        triage_service_pb2_grpc.add_TriageServiceServicer_to_server(triage, server)
        views = ViewServicer(SqlViewStore(database), store, clock)
        view_service_pb2_grpc.add_ViewServiceServicer_to_server(views, server)
        reports = ReportServicer(SqlReportStore(database), SqlSlaPolicies(database), clock)
        report_service_pb2_grpc.add_ReportServiceServicer_to_server(reports, server)
        webhooks = WebhookServicer(self.webhooks)
        webhook_service_pb2_grpc.add_WebhookServiceServicer_to_server(webhooks, server)
