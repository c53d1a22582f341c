"""The policy in the mesh's form of a rule."""

from services.auth.domain import Policy
from services.mesh.access import Rule, grant, membership


def rules_of(policy: Policy) -> list[Rule]:
    return [
        *(grant(rule.tenant_id, rule.role, rule.permission) for rule in policy.grants),
        *(membership(rule.tenant_id, rule.user_id, rule.role) for rule in policy.memberships),
    ]
