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
    mail_template_service_pb2,
    mail_template_service_pb2_grpc,
    queue_service_pb2,
    queue_service_pb2_grpc,
    routing_service_pb2,
    routing_service_pb2_grpc,
    ticket_pb2,
    ticket_service_pb2,
    ticket_service_pb2_grpc,
    triage_service_pb2,
    triage_service_pb2_grpc,
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
from services.ticket.registration import Parts
from services.ticket.store import (
    SqlTriageStore,
    SqlWebhookStore,
)
from services.ticket.triage.classifier import BuiltInClassifier
from services.ticket.triage.desk import Desk
from services.ticket.triage.ports import Classifier
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
    *(f"ticket.webhooks.{verb}" for verb in ("enable", "disable", "rotate_secret", "update")),
    "ticket.webhooks.list_deliveries",
    *(f"ticket.mail_templates.{verb}" for verb in ("list", "set", "reset", "preview")),
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
            "MailTemplateService": mail_template_service_pb2_grpc.MailTemplateServiceStub(channel),
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
                mail_template_service_pb2,
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
        self.tenant_id, self.stranger_id = tenant_id, stranger_id
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
    clock = TickingClock()
    parts = Parts(
        database=database,
        store=store,
        clock=clock,
        pace=Pace(poll_seconds=0.05),
        cabinet=Cabinet(AttachmentFolder(settings.data / "attachments"), limits),
        knowledge=FakeKnowledge(),
        triage=Desk(store, SqlTriageStore(database), classifier or BuiltInClassifier(), clock),
        webhooks=WebhookDesk(SqlWebhookStore(database), SEALER, OutboundRules(), clock),
    )
    async with running_server(
        "ticket", parts.register, services_of("ticket"), settings, database=database
    ) as server:
        yield server
