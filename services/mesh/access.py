"""Who may do what in which tenant, decided by Casbin from the policy that auth streams.

Rules are tuples from the wire to the enforcer. Joined to lines of text, as Casbin's own adapters
keep them, a name with a comma in it becomes another rule.
"""

import hashlib
import json
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import casbin

from services.mesh.caller import TenantId, UserId
from services.mesh.contract import Contract, ContractError, MethodPolicy
from services.mesh.errors import PolicyUnavailable

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

# ("p", "r:agent", "t:<tenant>", "ticket.tickets.get") or ("g", "u:<user>", "r:agent", "t:<tenant>")
Rule = tuple[str, str, str, str]
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
_USER = re.compile(r"u:[A-Za-z0-9._-]{1,64}\Z")
_ROLE = re.compile(r"r:[A-Za-z0-9._-]{1,64}\Z")
_TENANT = re.compile(r"t:[A-Za-z0-9._-]{1,64}\Z")
_PERMISSION = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+){1,3}\Z")
_FORMS = {"p": (_ROLE, _TENANT, _PERMISSION), "g": (_USER, _ROLE, _TENANT)}


class PolicyRefused(Exception):
    """A policy that must not be used: a rule is malformed, or the digest does not match."""


def grant(tenant_id: str, role: str, permission: str) -> Rule:
    return ("p", f"r:{role}", f"t:{tenant_id}", permission)


def membership(tenant_id: str, user_id: str, role: str) -> Rule:
    return ("g", f"u:{user_id}", f"r:{role}", f"t:{tenant_id}")


def policy_digest(rules: Iterable[Rule]) -> str:
    """SHA-256 in lower-case hex over the canonical form of a policy.

    The canonical form is one line for each distinct rule: the rule as a JSON array of four strings,
    without spaces, all but ASCII escaped; lines sorted, each ended by a line feed.
    """
    lines = sorted({json.dumps(rule, separators=(",", ":")) for rule in rules})
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()


@dataclass(frozen=True)
class SoundPolicy:
    """A policy whose rules and digest were checked, by tenant."""

    version: int
    digest: str
    rules: Mapping[str, frozenset[Rule]]


def sound_policy(version: int, digest: str, rules: Iterable[Rule]) -> SoundPolicy:
    """Raises PolicyRefused. Takes a while for many rules, and may run in a thread."""
    rules = list(rules)
    for rule in rules:
        _check(rule)
    if policy_digest(rules) != digest:
        raise PolicyRefused("the rules do not match their digest")
    by_tenant: defaultdict[str, set[Rule]] = defaultdict(set)
    for rule in rules:
        by_tenant[_tenant(rule)].add(rule)
    return SoundPolicy(
        version, digest, {tenant: frozenset(its_rules) for tenant, its_rules in by_tenant.items()}
    )


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
        self.version = policy.version
        self.digest = policy.digest
        self.hear()

    def hear(self) -> None:
        """Notes that auth is alive and the policy is still the current one."""
        self._heard_at = self._monotonic()

    @property
    def is_current(self) -> bool:
        return (
            self._heard_at is not None and self._monotonic() - self._heard_at <= STALE_AFTER_SECONDS
        )

    def permissions(self, tenant_id: TenantId, user_id: UserId) -> frozenset[str]:
        """Raises PolicyUnavailable when nothing was heard from auth for too long."""
        self._require_current()
        key = (tenant_id, user_id)
        known = self._permissions.get(key)
        if known is None:
            known = self._permissions[key] = self._decide(f"t:{tenant_id}", f"u:{user_id}")
        return known

    def roles(self, tenant_id: TenantId, user_id: UserId) -> frozenset[str]:
        """The user's roles by name. Raises PolicyUnavailable like `permissions`."""
        self._require_current()
        key = (tenant_id, user_id)
        known = self._roles.get(key)
        if known is None:
            enforcer = self._enforcer_of(f"t:{tenant_id}")
            held = (
                enforcer.get_roles_for_user_in_domain(f"u:{user_id}", f"t:{tenant_id}")
                if enforcer and _USER.match(f"u:{user_id}")
                else ()
            )
            known = self._roles[key] = frozenset(role.removeprefix("r:") for role in held)
        return known

    def _require_current(self) -> None:
        if not self.is_current:
            raise PolicyUnavailable("The access policy is not available at the moment.")

    def _decide(self, tenant: str, user: str) -> frozenset[str]:
        enforcer = self._enforcer_of(tenant)
        if enforcer is None or not _USER.match(user):
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


def _check(rule: Rule) -> None:
    forms = _FORMS.get(rule[0], ())
    parts = rule[1:]
    if len(forms) != len(parts) or not all(
        form.match(part) for form, part in zip(forms, parts, strict=True)
    ):
        raise PolicyRefused("a rule of the policy is malformed")


def _tenant(rule: Rule) -> str:
    return rule[2] if rule[0] == "p" else rule[3]
