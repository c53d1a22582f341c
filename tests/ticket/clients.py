"""The ticket service in this process, and people who call it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import grpc
from google.api import httpbody_pb2
from google.protobuf.message_factory import GetMessageClass

from helpdesk.ticket.v1 import (
    attachment_pb2,
    attachment_service_pb2,
    attachment_service_pb2_grpc,
    bulk_service_pb2,
    bulk_service_pb2_grpc,
    canned_reply_service_pb2,
    canned_reply_service_pb2_grpc,
    field_service_pb2,
    field_service_pb2_grpc,
    import_service_pb2,
    import_service_pb2_grpc,
    link_service_pb2,
    link_service_pb2_grpc,
    macro_service_pb2,
    macro_service_pb2_grpc,
    mail_address_service_pb2_grpc,
    queue_service_pb2,
    queue_service_pb2_grpc,
    report_service_pb2_grpc,
    routing_service_pb2,
    routing_service_pb2_grpc,
    sla_service_pb2_grpc,
    suggestion_service_pb2_grpc,
    ticket_pb2,
    ticket_service_pb2,
    ticket_service_pb2_grpc,
    triage_service_pb2,
    triage_service_pb2_grpc,
    view_service_pb2_grpc,
    webhook_service_pb2,
    webhook_service_pb2_grpc,
)
from services.mesh.caller import TenantId
from services.mesh.contract import services_of
from services.mesh.database import Database
from services.mesh.outbound import OutboundRules
from services.mesh.sealed import Sealer
from services.mesh.settings import MeshSettings
from services.ticket.attachments.folder import AttachmentFolder
from services.ticket.attachments.ports import Cabinet
from services.ticket.domain import AttachmentLimits
from services.ticket.ports.tickets import (
    TicketStore,
)
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
    SqlTriageStore,
    SqlViewStore,
    SqlWebhookStore,
)
from services.ticket.triage.classifier import BuiltInClassifier
from services.ticket.triage.desk import Desk
from services.ticket.triage.ports import Classifier
from services.ticket.use_cases.macros import MacroDesk
from services.ticket.use_cases.watching import Pace
from services.ticket.webhooks.keeping import WebhookDesk
from tests.support.mesh_server import RunningServer, TestUser, running_server
from tests.ticket.builders import TickingClock
from tests.ticket.knowledge import FakeKnowledge

CUSTOMER_PERMISSIONS = {
    *(f"ticket.tickets.{verb}" for verb in ("create", "get", "list", "reopen", "watch", "update")),
    *(f"ticket.tickets.{verb}" for verb in ("assign", "pend", "resolve", "close", "rate")),
    *(f"ticket.attachments.{verb}" for verb in ("create", "get", "list")),
    "ticket.comments.create",
    "ticket.comments.list",
    "ticket.fields.list",
    "ticket.presences.set",
    "ticket.events.list",
}
AGENT_PERMISSIONS = CUSTOMER_PERMISSIONS | {
    *(f"ticket.queues.{verb}" for verb in ("create", "list", "delete")),
    *(f"ticket.tickets.{verb}" for verb in ("follow", "unfollow", "handle")),
    "ticket.tickets.import",
    *(f"ticket.tickets.{verb}" for verb in ("link", "unlink", "merge", "split", "bulk_update")),
    *(f"ticket.canned_replies.{verb}" for verb in ("create", "list", "delete", "render")),
    *(f"ticket.fields.{verb}" for verb in ("create", "list", "update")),
    *(f"ticket.macros.{verb}" for verb in ("put", "get", "list", "delete", "apply", "preview")),
    "ticket.links.list",
    "ticket.routing.explain",
    *(f"ticket.routing_policy.{verb}" for verb in ("get", "set")),
    "ticket.attachments.delete",
    "ticket.presences.list",
    *(f"ticket.triage.{verb}" for verb in ("classify", "correct", "list", "report")),
    *(f"ticket.triage_settings.{verb}" for verb in ("get", "set")),
}
ADMIN_PERMISSIONS = AGENT_PERMISSIONS | {
    *(f"ticket.webhooks.{verb}" for verb in ("create", "list", "get", "delete", "test", "replay")),
    *(f"ticket.webhooks.{verb}" for verb in ("enable", "disable", "rotate_secret")),
    "ticket.webhooks.list_deliveries",
}

SEALER = Sealer({"key": bytes(range(32))})


class Client:
    """Calls in one user's name: `await anna.GetTicket(ticket_id="…")`."""

    def __init__(self, channel: grpc.aio.Channel, user: TestUser) -> None:
        self._stubs = {
            "TicketService": ticket_service_pb2_grpc.TicketServiceStub(channel),
            "AttachmentService": attachment_service_pb2_grpc.AttachmentServiceStub(channel),
            "BulkService": bulk_service_pb2_grpc.BulkServiceStub(channel),
            "CannedReplyService": canned_reply_service_pb2_grpc.CannedReplyServiceStub(channel),
            "FieldService": field_service_pb2_grpc.FieldServiceStub(channel),
            "ImportService": import_service_pb2_grpc.ImportServiceStub(channel),
            "LinkService": link_service_pb2_grpc.LinkServiceStub(channel),
            "RoutingService": routing_service_pb2_grpc.RoutingServiceStub(channel),
            "MacroService": macro_service_pb2_grpc.MacroServiceStub(channel),
            "WebhookService": webhook_service_pb2_grpc.WebhookServiceStub(channel),
            "QueueService": queue_service_pb2_grpc.QueueServiceStub(channel),
            "TriageService": triage_service_pb2_grpc.TriageServiceStub(channel),
        }
        self.user_id = user.user_id
        self._user = user

    def __getattr__(self, rpc: str) -> Any:  # noqa: ANN401 - any RPC
        service, method = next(
            (service, service.methods_by_name[rpc])
            for module in (
                ticket_service_pb2,
                attachment_service_pb2,
                queue_service_pb2,
                link_service_pb2,
                bulk_service_pb2,
                canned_reply_service_pb2,
                field_service_pb2,
                macro_service_pb2,
                import_service_pb2,
                routing_service_pb2,
                webhook_service_pb2,
                triage_service_pb2,
            )
            for service in module.DESCRIPTOR.services_by_name.values()
            if rpc in service.methods_by_name
        )
        request = GetMessageClass(method.input_type)

        def call(*, timeout: float = 20, **fields: object) -> object:
            return getattr(self._stubs[service.name], rpc)(
                request(**fields), metadata=self._user.metadata, timeout=timeout
            )

        return call

    async def attached(
        self,
        ticket_id: str,
        content: bytes = b"What happened.",
        file_name: str = "notes.txt",
        media_type: str = "",
        *,
        internal: bool = False,
        piece: int = 1000,
        **past: Any,  # noqa: ANN401 - what is said of a file of an import
    ) -> attachment_pb2.Attachment:
        message = attachment_service_pb2.UploadAttachmentRequest
        pieces = [content[at : at + piece] for at in range(0, len(content), piece)] or [b""]
        said: dict[str, Any] = {
            "ticket_id": ticket_id,
            "file_name": file_name,
            "internal": internal,
            **past,
        }
        body = httpbody_pb2.HttpBody
        messages = [
            message(**said, content=body(content_type=media_type, data=pieces[0])),
            *(message(content=body(data=each)) for each in pieces[1:]),
        ]
        stub: Any = self._stubs["AttachmentService"]
        made: attachment_pb2.Attachment = await stub.UploadAttachment(
            iter(messages), metadata=self._user.metadata, timeout=60
        )
        return made

    async def downloaded(self, ticket_id: str, attachment_id: str) -> bytes:
        call = self.DownloadAttachment(ticket_id=ticket_id, attachment_id=attachment_id)
        return b"".join([piece.data async for piece in call])

    async def opened(self, **fields: Any) -> ticket_pb2.Ticket:  # noqa: ANN401 - any field
        content = ticket_pb2.Ticket(**{"subject": "No Wi-Fi", "body": "Gone.", **fields})
        ticket: ticket_pb2.Ticket = await self.CreateTicket(ticket=content)
        return ticket


class People:
    def __init__(self, server: RunningServer, tenant_id: TenantId, stranger_id: TenantId) -> None:
        def client(tenant: str, permissions: set[str], service: str = "gateway") -> Client:
            user = server.user(tenant_id=tenant, permissions=permissions)
            return Client(server.channel(service), user)

        self.colleague: Callable[[set[str]], Client] = partial(client, tenant_id)
        self.tenant_id = tenant_id
        self.anna = client(tenant_id, CUSTOMER_PERMISSIONS)
        self.ben = client(tenant_id, CUSTOMER_PERMISSIONS)
        self.alex = client(tenant_id, AGENT_PERMISSIONS)
        self.gerd = client(stranger_id, AGENT_PERMISSIONS)
        self.ada = client(tenant_id, ADMIN_PERMISSIONS)
        self.greta = client(stranger_id, ADMIN_PERMISSIONS)
        self.nobody = client(tenant_id, set())
        self.anna_in_chat = client(tenant_id, CUSTOMER_PERMISSIONS, "chat")


@asynccontextmanager
async def serving(
    store: TicketStore,
    database: Database,
    settings: MeshSettings,
    limits: AttachmentLimits = AttachmentLimits(),  # noqa: B008 - frozen
    classifier: Classifier | None = None,
) -> AsyncIterator[RunningServer]:
    cabinet = Cabinet(AttachmentFolder(settings.data / "attachments"), limits)

    def register(server: grpc.aio.Server) -> None:
        tickets = TicketServicer(store, TickingClock(), Pace(poll_seconds=0.05))
        ticket_service_pb2_grpc.add_TicketServiceServicer_to_server(tickets, server)
        attachments = AttachmentServicer(store, cabinet, TickingClock())
        attachment_service_pb2_grpc.add_AttachmentServiceServicer_to_server(attachments, server)
        macros = MacroDesk(
            SqlMacroStore(database), SqlCannedReplyStore(database), store, TickingClock()
        )
        macro_service_pb2_grpc.add_MacroServiceServicer_to_server(MacroServicer(macros), server)
        bulk = BulkServicer(store, TickingClock(), macros)
        bulk_service_pb2_grpc.add_BulkServiceServicer_to_server(bulk, server)
        canned = CannedReplyServicer(SqlCannedReplyStore(database), store, TickingClock())
        canned_reply_service_pb2_grpc.add_CannedReplyServiceServicer_to_server(canned, server)
        fields = FieldServicer(store, TickingClock())
        field_service_pb2_grpc.add_FieldServiceServicer_to_server(fields, server)
        imports = ImportServicer(store, TickingClock())
        import_service_pb2_grpc.add_ImportServiceServicer_to_server(imports, server)
        links = LinkServicer(store, TickingClock())
        link_service_pb2_grpc.add_LinkServiceServicer_to_server(links, server)
        mail = MailAddressServicer(SqlMailAddresses(database), TickingClock())
        mail_address_service_pb2_grpc.add_MailAddressServiceServicer_to_server(mail, server)
        queues = QueueServicer(store, TickingClock())
        queue_service_pb2_grpc.add_QueueServiceServicer_to_server(queues, server)
        suggestions = SuggestionServicer(store, FakeKnowledge())
        suggestion_service_pb2_grpc.add_SuggestionServiceServicer_to_server(suggestions, server)
        routing = RoutingServicer(
            SqlRoutingPolicies(database), SqlRoutingBooks(database), store, TickingClock()
        )
        routing_service_pb2_grpc.add_RoutingServiceServicer_to_server(routing, server)
        sla = SlaServicer(SqlSlaPolicies(database), TickingClock())
        sla_service_pb2_grpc.add_SlaServiceServicer_to_server(sla, server)
        reader = classifier or BuiltInClassifier()
        triage = TriageServicer(Desk(store, SqlTriageStore(database), reader, TickingClock()))
        triage_service_pb2_grpc.add_TriageServiceServicer_to_server(triage, server)
        views = ViewServicer(SqlViewStore(database), store, TickingClock())
        view_service_pb2_grpc.add_ViewServiceServicer_to_server(views, server)
        reports = ReportServicer(SqlReportStore(database), SqlSlaPolicies(database), TickingClock())
        report_service_pb2_grpc.add_ReportServiceServicer_to_server(reports, server)
        webhooks = WebhookServicer(
            WebhookDesk(SqlWebhookStore(database), SEALER, OutboundRules(), TickingClock())
        )
        webhook_service_pb2_grpc.add_WebhookServiceServicer_to_server(webhooks, server)

    async with running_server(
        "ticket", register, services_of("ticket"), settings, database=database
    ) as server:
        yield server
