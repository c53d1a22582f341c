"""The ticket service with all of its interceptors and a made-up authority, to be killed.

python -m tests.security.killed_service DATA [careless]

Says its port on stdout. `careless` is the control: what a call has changed is recorded after its
commit, as somebody might who thinks of records last.
"""

import asyncio
import sys
from contextlib import nullcontext
from pathlib import Path
from unittest.mock import patch

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
from services.mesh.caller import TenantId, UserId
from services.mesh.clock import utc_now
from services.mesh.contract import services_of
from services.mesh.database import Database
from services.mesh.interceptors import audit
from services.mesh.outbound import OutboundRules
from services.mesh.server import MeshServer
from services.mesh.settings import MeshSettings
from services.ticket.attachments.folder import AttachmentFolder
from services.ticket.attachments.ports import Cabinet
from services.ticket.domain import AttachmentLimits
from services.ticket.server import MIGRATIONS
from services.ticket.servicer import (
    AttachmentServicer,
    BulkServicer,
    CannedReplyServicer,
    FieldServicer,
    ImportServicer,
    LinkServicer,
    MacroServicer,
    MailAddressServicer,
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
    SqlReportStore,
    SqlRoutingBooks,
    SqlRoutingPolicies,
    SqlSlaPolicies,
    SqlTicketStore,
    SqlTriageStore,
    SqlViewStore,
    SqlWebhookStore,
)
from services.ticket.triage.classifier import BuiltInClassifier
from services.ticket.triage.desk import Desk
from services.ticket.use_cases.macros import MacroDesk
from services.ticket.use_cases.watching import Pace
from services.ticket.webhooks.keeping import WebhookDesk
from tests.support.mesh_server import FakeAuthority, TestUser
from tests.ticket.clients import AGENT_PERMISSIONS, SEALER
from tests.ticket.knowledge import FakeKnowledge

TENANT = TenantId("01a211e1-b832-7f3e-aa33-8e37299bd410")
USER = UserId("01a211e1-b833-7a11-8d52-3f1f6f0e2f6a")
TOKEN = "a token that only this process believes"


def database_url(data: Path) -> str:
    return f"sqlite:///{data / 'ticket' / 'ticket.db'}"


async def serve(data: Path) -> None:
    settings = MeshSettings(data=data)
    database = Database(database_url(data))
    await database.migrate(MIGRATIONS)
    permissions = frozenset(AGENT_PERMISSIONS)
    user = TestUser(TENANT, USER, permissions, frozenset({"agent"}), TOKEN)
    store = SqlTicketStore(database)

    def register(server: grpc.aio.Server) -> None:
        tickets = TicketServicer(store, utc_now, Pace())
        ticket_service_pb2_grpc.add_TicketServiceServicer_to_server(tickets, server)
        folder = AttachmentFolder(settings.service_folder("ticket") / "attachments")
        attachments = AttachmentServicer(store, Cabinet(folder, AttachmentLimits()), utc_now)
        attachment_service_pb2_grpc.add_AttachmentServiceServicer_to_server(attachments, server)
        macros = MacroDesk(SqlMacroStore(database), SqlCannedReplyStore(database), store, utc_now)
        macro_service_pb2_grpc.add_MacroServiceServicer_to_server(MacroServicer(macros), server)
        bulk = BulkServicer(store, utc_now, macros)
        bulk_service_pb2_grpc.add_BulkServiceServicer_to_server(bulk, server)
        canned = CannedReplyServicer(SqlCannedReplyStore(database), store, utc_now)
        canned_reply_service_pb2_grpc.add_CannedReplyServiceServicer_to_server(canned, server)
        fields = FieldServicer(store, utc_now)
        field_service_pb2_grpc.add_FieldServiceServicer_to_server(fields, server)
        imports = ImportServicer(store, utc_now)
        import_service_pb2_grpc.add_ImportServiceServicer_to_server(imports, server)
        links = LinkServicer(store, utc_now)
        link_service_pb2_grpc.add_LinkServiceServicer_to_server(links, server)
        mail = MailAddressServicer(SqlMailAddresses(database), utc_now)
        mail_address_service_pb2_grpc.add_MailAddressServiceServicer_to_server(mail, server)
        queues = QueueServicer(store, utc_now)
        queue_service_pb2_grpc.add_QueueServiceServicer_to_server(queues, server)
        suggestions = SuggestionServicer(store, FakeKnowledge())
        suggestion_service_pb2_grpc.add_SuggestionServiceServicer_to_server(suggestions, server)
        routing = RoutingServicer(
            SqlRoutingPolicies(database), SqlRoutingBooks(database), store, utc_now
        )
        routing_service_pb2_grpc.add_RoutingServiceServicer_to_server(routing, server)
        sla = SlaServicer(SqlSlaPolicies(database), utc_now)
        sla_service_pb2_grpc.add_SlaServiceServicer_to_server(sla, server)
        triage = TriageServicer(Desk(store, SqlTriageStore(database), BuiltInClassifier(), utc_now))
        triage_service_pb2_grpc.add_TriageServiceServicer_to_server(triage, server)
        views = ViewServicer(SqlViewStore(database), store, utc_now)
        view_service_pb2_grpc.add_ViewServiceServicer_to_server(views, server)
        reports = ReportServicer(SqlReportStore(database), SqlSlaPolicies(database), utc_now)
        report_service_pb2_grpc.add_ReportServiceServicer_to_server(reports, server)
        webhooks = WebhookServicer(
            WebhookDesk(SqlWebhookStore(database), SEALER, OutboundRules(), utc_now)
        )
        webhook_service_pb2_grpc.add_WebhookServiceServicer_to_server(webhooks, server)

    server = MeshServer(
        name="ticket",
        settings=settings,
        register=register,
        services=services_of("ticket"),
        authority=FakeAuthority({TOKEN: user}),
        database=database,
        port=0,
    )
    sys.stdout.write(f"{await server.start()}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


def be_careless() -> None:
    patch.object(audit, "before_each_commit", lambda _: nullcontext()).start()


if __name__ == "__main__":
    if sys.argv[2:] == ["careless"]:
        be_careless()
    asyncio.run(serve(Path(sys.argv[1])))
