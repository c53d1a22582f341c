"""Who may do what in which tenant, decided by Casbin from the policy that auth streams."""

import time
from collections.abc import Callable, Iterable, Mapping

import casbin

from services.mesh.caller import TenantId, UserId
from services.mesh.contract import Contract, ContractError, MethodPolicy
from services.mesh.errors import PolicyUnavailable
from services.mesh.policy import (
    USER,
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
        self._rules: Mapping[str, frozenset[Rule]] = {}
        self._enforcers: dict[str, casbin.Enforcer] = {}
        self._permissions: dict[tuple[str, str], frozenset[str]] = {}
        self._roles: dict[tuple[str, str], frozenset[str]] = {}
        self.version = 0
        self.digest = ""
        self.rules_digest = ""
        # How often there was silence for too long. What runs since before such a gap may have
        # missed anything.
        self.gaps = 0

    def load(self, version: int, digest: str, rules: Iterable[Rule]) -> None:
        """Replaces the policy. Raises PolicyRefused and keeps the old one when it is not sound."""
        self.install(sound_policy(version, digest, rules))

    def install(self, policy: SoundPolicy) -> None:
        self._enforcers = {
            tenant: enforcer
            for tenant, enforcer in self._enforcers.items()
            if policy.rules.get(tenant) == self._rules[tenant]
        }
        self._rules = policy.rules
        self._permissions = {}
        self._roles = {}
        self.rules_digest = policy.rules_digest
        self.advance(policy.version, policy.digest)

    def advance(self, version: int, digest: str) -> None:
        """Takes note of a version that allows what the one before did."""
        self.version = version
        self.digest = digest
        self.hear()

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
        key = (tenant_id, user_id)
        known = self._permissions.get(key)
        if known is None:
            known = self._permissions[key] = self._decide(f"t:{tenant_id}", f"u:{user_id}")
        return known

    def roles(self, tenant_id: TenantId, user_id: UserId) -> frozenset[str]:
        """The user's roles by name. Raises PolicyUnavailable like `permissions`."""
        self.require_current()
        key = (tenant_id, user_id)
        known = self._roles.get(key)
        if known is None:
            enforcer = self._enforcer_of(f"t:{tenant_id}")
            held = (
                enforcer.get_roles_for_user_in_domain(f"u:{user_id}", f"t:{tenant_id}")
                if enforcer and USER.match(f"u:{user_id}")
                else ()
            )
            known = self._roles[key] = frozenset(role.removeprefix("r:") for role in held)
        return known

    def require_current(self) -> None:
        """Raises PolicyUnavailable when nothing was heard from auth for too long."""
        if not self.is_current:
            raise PolicyUnavailable("The access policy is not available at the moment.")

    def _decide(self, tenant: str, user: str) -> frozenset[str]:
        enforcer = self._enforcer_of(tenant)
        if enforcer is None or not USER.match(user):
            return frozenset()
        implied = enforcer.get_implicit_permissions_for_user(user, tenant)
        return frozenset(permission for _, _, permission in implied)

    def _enforcer_of(self, tenant: str) -> casbin.Enforcer | None:
        # An enforcer for each tenant, made when first needed: a decision costs the tenant's rules,
        # not everybody's, and has no other tenant's rule in reach.
        enforcer = self._enforcers.get(tenant)
        if enforcer is None and tenant in self._rules:
            enforcer = self._enforcers[tenant] = _enforcer(self._rules[tenant])
        return enforcer


def _enforcer(rules: Iterable[Rule]) -> casbin.Enforcer:
    model = casbin.Model()
    model.load_model_from_text(_MODEL)
    enforcer = casbin.Enforcer(model)
    for kind in ("p", "g"):
        model.add_policies(kind, kind, [list(rule[1:]) for rule in rules if rule[0] == kind])
    enforcer.build_role_links()
    return enforcer
