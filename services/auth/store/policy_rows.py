"""The whole policy, as its rows say and only if the seal says so too."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CompoundSelect,
    String,
    and_,
    case,
    cast,
    literal,
    select,
    tuple_,
    union_all,
)

from services.auth.domain import (
    EndedSession,
    HeldRules,
    Holder,
    Policy,
    SessionId,
    TenantState,
)
from services.auth.policy_seal import PolicyAltered, PolicySeal, SealedSum
from services.auth.store.deletion_rows import DeletionRows
from services.auth.store.policy_lock import (
    PolicyHead,
    lock_policy,
    read_head,
    write_seal,
)
from services.auth.tables import (
    MembershipRow,
    PolicyVersionRow,
    RolePermissionRow,
    SessionRow,
    TenantRow,
    UserRow,
)
from services.mesh.caller import TenantId, UserId
from services.mesh.policy import PolicyRefused, Rule, check_rule, grant, membership
from services.mesh.session import Session


class PolicyRows(DeletionRows):
    async def policy_version(self) -> int:
        return (await self._session.scalars(select(PolicyVersionRow.version))).one()

    async def policy(
        self,
        ended_since: datetime,
        known: Policy | None = None,
        *,
        keep_rules: bool = False,
        touched: Mapping[int, frozenset[Holder]] | None = None,
    ) -> Policy:
        # The head first: a session that ends between the statements then shows in an older version,
        # which the next look mends, and is never missing in a newer one.
        head = await read_head(self._session)
        if known is not None and (keep_rules or known.rules_version == head.rules_version):
            policy = replace(known, version=head.version)
        else:
            holders = _touched_since(known, head, touched or {})
            policy = await self._amended(known, head.rules_version, holders) or await self._whole()
        ended = await self._session.execute(
            select(SessionRow.tenant_id, SessionRow.session_id).where(
                SessionRow.end_time >= ended_since
            )
        )
        return replace(
            policy,
            ended_sessions=frozenset(
                EndedSession(TenantId(tenant), SessionId(name)) for tenant, name in ended
            ),
            deleted_tenants=frozenset(one.tenant_id for one in await self.deletions()),
        )

    async def _amended(
        self, known: Policy | None, rules_version: int, holders: frozenset[Holder]
    ) -> Policy | None:
        """None where more has to be read than of these, and also where they do not add up."""
        if known is None or not 0 < len(holders) <= _FEW:
            return None
        head, found = await _read(self._session, holders)
        if head.rules_version != rules_version:
            return None
        before = {one: known.holdings[one] for one in holders if one in known.holdings}
        if not _leads_to(self._policy_book.seal, known, head, _stored(before), _stored(found)):
            return None
        holdings = {**known.holdings, **found}
        for gone in before.keys() - found.keys():
            del holdings[gone]
        return Policy(head.version, head.rules_version, holdings, seal=head.sealed)

    async def _whole(self) -> Policy:
        head, holdings = await _read(self._session)
        # Many rules take a while, and the calls of others go on meanwhile.
        await asyncio.to_thread(_check, self._policy_book.seal, head, _stored(holdings))
        return Policy(head.version, head.rules_version, holdings, seal=head.sealed)

    async def seal_policy(self, *, is_trusted: bool) -> None:
        seal = self._policy_book.seal
        if seal is None:
            return
        await lock_policy(self._session, self._policy_book)
        head, holdings = await _read(self._session)
        rules = _stored(holdings)
        is_sound = seal.is_sound(head.sealed, head.rules_version) and seal.adds_up(
            head.sealed, rules
        )
        if is_sound and seal.is_of_the_newest_key(head.sealed):
            return
        if is_sound or is_trusted or not rules:
            await write_seal(self._session, seal.over(head.rules_version, rules))


def _touched_since(
    known: Policy | None, head: PolicyHead, touched: Mapping[int, frozenset[Holder]]
) -> frozenset[Holder]:
    """Nobody when it may be anybody."""
    if known is None:
        return frozenset()
    versions = range(known.rules_version + 1, head.rules_version + 1)
    if len(versions) > _FEW or not all(version in touched for version in versions):
        return frozenset()
    return frozenset().union(*(touched[version] for version in versions))


def _stored(holdings: Mapping[Holder, HeldRules]) -> set[Rule]:
    """Also what does not count at the moment."""
    return set().union(*(held.rules for held in holdings.values()))


def _leads_to(
    seal: PolicySeal | None,
    known: Policy,
    head: PolicyHead,
    before: set[Rule],
    after: set[Rule],
) -> bool:
    _check_rules(after)
    if seal is None or known.seal is None:
        return seal is None
    amended = seal.changed(known.seal, head.rules_version, after - before, before - after)
    return amended == head.sealed


def _check(seal: PolicySeal | None, head: PolicyHead, rules: set[Rule]) -> None:
    _check_rules(rules)
    if seal is not None and not (
        seal.is_sound(head.sealed, head.rules_version) and seal.adds_up(head.sealed, rules)
    ):
        raise PolicyAltered("the rules do not match their seal")


def _check_rules(rules: set[Rule]) -> None:
    try:
        for rule in rules:
            check_rule(rule)
    except PolicyRefused as error:
        raise PolicyAltered(str(error)) from error


async def _read(
    session: Session, holders: frozenset[Holder] | None = None
) -> tuple[PolicyHead, dict[Holder, HeldRules]]:
    rules: defaultdict[Holder, set[Rule]] = defaultdict(set)
    counting: set[Holder] = set()
    for kind, *fields in await session.execute(_question(holders)):
        match kind:
            case "h":
                head = _head(*fields)
            case "p":
                tenant_id, role, permission, counts, _ = fields
                holder = Holder(TenantId(tenant_id))
                rules[holder].add(grant(tenant_id, role, permission))
            case _:
                tenant_id, user_id, role, counts, _ = fields
                holder = Holder(TenantId(tenant_id), UserId(user_id))
                rules[holder].add(membership(tenant_id, user_id, role))
        if kind != "h" and counts:
            counting.add(holder)
    return head, {
        holder: HeldRules(frozenset(held), holder in counting) for holder, held in rules.items()
    }


def _head(version: str, prohibitions: str, count: str, total: str, seal: str) -> PolicyHead:
    return PolicyHead(
        int(version),
        int(version) - int(prohibitions),
        SealedSum(int(count), int(total, 16), seal),
    )


# More are not asked for one by one.
_FEW = 200
_IS_ACTIVE = TenantRow.state == TenantState.ACTIVE.value
# Whoever is disabled may do nothing, also in a session that was opened meanwhile.
_IS_ENABLED = and_(_IS_ACTIVE, UserRow.disable_time.is_(None))

_HEAD = select(
    literal("h"),
    cast(PolicyVersionRow.version, String),
    cast(PolicyVersionRow.prohibitions, String),
    cast(PolicyVersionRow.rule_count, String),
    PolicyVersionRow.rule_sum,
    PolicyVersionRow.seal,
)
# The joins are loose, for a rule without its tenant or user was written by somebody else and must
# show.
_GRANTS = select(
    literal("p"),
    RolePermissionRow.tenant_id,
    RolePermissionRow.role,
    RolePermissionRow.permission,
    case((_IS_ACTIVE, "counts"), else_=""),
    literal(""),
).outerjoin(TenantRow, TenantRow.tenant_id == RolePermissionRow.tenant_id)
_MEMBERSHIPS = (
    select(
        literal("g"),
        MembershipRow.tenant_id,
        MembershipRow.user_id,
        MembershipRow.role,
        case((_IS_ENABLED, "counts"), else_=""),
        literal(""),
    )
    .outerjoin(TenantRow, TenantRow.tenant_id == MembershipRow.tenant_id)
    .outerjoin(
        UserRow,
        and_(
            UserRow.tenant_id == MembershipRow.tenant_id, UserRow.user_id == MembershipRow.user_id
        ),
    )
)


def _question(holders: frozenset[Holder] | None) -> CompoundSelect[Any]:
    # One statement sees one moment: with two, a change in between would look like an alteration.
    if holders is None:
        return union_all(_HEAD, _GRANTS, _MEMBERSHIPS)
    tenants = [one.tenant_id for one in holders if one.user_id is None]
    users = [(one.tenant_id, one.user_id) for one in holders if one.user_id is not None]
    return union_all(
        _HEAD,
        _GRANTS.where(RolePermissionRow.tenant_id.in_(tenants)),
        _MEMBERSHIPS.where(tuple_(MembershipRow.tenant_id, MembershipRow.user_id).in_(users)),
    )
