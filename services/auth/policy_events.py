"""The policy as the events of its stream."""

from collections.abc import Iterable

from helpdesk.auth.v1 import policy_service_pb2
from services.auth.domain import EndedSession, Grant, Membership, Policy
from services.auth.rules import prohibitions_of
from services.mesh.policy import amended_digest


def snapshot_event(seq: int, policy: Policy, rules_digest: str) -> policy_service_pb2.PolicyEvent:
    return policy_service_pb2.PolicyEvent(
        seq=seq,
        snapshot=policy_service_pb2.PolicySnapshot(
            version=policy.version,
            digest=amended_digest(rules_digest, prohibitions_of(policy)),
            rules=[
                *map(_grant, policy.grants),
                *map(_membership, policy.memberships),
                *map(_ending, policy.ended_sessions),
            ],
        ),
    )


def change_event(
    seq: int, before: Policy, policy: Policy, rules_digest: str
) -> policy_service_pb2.PolicyEvent:
    """Between two policies that allow the same."""
    return policy_service_pb2.PolicyEvent(
        seq=seq,
        change=policy_service_pb2.PolicyChange(
            version=policy.version,
            base_version=before.version,
            digest=amended_digest(rules_digest, prohibitions_of(policy)),
            added=_endings(policy.ended_sessions - before.ended_sessions),
            removed=_endings(before.ended_sessions - policy.ended_sessions),
        ),
    )


def heartbeat_event(seq: int, version: int) -> policy_service_pb2.PolicyEvent:
    return policy_service_pb2.PolicyEvent(
        seq=seq, heartbeat=policy_service_pb2.PolicyHeartbeat(version=version)
    )


def _endings(sessions: Iterable[EndedSession]) -> list[policy_service_pb2.PolicyRule]:
    return [_ending(session) for session in sessions]


def _grant(rule: Grant) -> policy_service_pb2.PolicyRule:
    return policy_service_pb2.PolicyRule(
        tenant_id=rule.tenant_id,
        grant=policy_service_pb2.RolePermission(role=rule.role, permission=rule.permission),
    )


def _membership(rule: Membership) -> policy_service_pb2.PolicyRule:
    return policy_service_pb2.PolicyRule(
        tenant_id=rule.tenant_id,
        membership=policy_service_pb2.RoleMembership(user_id=rule.user_id, role=rule.role),
    )


def _ending(session: EndedSession) -> policy_service_pb2.PolicyRule:
    return policy_service_pb2.PolicyRule(
        tenant_id=session.tenant_id,
        ending=policy_service_pb2.SessionEnding(session_id=session.session_id),
    )
