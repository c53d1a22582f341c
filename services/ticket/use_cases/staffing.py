"""How the tenant wants its tickets routed, and what routing did with one of them."""

from dataclasses import dataclass

from services.mesh.caller import current_tenant
from services.mesh.clock import Clock
from services.ticket.domain import DEFAULT_QUEUE
from services.ticket.errors.queues import QueueNotFound
from services.ticket.ports.routing import (
    KeptRoutingPolicy,
    KeptStep,
    RoutingBooks,
    RoutingPolicies,
    RoutingState,
)
from services.ticket.ports.tickets import TicketStore
from services.ticket.routing.policy import RoutingPolicy, require_routing_policy
from services.ticket.use_cases.ticketing import find_visible


@dataclass(frozen=True)
class Explanation:
    """`state` is None for a ticket that is not routed."""

    steps: list[KeptStep]
    state: RoutingState | None


async def find_routing_policy(policies: RoutingPolicies) -> KeptRoutingPolicy | None:
    return await policies.find(current_tenant())


async def set_routing_policy(
    policies: RoutingPolicies, store: TicketStore, clock: Clock, policy: RoutingPolicy
) -> KeptRoutingPolicy:
    """Raises why it cannot be, in a class for each reason."""
    require_routing_policy(policy)
    async with store.reading(current_tenant()) as tickets:
        known = {DEFAULT_QUEUE, *(queue.name for queue in await tickets.list_queues() if queue)}
    for queue in policy.queues():
        if queue not in known:
            raise QueueNotFound(queue)
    kept = KeptRoutingPolicy(policy, clock())
    await policies.keep(current_tenant(), kept)
    return kept


async def explain_routing(store: TicketStore, books: RoutingBooks, ticket_id: str) -> Explanation:
    tenant_id = current_tenant()
    async with store.reading(tenant_id) as tickets:
        ticket = await find_visible(tickets, ticket_id)
        return Explanation(
            await books.list_steps(tenant_id, ticket.ticket_id),
            await books.find_state(tenant_id, ticket.ticket_id),
        )
