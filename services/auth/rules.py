"""The policy in the mesh's form of a rule."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain

from services.auth.domain import EndedSession, HeldRules, Holder, Policy
from services.mesh.caller import TenantId
from services.mesh.policy import Rule, deletion, ended_session

_NOTHING = HeldRules(frozenset())


@dataclass(frozen=True)
class Difference:
    """What leads from one policy to another."""

    added: list[Rule]
    removed: list[Rule]


def rules_of(policy: Policy) -> list[Rule]:
    """What allows."""
    return list(chain.from_iterable(map(_counting, policy.holdings.values())))


def prohibitions_of(policy: Policy) -> list[Rule]:
    return _prohibitions(policy.ended_sessions, policy.deleted_tenants)


def all_rules_of(policy: Policy) -> list[Rule]:
    return [*rules_of(policy), *prohibitions_of(policy)]


def difference(before: Policy, after: Policy) -> Difference:
    """Costs little where most of what is held is the same object in both."""
    return Difference([*_beyond(before, after)], [*_beyond(after, before)])


def _beyond(one: Policy, other: Policy) -> Iterable[Rule]:
    """What the other has and the one does not."""
    yield from _held_beyond(one.holdings, other.holdings)
    yield from _prohibitions(
        other.ended_sessions - one.ended_sessions, other.deleted_tenants - one.deleted_tenants
    )


def _held_beyond(
    one: Mapping[Holder, HeldRules], other: Mapping[Holder, HeldRules]
) -> Iterable[Rule]:
    if one is other:
        return
    for holder, held in other.items():
        known = one.get(holder, _NOTHING)
        if known is not held:
            yield from _counting(held) - _counting(known)


def _prohibitions(sessions: Iterable[EndedSession], tenants: Iterable[TenantId]) -> list[Rule]:
    return [
        *(ended_session(ended.tenant_id, ended.session_id) for ended in sessions),
        *map(deletion, tenants),
    ]


def _counting(held: HeldRules) -> frozenset[Rule]:
    return held.rules if held.count else _NOTHING.rules
