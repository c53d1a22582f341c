"""The policy in the mesh's form of a rule."""

from services.auth.domain import Policy
from services.mesh.policy import Rule, deletion, ended_session, grant, membership


def rules_of(policy: Policy) -> list[Rule]:
    """What allows."""
    return [
        *(grant(rule.tenant_id, rule.role, rule.permission) for rule in policy.grants),
        *(membership(rule.tenant_id, rule.user_id, rule.role) for rule in policy.memberships),
    ]


def prohibitions_of(policy: Policy) -> list[Rule]:
    return [
        *(ended_session(ended.tenant_id, ended.session_id) for ended in policy.ended_sessions),
        *map(deletion, policy.deleted_tenants),
    ]
