"""TicketSettings: what every service reads, the pace of the watches, and mail."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator

from services.mesh.settings import MeshSettings, Port


class TicketSettings(MeshSettings):
    """The variables are HELPDESK_TICKET_POLL_SECONDS and so on.

    No mail comes without a port or a mailbox.
    """

    ticket_poll_seconds: float = Field(default=1.0, gt=0, le=60)
    ticket_heartbeat_seconds: float = Field(default=15.0, gt=0, le=60)

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

    @model_validator(mode="after")
    def _no_password_in_the_clear(self) -> Self:
        if self.ticket_smtp_relay_password and self.ticket_smtp_relay_security == "none":
            raise ValueError("TICKET_SMTP_RELAY_PASSWORD needs TICKET_SMTP_RELAY_SECURITY of tls")
        return self

    def mail_port(self, protocol: Literal["smtp", "lmtp"]) -> Port | None:
        return self.ticket_smtp_port if protocol == "smtp" else self.ticket_lmtp_port

    @property
    def relay_address(self) -> tuple[str, int] | None:
        if self.ticket_smtp_relay is None:
            return None
        host, _, port = self.ticket_smtp_relay.rpartition(":")
        return host, int(port)
