"""TicketSettings: what every service reads, the pace of the watches, and mail."""

from pydantic import Field

from services.mesh.settings import MeshSettings, Port


class TicketSettings(MeshSettings):
    """The variables are HELPDESK_TICKET_POLL_SECONDS and so on. Without its port, no mail comes."""

    ticket_poll_seconds: float = Field(default=1.0, gt=0, le=60)
    ticket_heartbeat_seconds: float = Field(default=15.0, gt=0, le=60)

    ticket_smtp_port: Port | None = Field(default=None, ge=0, le=65535)
    ticket_smtp_max_bytes: int = Field(default=10 * 1024 * 1024, ge=64 * 1024)
