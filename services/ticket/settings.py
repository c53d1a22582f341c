"""TicketSettings: what every service reads, the pace of the watches, files, mail and webhooks."""

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode

from services.mesh.settings import MeshSettings, Port
from services.ticket.domain import AttachmentLimits
from services.ticket.domain.media_types import DEFAULT_TYPES


class TicketSettings(MeshSettings):
    """The variables are HELPDESK_TICKET_POLL_SECONDS and so on.

    No mail comes without a port or a mailbox.
    """

    ticket_poll_seconds: float = Field(default=1.0, gt=0, le=60)
    ticket_heartbeat_seconds: float = Field(default=15.0, gt=0, le=60)

    # Shared by all processes of the service.
    ticket_attachments: Path | None = None
    ticket_attachment_max_bytes: int = Field(default=100 * 1024 * 1024, ge=1)
    ticket_attachment_quota_bytes: int = Field(default=10 * 1024 * 1024 * 1024, ge=1)
    ticket_attachments_per_ticket: int = Field(default=100, ge=1, le=1000)
    ticket_attachment_types: Annotated[frozenset[str], NoDecode] = DEFAULT_TYPES

    ticket_triage_poll_seconds: float = Field(default=0.2, gt=0, le=60)
    ticket_triage_threads: int = Field(default=1, ge=1, le=64)

    ticket_smtp_port: Port | None = Field(default=None, ge=0, le=65535)
    ticket_lmtp_port: Port | None = Field(default=None, ge=0, le=65535)
    ticket_smtp_max_bytes: int = Field(default=10 * 1024 * 1024, ge=64 * 1024)

    # A file that names them; see services/ticket/mail/mailboxes.py.
    ticket_mailboxes: Path | None = None
    ticket_mailbox_poll_seconds: float = Field(default=30.0, gt=0, le=3600)

    # No relay, no mail goes out; what was to go waits for five days.
    ticket_smtp_relay: str | None = Field(default=None, pattern=r"^[A-Za-z0-9.-]+:[0-9]{1,5}$")
    ticket_smtp_relay_security: Literal["tls", "starttls", "none"] = "starttls"
    ticket_smtp_relay_user: str | None = None
    ticket_smtp_relay_password: SecretStr | None = None

    @field_validator("ticket_attachment_types", mode="before")
    @classmethod
    def _known_types(cls, types: object) -> object:
        if isinstance(types, str):
            types = frozenset(name.strip().lower() for name in types.split(",") if name.strip())
        if isinstance(types, frozenset) and (unknown := sorted(types - DEFAULT_TYPES)):
            raise ValueError(f"only what its bytes tell can be allowed, not {', '.join(unknown)}")
        return types

    # The file with the keys that seal secrets of webhooks; replicas on one database need the same.
    ticket_sealing_keys: Path | None = None

    # Where webhooks may be besides port 443 of the open internet, at any port.
    ticket_webhook_networks: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = ()

    @field_validator("ticket_webhook_networks", mode="before")
    @classmethod
    def _split(cls, entries: object) -> object:
        if isinstance(entries, str):
            return tuple(entry.strip() for entry in entries.split(",") if entry.strip())
        return entries

    @model_validator(mode="after")
    def _no_password_in_the_clear(self) -> Self:
        if self.ticket_smtp_relay_password and self.ticket_smtp_relay_security == "none":
            raise ValueError("TICKET_SMTP_RELAY_PASSWORD needs TICKET_SMTP_RELAY_SECURITY of tls")
        return self

    def mail_port(self, protocol: Literal["smtp", "lmtp"]) -> Port | None:
        return self.ticket_smtp_port if protocol == "smtp" else self.ticket_lmtp_port

    @model_validator(mode="after")
    def _temporal_has_an_address(self) -> Self:
        if self.ticket_routing_engine == "temporal" and self.temporal_address is None:
            raise ValueError("TICKET_ROUTING_ENGINE of temporal needs TEMPORAL_ADDRESS")
        return self

    @property
    def attachments_folder(self) -> Path:
        return self.ticket_attachments or self.service_folder("ticket") / "attachments"

    @property
    def attachment_limits(self) -> AttachmentLimits:
        return AttachmentLimits(
            most_bytes=self.ticket_attachment_max_bytes,
            most_bytes_of_tenant=self.ticket_attachment_quota_bytes,
            most_of_ticket=self.ticket_attachments_per_ticket,
            media_types=self.ticket_attachment_types,
        )

    @property
    def relay_address(self) -> tuple[str, int] | None:
        if self.ticket_smtp_relay is None:
            return None
        host, _, port = self.ticket_smtp_relay.rpartition(":")
        return host, int(port)
