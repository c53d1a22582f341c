"""Where a ticket belongs, as long as nobody knows better than whoever opened it."""

from services.mesh.caller import TenantId
from services.ticket.domain import Ticket
from services.ticket.ports.routing import Settling


class KeepsQueue:
    """A classifier that leaves each ticket where it is."""

    async def judge(self, tenant_id: TenantId, ticket: Ticket) -> Settling:
        return _stays


async def _stays() -> str:
    return "it stays in the queue in which it was opened"
