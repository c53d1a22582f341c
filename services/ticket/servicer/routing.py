"""The RPCs of routing: message in, one use case, message out."""

from helpdesk.ticket.v1 import routing_service_pb2, routing_service_pb2_grpc
from services.mesh.clock import Clock
from services.ticket.convert.routing import (
    explanation_message,
    routing_policy_message,
    routing_policy_of,
)
from services.ticket.ports.routing import RoutingBooks, RoutingPolicies
from services.ticket.ports.tickets import TicketStore
from services.ticket.routing.policy import RoutingPolicy
from services.ticket.use_cases.staffing import (
    explain_routing,
    find_routing_policy,
    set_routing_policy,
)


class RoutingServicer(routing_service_pb2_grpc.RoutingServiceServicer):
    def __init__(
        self, policies: RoutingPolicies, books: RoutingBooks, store: TicketStore, clock: Clock
    ) -> None:
        self._policies = policies
        self._books = books
        self._store = store
        self._clock = clock

    async def GetRoutingPolicy(
        self, request: routing_service_pb2.GetRoutingPolicyRequest, context: object
    ) -> routing_service_pb2.RoutingPolicy:
        kept = await find_routing_policy(self._policies)
        if kept is None:
            return routing_policy_message(RoutingPolicy(), None)
        return routing_policy_message(kept.policy, kept.update_time)

    async def SetRoutingPolicy(
        self, request: routing_service_pb2.SetRoutingPolicyRequest, context: object
    ) -> routing_service_pb2.RoutingPolicy:
        kept = await set_routing_policy(
            self._policies, self._store, self._clock, routing_policy_of(request.policy)
        )
        return routing_policy_message(kept.policy, kept.update_time)

    async def ExplainRouting(
        self, request: routing_service_pb2.ExplainRoutingRequest, context: object
    ) -> routing_service_pb2.ExplainRoutingResponse:
        explanation = await explain_routing(self._store, self._books, request.ticket_id)
        return explanation_message(explanation)
