"""What the SLA needs fulfilled: a place for policies, and somebody who knows what is due."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.mesh.caller import TenantId
from services.ticket.sla.policy import SlaPolicy


@dataclass(frozen=True)
class KeptSlaPolicy:
    """`policy_id` is another one each time that a policy is set."""

    policy_id: str
    policy: SlaPolicy
    update_time: datetime


class SlaPolicies(Protocol):
    async def find(self, tenant_id: TenantId) -> KeptSlaPolicy | None: ...

    async def keep(self, tenant_id: TenantId, kept: KeptSlaPolicy) -> None:
        """Keeps it in place of the one before."""


@dataclass(frozen=True)
class DueTicket:
    """A clock of the ticket turns at `next_time`."""

    tenant_id: TenantId
    ticket_id: str
    next_time: datetime


class SlaSweep(Protocol):
    """Sees all tenants, but tells each ticket in a transaction of its own tenant."""

    async def list_due(self, now: datetime, *, limit: int, offset: int) -> list[DueTicket]: ...

    async def tell(self, due: DueTicket, now: datetime) -> bool:
        """Writes the turns into the ticket's log; False where somebody else has seen to it."""
