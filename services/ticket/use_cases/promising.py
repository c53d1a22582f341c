"""What a tenant promises its customers, and when its people work."""

from collections.abc import Iterable, Mapping

from services.mesh.caller import current_tenant
from services.mesh.clock import Clock
from services.mesh.ids import new_id
from services.ticket.domain import Ticket
from services.ticket.ports.sla import KeptSlaPolicy, SlaPolicies
from services.ticket.ports.tickets import (
    TicketStore,
)
from services.ticket.sla.clocks import ClockTimes
from services.ticket.sla.policy import SlaPolicy, require_policy
from services.ticket.use_cases.ticketing import is_customer


async def find_policy(policies: SlaPolicies) -> KeptSlaPolicy | None:
    return await policies.find(current_tenant())


async def set_policy(policies: SlaPolicies, clock: Clock, policy: SlaPolicy) -> KeptSlaPolicy:
    """Raises why it cannot be, in a class for each reason."""
    require_policy(policy)
    kept = KeptSlaPolicy(new_id(), policy, clock())
    await policies.keep(current_tenant(), kept)
    return kept


async def find_clocks(
    store: TicketStore, tickets: Iterable[Ticket]
) -> Mapping[str, tuple[ClockTimes, ...]]:
    """By ticket id; customers are told of none."""
    ids = [ticket.ticket_id for ticket in tickets]
    if not ids or is_customer():
        return {}
    async with store.reading(current_tenant()) as reading:
        return await reading.sla_clocks(ids)
