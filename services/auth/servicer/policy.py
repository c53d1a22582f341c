"""The policy stream: message in, one use case, message out."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from itertools import count

from helpdesk.auth.v1 import (
    policy_service_pb2,
    policy_service_pb2_grpc,
)
from services.auth.domain import Policy
from services.auth.policy_events import (
    RULES_PER_EVENT,
    change_event,
    heartbeat_event,
    snapshot_events,
)
from services.auth.policy_feed import PolicyFeed
from services.auth.policy_watchers import PolicyWatchers
from services.auth.rules import all_rules_of, difference
from services.mesh.interceptors.chain import Context
from services.mesh.policy import changed_sum, digest_of, policy_sum


@dataclass(frozen=True)
class _Summed:
    policy: Policy
    total: int


class PolicyServicer(policy_service_pb2_grpc.PolicyServiceServicer):
    def __init__(self, feed: PolicyFeed, watchers: PolicyWatchers) -> None:
        self._feed = feed
        self._watchers = watchers
        self._summed: _Summed | None = None

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
        numbers = count(1)
        sent: Policy | None = None
        async for policy in self._feed.listen():
            for event in await self._news(sent, policy):
                event.seq = next(numbers)
                yield event
            sent = policy or sent

    async def _news(
        self, sent: Policy | None, policy: Policy | None
    ) -> Iterable[policy_service_pb2.PolicyEvent]:
        if policy is None:
            return [heartbeat_event(sent.version if sent else 0)]
        digest = digest_of(await self._sum_of(policy))
        if sent is not None:
            change = difference(sent, policy)
            if len(change.added) + len(change.removed) <= RULES_PER_EVENT:
                return [change_event(sent, policy, change, digest)]
        return snapshot_events(policy, digest)

    async def _sum_of(self, policy: Policy) -> int:
        known = self._summed
        if known is None:
            # Many rules take a while, and the calls of others go on meanwhile.
            total = await asyncio.to_thread(policy_sum, all_rules_of(policy))
        else:
            change = difference(known.policy, policy)
            total = changed_sum(known.total, change.added, change.removed)
        self._summed = _Summed(policy, total)
        return total
