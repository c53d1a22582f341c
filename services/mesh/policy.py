"""A policy as a set of rules: how they are written, checked and summed up in a digest.

Rules are tuples from the wire to the enforcer. Joined to lines of text, as Casbin's own adapters
keep them, a name with a comma in it becomes another rule.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

# ("p", "r:agent", "t:<tenant>", "ticket.tickets.get"), ("g", "u:<user>", "r:agent", "t:<tenant>"),
# and what is prohibited: ("s", "s:<session>", "t:<tenant>") has ended, ("d", "t:<tenant>") goes.
Rule = tuple[str, ...]

_ID = r":[A-Za-z0-9._-]{1,64}\Z"
_USER = re.compile("u" + _ID)
_ROLE = re.compile("r" + _ID)
_TENANT = re.compile("t" + _ID)
_SESSION = re.compile("s" + _ID)
_PERMISSION = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+){1,3}\Z")
_FORMS = {
    "p": (_ROLE, _TENANT, _PERMISSION),
    "g": (_USER, _ROLE, _TENANT),
    "s": (_SESSION, _TENANT),
    "d": (_TENANT,),
}
_PROHIBITIONS = {"s", "d"}
_WEIGHT_BYTES = 512
_MODULUS: int = 2 ** (8 * _WEIGHT_BYTES)


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


def policy_sum(rules: Iterable[Rule]) -> int:
    """What the rules weigh together, so that a change costs what it changes and not all rules.

    Whoever could choose rules freely needs about 2^128 steps to find other ones of the same
    weight: AdHash of Bellare and Micciancio (1997), with the modulus that the attack of Wagner
    (2002) asks for.
    """
    return sum(map(_weight, rules)) % _MODULUS


def changed_sum(before: int, added: Iterable[Rule], removed: Iterable[Rule]) -> int:
    """What the rules weigh after a change; `added` are new ones and `removed` were among them."""
    return (before + policy_sum(added) - policy_sum(removed)) % _MODULUS


def digest_of(total: int) -> str:
    """SHA-256 in lower-case hex over what all rules of a policy weigh."""
    return hashlib.sha256(total.to_bytes(_WEIGHT_BYTES)).hexdigest()


def policy_digest(rules: Iterable[Rule]) -> str:
    """The digest of the set of these rules."""
    return digest_of(policy_sum(set(rules)))


@dataclass(frozen=True)
class SoundPolicy:
    """A policy whose rules and digest were checked."""

    version: int
    total: int
    allowing: frozenset[Rule]
    prohibitions: frozenset[Rule]


@dataclass(frozen=True)
class SoundChange:
    """What leads from a sound policy to another one, checked like that."""

    version: int
    total: int
    added: frozenset[Rule]
    removed: frozenset[Rule]

    def after(self, prohibitions: frozenset[Rule]) -> frozenset[Rule]:
        """The prohibitions of the new policy."""
        return (prohibitions | _prohibitions(self.added)) - self.removed


def sound_policy(version: int, digest: str, rules: Iterable[Rule]) -> SoundPolicy:
    """Raises PolicyRefused. Takes a while for many rules, and may run in a thread."""
    distinct = frozenset(rules)
    for rule in distinct:
        check_rule(rule)
    total = policy_sum(distinct)
    if digest_of(total) != digest:
        raise PolicyRefused("the rules do not match their digest")
    prohibitions = _prohibitions(distinct)
    return SoundPolicy(version, total, distinct - prohibitions, prohibitions)


def sound_change(
    before: int, version: int, digest: str, added: Iterable[Rule], removed: Iterable[Rule]
) -> SoundChange:
    """`before` is what the policy weighs that is changed. Raises PolicyRefused."""
    new, old = frozenset(added), frozenset(removed)
    for rule in new | old:
        check_rule(rule)
    total = changed_sum(before, new, old)
    if digest_of(total) != digest:
        raise PolicyRefused("the change does not match its digest")
    return SoundChange(version, total, new, old)


def is_prohibition(rule: Rule) -> bool:
    return rule[0] in _PROHIBITIONS


def _prohibitions(rules: Iterable[Rule]) -> frozenset[Rule]:
    return frozenset(filter(is_prohibition, rules))


def _weight(rule: Rule) -> int:
    content = json.dumps(rule, separators=(",", ":")).encode()
    return int.from_bytes(hashlib.shake_128(content).digest(_WEIGHT_BYTES))
