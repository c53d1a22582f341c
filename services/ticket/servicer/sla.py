"""The RPCs of the SLA: message in, one use case, message out."""

from helpdesk.ticket.v1 import sla_service_pb2, sla_service_pb2_grpc
from services.mesh.clock import Clock
from services.ticket.convert.sla import policy_message, policy_of
from services.ticket.ports.sla import SlaPolicies
from services.ticket.sla.policy import SlaPolicy
from services.ticket.use_cases.promising import find_policy, set_policy


class SlaServicer(sla_service_pb2_grpc.SlaServiceServicer):
    def __init__(self, policies: SlaPolicies, clock: Clock) -> None:
        self._policies = policies
        self._clock = clock

    async def GetSlaPolicy(
        self, request: sla_service_pb2.GetSlaPolicyRequest, context: object
    ) -> sla_service_pb2.SlaPolicy:
        kept = await find_policy(self._policies)
        if kept is None:
            return policy_message(SlaPolicy(), None)
        return policy_message(kept.policy, kept.update_time)

    async def SetSlaPolicy(
        self, request: sla_service_pb2.SetSlaPolicyRequest, context: object
    ) -> sla_service_pb2.SlaPolicy:
        kept = await set_policy(self._policies, self._clock, policy_of(request.policy))
        return policy_message(kept.policy, kept.update_time)
