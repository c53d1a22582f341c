"""The policy as the events of its stream; who sends them counts them."""

from collections.abc import Iterator

from helpdesk.auth.v1 import policy_service_pb2
from services.auth.domain import Policy
from services.auth.rules import Difference, all_rules_of
from services.mesh.policy_messages import messages_of

# Each part and each change is far below what a message may hold.
RULES_PER_EVENT = 10_000


def snapshot_events(policy: Policy, digest: str) -> Iterator[policy_service_pb2.PolicyEvent]:
    rules = all_rules_of(policy)
    for start in range(0, max(len(rules), 1), RULES_PER_EVENT):
        end = start + RULES_PER_EVENT
        yield policy_service_pb2.PolicyEvent(
            snapshot=policy_service_pb2.PolicySnapshot(
                version=policy.version,
                digest=digest,
                rules=messages_of(rules[start:end]),
                is_partial=end < len(rules),
            )
        )


def change_event(
    before: Policy, policy: Policy, change: Difference, digest: str
) -> policy_service_pb2.PolicyEvent:
    return policy_service_pb2.PolicyEvent(
        change=policy_service_pb2.PolicyChange(
            version=policy.version,
            base_version=before.version,
            digest=digest,
            added=messages_of(change.added),
            removed=messages_of(change.removed),
        )
    )


def heartbeat_event(version: int) -> policy_service_pb2.PolicyEvent:
    return policy_service_pb2.PolicyEvent(
        heartbeat=policy_service_pb2.PolicyHeartbeat(version=version)
    )
