"""Who may do what in which tenant, decided by Casbin from the policy that auth streams."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable

import casbin

from services.mesh.caller import TenantId, UserId
from services.mesh.contract import Contract, ContractError, MethodPolicy
from services.mesh.errors import PolicyUnavailable
from services.mesh.policy import (
    PolicyRefused,
    Rule,
    SoundPolicy,
    grant,
    membership,
    policy_digest,
    sound_policy,
)

__all__ = [
    "Access",
    "Contract",
    "ContractError",
    "MethodPolicy",
    "PolicyRefused",
    "Rule",
    "SoundPolicy",
    "grant",
    "membership",
    "policy_digest",
    "sound_policy",
]

Monotonic = Callable[[], float]

STALE_AFTER_SECONDS = 60.0

_MODEL = """
[request_definition]
r = sub, dom, act
[policy_definition]
p = sub, dom, act
[role_definition]
g = _, _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = g(r.sub, p.sub, r.dom) && r.dom == p.dom && r.act == p.act
"""


class Access:
    """The current policy. Allows nothing before it is loaded and a minute after the last word."""

    def __init__(self, monotonic: Monotonic = time.monotonic) -> None:
        self._monotonic = monotonic
        self._heard_at: float | None = None
        self._grants: defaultdict[str, set[Rule]] = defaultdict(set)
        self._memberships: defaultdict[tuple[str, str], set[Rule]] = defaultdict(set)
        self._enforcers: dict[str, casbin.Enforcer] = {}
        self._permissions: defaultdict[str, dict[str, frozenset[str]]] = defaultdict(dict)
        self.version = 0
        # How often there was silence for too long. What runs since before such a gap may have
        # missed anything.
        self.gaps = 0

    def load(self, version: int, digest: str, rules: Iterable[Rule]) -> None:
        """Replaces the policy. Raises PolicyRefused and keeps the old one when it is not sound."""
        policy = sound_policy(version, digest, rules)
        self.install(version, policy.allowing)

    def install(self, version: int, rules: Iterable[Rule]) -> None:
        """Replaces the policy by rules that were checked. Prohibitions are none of its business."""
        self._grants.clear()
        self._memberships.clear()
        self._enforcers.clear()
        self._permissions.clear()
        self.amend(version, rules, ())

    def amend(self, version: int, added: Iterable[Rule], removed: Iterable[Rule]) -> None:
        """Changes the policy by rules that were checked."""
        for rule in removed:
            self._rules_beside(rule).discard(rule)
        for rule in added:
            self._rules_beside(rule).add(rule)
        self.version = version
        self.hear()

    def _rules_beside(self, rule: Rule) -> set[Rule]:
        """Where the rule belongs; what was decided by those that lie there is forgotten."""
        match rule:
            case ("p", _, tenant, _):
                self._enforcers.pop(tenant, None)
                self._permissions.pop(tenant, None)
                return self._grants[tenant]
            case ("g", user, _, tenant):
                self._permissions[tenant].pop(user, None)
                return self._memberships[tenant, user]
            case _:
                return set()

    def hear(self) -> None:
        """Notes that auth is alive and the policy is still the current one."""
        if self._heard_at is not None and not self.is_current:
            self.gaps += 1
        self._heard_at = self._monotonic()

    @property
    def is_current(self) -> bool:
        return (
            self._heard_at is not None and self._monotonic() - self._heard_at <= STALE_AFTER_SECONDS
        )

    def permissions(self, tenant_id: TenantId, user_id: UserId) -> frozenset[str]:
        """Raises PolicyUnavailable when nothing was heard from auth for too long."""
        self.require_current()
        tenant, user = f"t:{tenant_id}", f"u:{user_id}"
        decided = self._permissions[tenant]
        known = decided.get(user)
        if known is None:
            known = decided[user] = self._decide(tenant, user)
        return known

    def roles(self, tenant_id: TenantId, user_id: UserId) -> frozenset[str]:
        """The user's roles by name. Raises PolicyUnavailable like `permissions`."""
        self.require_current()
        held = self._memberships.get((f"t:{tenant_id}", f"u:{user_id}"), ())
        return frozenset(role.removeprefix("r:") for _, _, role, _ in held)

    def require_current(self) -> None:
        """Raises PolicyUnavailable when nothing was heard from auth for too long."""
        if not self.is_current:
            raise PolicyUnavailable("The access policy is not available at the moment.")

    def _decide(self, tenant: str, user: str) -> frozenset[str]:
        held = self._memberships.get((tenant, user))
        if not held:
            return frozenset()
        enforcer = self._enforcer_of(tenant)
        # Only the one who is asked about is known to Casbin, and only for as long: thousands of
        # others would cost memory and time, and could be taken for this one.
        enforcer.add_grouping_policies([list(rule[1:]) for rule in held])
        implied = enforcer.get_implicit_permissions_for_user(user, tenant)
        enforcer.remove_filtered_grouping_policy(0, user)
        return frozenset(permission for _, _, permission in implied)

    def _enforcer_of(self, tenant: str) -> casbin.Enforcer:
        # An enforcer for each tenant, made when first needed: a decision costs the tenant's rules,
        # not everybody's, and has no other tenant's rule in reach.
        enforcer = self._enforcers.get(tenant)
        if enforcer is None:
            enforcer = self._enforcers[tenant] = _enforcer(self._grants.get(tenant, ()))
        return enforcer


def _enforcer(grants: Iterable[Rule]) -> casbin.Enforcer:
    model = casbin.Model()
    model.load_model_from_text(_MODEL)
    model.add_policies("p", "p", [list(rule[1:]) for rule in grants])
    enforcer = casbin.Enforcer(model)
    enforcer.build_role_links()
    return enforcer
