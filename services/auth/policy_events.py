"""The policy as the events of its stream."""

from collections.abc import Iterable

from helpdesk.auth.v1 import policy_service_pb2
from services.auth.domain import EndedSession, Grant, Membership, Policy
from services.auth.rules import prohibitions_of
from services.mesh.caller import TenantId
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
                *_prohibitions(policy.ended_sessions, policy.deleted_tenants),
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
            added=_beyond(before, policy),
            removed=_beyond(policy, before),
        ),
    )


def heartbeat_event(seq: int, version: int) -> policy_service_pb2.PolicyEvent:
    return policy_service_pb2.PolicyEvent(
        seq=seq, heartbeat=policy_service_pb2.PolicyHeartbeat(version=version)
    )


def _beyond(one: Policy, other: Policy) -> list[policy_service_pb2.PolicyRule]:
    """What the other prohibits and the one does not."""
    return _prohibitions(
        other.ended_sessions - one.ended_sessions, other.deleted_tenants - one.deleted_tenants
    )


def _prohibitions(
    sessions: Iterable[EndedSession], tenants: Iterable[TenantId]
) -> list[policy_service_pb2.PolicyRule]:
    return [*map(_ending, sessions), *map(_deletion, tenants)]


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


def _deletion(tenant_id: TenantId) -> policy_service_pb2.PolicyRule:
    return policy_service_pb2.PolicyRule(
        tenant_id=tenant_id, deletion=policy_service_pb2.TenantDeletion()
    )
