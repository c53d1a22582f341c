"""A policy as a set of rules: how they are written, checked and summed up in a digest.

Rules are tuples from the wire to the enforcer. Joined to lines of text, as Casbin's own adapters
keep them, a name with a comma in it becomes another rule.
"""

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

# ("p", "r:agent", "t:<tenant>", "ticket.tickets.get"), ("g", "u:<user>", "r:agent", "t:<tenant>"),
# and what is prohibited: ("s", "s:<session>", "t:<tenant>") has ended, ("d", "t:<tenant>") goes.
Rule = tuple[str, ...]

_ID = r":[A-Za-z0-9._-]{1,64}\Z"
USER = re.compile("u" + _ID)
_ROLE = re.compile("r" + _ID)
_TENANT = re.compile("t" + _ID)
_SESSION = re.compile("s" + _ID)
_PERMISSION = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+){1,3}\Z")
_FORMS = {
    "p": (_ROLE, _TENANT, _PERMISSION),
    "g": (USER, _ROLE, _TENANT),
    "s": (_SESSION, _TENANT),
    "d": (_TENANT,),
}
_PROHIBITIONS = {"s", "d"}


class PolicyRefused(Exception):
    """A policy that must not be used: a rule is malformed, or the digest does not match."""


def grant(tenant_id: str, role: str, permission: str) -> Rule:
    return ("p", f"r:{role}", f"t:{tenant_id}", permission)


def membership(tenant_id: str, user_id: str, role: str) -> Rule:
    return ("g", f"u:{user_id}", f"r:{role}", f"t:{tenant_id}")


def ended_session(tenant_id: str, session_id: str) -> Rule:
    return ("s", f"s:{session_id}", f"t:{tenant_id}")


def deletion(tenant_id: str) -> Rule:
    return ("d", f"t:{tenant_id}")


def check_rule(rule: Rule) -> None:
    """Raises PolicyRefused for a rule with anything but opaque ids in it."""
    forms = _FORMS.get(rule[0], ())
    parts = rule[1:]
    if not forms or len(forms) != len(parts):
        raise PolicyRefused("a rule of the policy is of an unknown kind")
    if not all(form.match(part) for form, part in zip(forms, parts, strict=True)):
        raise PolicyRefused("a rule of the policy is malformed")


def policy_digest(rules: Iterable[Rule]) -> str:
    """SHA-256 in lower-case hex over the canonical form of a policy.

    The canonical form of rules is one line for each distinct one: the rule as a JSON array of
    strings, without spaces, all but ASCII escaped; lines sorted, each ended by a line feed. Where
    something is prohibited, the digest of the other rules and a line feed stand before those lines.
    """
    rules = list(rules)
    digest = _digest("", (rule for rule in rules if rule[0] not in _PROHIBITIONS))
    return amended_digest(digest, (rule for rule in rules if rule[0] in _PROHIBITIONS))


def amended_digest(rules_digest: str, prohibitions: Iterable[Rule]) -> str:
    """The digest of a policy of which only the prohibitions are at hand."""
    prohibitions = list(prohibitions)
    return _digest(f"{rules_digest}\n", prohibitions) if prohibitions else rules_digest


@dataclass(frozen=True)
class SoundPolicy:
    """A policy whose rules and digest were checked; what it allows is sorted by tenant."""

    version: int
    digest: str
    rules: Mapping[str, frozenset[Rule]]
    rules_digest: str
    prohibitions: frozenset[Rule]


def sound_policy(version: int, digest: str, rules: Iterable[Rule]) -> SoundPolicy:
    """Raises PolicyRefused. Takes a while for many rules, and may run in a thread."""
    by_tenant: defaultdict[str, set[Rule]] = defaultdict(set)
    allowing, prohibitions = [], set()
    for rule in rules:
        check_rule(rule)
        if rule[0] in _PROHIBITIONS:
            prohibitions.add(rule)
        else:
            allowing.append(rule)
            by_tenant[_tenant(rule)].add(rule)
    rules_digest = policy_digest(allowing)
    if amended_digest(rules_digest, prohibitions) != digest:
        raise PolicyRefused("the rules do not match their digest")
    return SoundPolicy(
        version,
        digest,
        {tenant: frozenset(its_rules) for tenant, its_rules in by_tenant.items()},
        rules_digest,
        frozenset(prohibitions),
    )


def is_prohibition(rule: Rule) -> bool:
    return rule[0] in _PROHIBITIONS


def _digest(before: str, rules: Iterable[Rule]) -> str:
    lines = sorted({json.dumps(rule, separators=(",", ":")) for rule in rules})
    return hashlib.sha256((before + "".join(f"{line}\n" for line in lines)).encode()).hexdigest()


def _tenant(rule: Rule) -> str:
    return rule[2] if rule[0] == "p" else rule[3]
