"""The one way into the mesh: a channel to the gateway and the contract's stubs on it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import grpc

from helpdesk.auth.v1 import (
    account_service_pb2_grpc,
    api_key_service_pb2_grpc,
    client_service_pb2_grpc,
    identity_provider_service_pb2_grpc,
    role_service_pb2_grpc,
    signing_key_service_pb2_grpc,
    tenant_service_pb2_grpc,
    token_service_pb2_grpc,
    totp_service_pb2_grpc,
    user_service_pb2_grpc,
)
from helpdesk.auth.v1 import audit_service_pb2_grpc as auth_audit
from helpdesk.chat.v1 import audit_service_pb2_grpc as chat_audit
from helpdesk.chat.v1 import chat_service_pb2_grpc, gap_service_pb2_grpc
from helpdesk.search.v1 import audit_service_pb2_grpc as search_audit
from helpdesk.search.v1 import (
    category_service_pb2_grpc,
    document_import_service_pb2_grpc,
    evaluation_service_pb2_grpc,
    index_service_pb2_grpc,
    publication_service_pb2_grpc,
    search_service_pb2_grpc,
    version_service_pb2_grpc,
)
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
from helpdesk.ticket.v1 import audit_service_pb2_grpc as ticket_audit
from services.cli.calls import Around, Token
from services.cli.failures import CommandError

# A document of 2 MiB may come back as a longer message.
_LARGEST_MESSAGE = 8 * 1024 * 1024

# The services' audits differ in nothing but their names.
_Audit = (
    auth_audit.AuthAuditServiceStub
    | ticket_audit.TicketAuditServiceStub
    | search_audit.SearchAuditServiceStub
    | chat_audit.ChatAuditServiceStub
)


@dataclass(frozen=True)
class Address:
    """`https://host:port` or `http://host:port`, and who must have signed the certificate."""

    url: str
    certificate_authority: Path | None = None

    @property
    def target(self) -> str:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise CommandError(
                f"{self.url} is not an address of a helpdesk.",
                hint="HELPDESK_ADDRESS=https://127.0.0.1:8443",
                code="ADDRESS_INVALID",
            )
        return f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"

    @property
    def is_secure(self) -> bool:
        return urlsplit(self.url).scheme == "https"


class Gateway:
    """Use as a context manager. Without a token only public methods answer."""

    def __init__(self, address: Address, token: Token | None = None) -> None:
        self.address = address
        self._channel = _channel(address)
        channel = grpc.intercept_channel(self._channel, Around(token))
        self.tokens = token_service_pb2_grpc.TokenServiceStub(channel)
        self.tenants = tenant_service_pb2_grpc.TenantServiceStub(channel)
        self.users = user_service_pb2_grpc.UserServiceStub(channel)
        self.clients = client_service_pb2_grpc.ClientServiceStub(channel)
        self.account = account_service_pb2_grpc.AccountServiceStub(channel)
        self.totp = totp_service_pb2_grpc.TotpServiceStub(channel)
        self.roles = role_service_pb2_grpc.RoleServiceStub(channel)
        self.api_keys = api_key_service_pb2_grpc.ApiKeyServiceStub(channel)
        self.signing_keys = signing_key_service_pb2_grpc.SigningKeyServiceStub(channel)
        self.identity_providers = identity_provider_service_pb2_grpc.IdentityProviderServiceStub(
            channel
        )
        self.tickets = ticket_service_pb2_grpc.TicketServiceStub(channel)
        self.attachments = attachment_service_pb2_grpc.AttachmentServiceStub(channel)
        self.bulk = bulk_service_pb2_grpc.BulkServiceStub(channel)
        self.triage = triage_service_pb2_grpc.TriageServiceStub(channel)
        self.canned_replies = canned_reply_service_pb2_grpc.CannedReplyServiceStub(channel)
        self.fields = field_service_pb2_grpc.FieldServiceStub(channel)
        self.ticket_imports = import_service_pb2_grpc.ImportServiceStub(channel)
        self.links = link_service_pb2_grpc.LinkServiceStub(channel)
        self.macros = macro_service_pb2_grpc.MacroServiceStub(channel)
        self.mail_addresses = mail_address_service_pb2_grpc.MailAddressServiceStub(channel)
        self.mail_templates = mail_template_service_pb2_grpc.MailTemplateServiceStub(channel)
        self.queues = queue_service_pb2_grpc.QueueServiceStub(channel)
        self.reports = report_service_pb2_grpc.ReportServiceStub(channel)
        self.routing = routing_service_pb2_grpc.RoutingServiceStub(channel)
        self.sla = sla_service_pb2_grpc.SlaServiceStub(channel)
        self.suggestions = suggestion_service_pb2_grpc.SuggestionServiceStub(channel)
        self.views = view_service_pb2_grpc.ViewServiceStub(channel)
        self.webhooks = webhook_service_pb2_grpc.WebhookServiceStub(channel)
        self.search = search_service_pb2_grpc.SearchServiceStub(channel)
        self.categories = category_service_pb2_grpc.CategoryServiceStub(channel)
        self.publications = publication_service_pb2_grpc.PublicationServiceStub(channel)
        self.versions = version_service_pb2_grpc.VersionServiceStub(channel)
        self.imports = document_import_service_pb2_grpc.DocumentImportServiceStub(channel)
        self.index = index_service_pb2_grpc.IndexServiceStub(channel)
        self.gaps = gap_service_pb2_grpc.GapServiceStub(channel)
        self.evaluations = evaluation_service_pb2_grpc.EvaluationServiceStub(channel)
        self.chat = chat_service_pb2_grpc.ChatServiceStub(channel)
        self.audits: Mapping[str, _Audit] = {
            "auth": auth_audit.AuthAuditServiceStub(channel),
            "ticket": ticket_audit.TicketAuditServiceStub(channel),
            "search": search_audit.SearchAuditServiceStub(channel),
            "chat": chat_audit.ChatAuditServiceStub(channel),
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._channel.close()


def _channel(address: Address) -> grpc.Channel:
    options = [
        ("grpc.max_receive_message_length", _LARGEST_MESSAGE),
        ("grpc.primary_user_agent", "helpdesk-cli"),
        ("grpc.enable_http_proxy", 0),
    ]
    if not address.is_secure:
        return grpc.insecure_channel(address.target, options)
    authority = address.certificate_authority
    roots = authority.read_bytes() if authority and authority.exists() else None
    return grpc.secure_channel(address.target, grpc.ssl_channel_credentials(roots), options)
