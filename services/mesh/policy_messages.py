"""The rules of a policy as they come over the wire."""

from collections.abc import Iterable

from helpdesk.auth.v1.policy_service_pb2 import (
    PolicyRule,
    RoleMembership,
    RolePermission,
    SessionEnding,
    TenantDeletion,
)
from services.mesh.policy import (
    PolicyRefused,
    Rule,
    deletion,
    ended_session,
    grant,
    membership,
)


def rules_of(rules: Iterable[PolicyRule]) -> list[Rule]:
    """Raises PolicyRefused for a kind of rule that we do not know: it might be a prohibition."""
    known = []
    for rule in rules:
        match rule.WhichOneof("rule"):
            case "grant":
                known.append(grant(rule.tenant_id, rule.grant.role, rule.grant.permission))
            case "membership":
                member = rule.membership
                known.append(membership(rule.tenant_id, member.user_id, member.role))
            case "ending":
                known.append(ended_session(rule.tenant_id, rule.ending.session_id))
            case "deletion":
                known.append(deletion(rule.tenant_id))
            case _:
                raise PolicyRefused("a rule of the policy is of an unknown kind")
    return known


def messages_of(rules: Iterable[Rule]) -> list[PolicyRule]:
    return [_message(*(part.split(":")[-1] for part in rule)) for rule in rules]


def _message(kind: str, *parts: str) -> PolicyRule:
    match kind, *parts:
        case "p", role, tenant_id, permission:
            permitted = RolePermission(role=role, permission=permission)
            return PolicyRule(tenant_id=tenant_id, grant=permitted)
        case "g", user_id, role, tenant_id:
            held = RoleMembership(user_id=user_id, role=role)
            return PolicyRule(tenant_id=tenant_id, membership=held)
        case "s", session_id, tenant_id:
            return PolicyRule(tenant_id=tenant_id, ending=SessionEnding(session_id=session_id))
        case "d", tenant_id:
            return PolicyRule(tenant_id=tenant_id, deletion=TenantDeletion())
        case _:
            raise PolicyRefused("a rule of the policy is of an unknown kind")
