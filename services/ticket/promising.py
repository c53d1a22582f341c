"""What a tenant promises its customers, and when its people work."""

from services.mesh.caller import current_tenant
from services.mesh.clock import Clock
from services.mesh.ids import new_id
from services.ticket.ports import KeptSlaPolicy, SlaPolicies
from services.ticket.sla.policy import SlaPolicy, require_policy


async def find_policy(policies: SlaPolicies) -> KeptSlaPolicy | None:
    return await policies.find(current_tenant())


async def set_policy(policies: SlaPolicies, clock: Clock, policy: SlaPolicy) -> KeptSlaPolicy:
    """Raises why it cannot be, in a class for each reason."""
    require_policy(policy)
    kept = KeptSlaPolicy(new_id(), policy, clock())
    await policies.keep(current_tenant(), kept)
    return kept
