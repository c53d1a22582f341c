"""TicketSettings: what every service reads, and the pace of the watches."""

from pydantic import Field

from services.mesh.settings import MeshSettings


class TicketSettings(MeshSettings):
    """The variables are HELPDESK_TICKET_POLL_SECONDS and HELPDESK_TICKET_HEARTBEAT_SECONDS."""

    ticket_poll_seconds: float = Field(default=1.0, gt=0, le=60)
    ticket_heartbeat_seconds: float = Field(default=15.0, gt=0, le=60)
