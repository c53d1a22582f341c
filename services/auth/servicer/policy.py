"""The policy stream: message in, one use case, message out."""

import asyncio
from collections.abc import AsyncIterator

from helpdesk.auth.v1 import (
    policy_service_pb2,
    policy_service_pb2_grpc,
)
from services.auth.domain import Policy
from services.auth.policy_events import change_event, heartbeat_event, snapshot_event
from services.auth.policy_feed import PolicyFeed
from services.auth.policy_watchers import PolicyWatchers
from services.auth.rules import rules_of
from services.mesh.interceptors.chain import Context
from services.mesh.policy import policy_digest


class PolicyServicer(policy_service_pb2_grpc.PolicyServiceServicer):
    def __init__(self, feed: PolicyFeed, watchers: PolicyWatchers) -> None:
        self._feed = feed
        self._watchers = watchers
        self._digest = ""
        self._digested: Policy | None = None

    async def WatchPolicy(
        self, request: policy_service_pb2.WatchPolicyRequest, context: Context
    ) -> AsyncIterator[policy_service_pb2.PolicyEvent]:
        with self._watchers.following(request.watch_id):
            async for event in self._events():
                yield event

    async def ConfirmPolicy(
        self, request: policy_service_pb2.ConfirmPolicyRequest, context: Context
    ) -> policy_service_pb2.ConfirmPolicyResponse:
        await self._watchers.confirm(request.watch_id, request.version)
        return policy_service_pb2.ConfirmPolicyResponse()

    async def _events(self) -> AsyncIterator[policy_service_pb2.PolicyEvent]:
        seq = 0
        sent: Policy | None = None
        async for policy in self._feed.listen():
            seq += 1
            if policy is None:
                yield heartbeat_event(seq, sent.version if sent else 0)
                continue
            digest = await self._rules_digest(policy)
            if sent is not None and sent.rules_version == policy.rules_version:
                yield change_event(seq, sent, policy, digest)
            else:
                yield snapshot_event(seq, policy, digest)
            sent = policy

    async def _rules_digest(self, policy: Policy) -> str:
        known = self._digested
        if known is None or known.rules_version != policy.rules_version:
            # Many rules take a while, and the calls of others go on meanwhile.
            digest = await asyncio.to_thread(policy_digest, rules_of(policy))
            self._digest, self._digested = digest, policy
            return digest
        return self._digest
