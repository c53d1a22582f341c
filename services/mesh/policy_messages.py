"""The rules of a policy as they come over the wire."""

from collections.abc import Iterable

from helpdesk.auth.v1 import policy_service_pb2
from services.mesh.policy import (
    PolicyRefused,
    Rule,
    check_rule,
    deletion,
    ended_session,
    grant,
    is_prohibition,
    membership,
)


def amended(
    prohibitions: frozenset[Rule], change: policy_service_pb2.PolicyChange
) -> frozenset[Rule]:
    """Raises PolicyRefused when the change is about anything but prohibitions."""
    added, removed = rules_of(change.added), rules_of(change.removed)
    for rule in (*added, *removed):
        check_rule(rule)
        if not is_prohibition(rule):
            raise PolicyRefused("a change of the policy would allow something")
    return (prohibitions | frozenset(added)) - frozenset(removed)


def rules_of(rules: Iterable[policy_service_pb2.PolicyRule]) -> list[Rule]:
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
