"""The policy stream: message in, one use case, message out."""

from collections.abc import AsyncIterator

from helpdesk.auth.v1 import (
    policy_service_pb2,
    policy_service_pb2_grpc,
)
from services.auth.convert import (
    heartbeat_event,
    snapshot_event,
)
from services.auth.policy_feed import PolicyFeed
from services.mesh.interceptors.chain import Context


class PolicyServicer(policy_service_pb2_grpc.PolicyServiceServicer):
    def __init__(self, feed: PolicyFeed) -> None:
        self._feed = feed

    async def WatchPolicy(
        self, request: policy_service_pb2.WatchPolicyRequest, context: Context
    ) -> AsyncIterator[policy_service_pb2.PolicyEvent]:
        seq = 0
        version = 0
        async for policy in self._feed.listen():
            seq += 1
            if policy is None:
                yield heartbeat_event(seq, version)
            else:
                version = policy.version
                yield snapshot_event(seq, policy)
