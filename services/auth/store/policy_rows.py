"""The whole policy, as its rows say and only if the seal says so too."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import String, and_, case, cast, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from services.auth.domain import (
    EndedSession,
    Grant,
    Membership,
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


@dataclass(frozen=True)
class _Rows:
    """Every rule that is stored, and those of them that count at the moment."""

    stored: Sequence[Rule]
    grants: tuple[Grant, ...]
    memberships: tuple[Membership, ...]


class PolicyRows(DeletionRows):
    async def policy_version(self) -> int:
        return (await self._session.scalars(select(PolicyVersionRow.version))).one()

    async def policy(
        self, ended_since: datetime, known: Policy | None = None, *, keep_rules: bool = False
    ) -> Policy:
        # The head first: a session that ends between the statements then shows in an older version,
        # which the next look mends, and is never missing in a newer one.
        head = await read_head(self._session)
        if known is not None and (keep_rules or known.rules_version == head.rules_version):
            policy = replace(known, version=head.version)
        else:
            head, rows = await _read(self._session)
            # Many rules take a while, and the calls of others go on meanwhile.
            await asyncio.to_thread(_check, self._policy_book.seal, head, rows.stored)
            policy = Policy(head.version, head.rules_version, rows.grants, rows.memberships)
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

    async def seal_policy(self, *, is_trusted: bool) -> None:
        seal = self._policy_book.seal
        if seal is None:
            return
        await lock_policy(self._session, self._policy_book)
        head, rows = await _read(self._session)
        is_sound = seal.is_sound(head.sealed, head.rules_version) and seal.adds_up(
            head.sealed, rows.stored
        )
        if is_sound and seal.is_of_the_newest_key(head.sealed):
            return
        if is_sound or is_trusted or not rows.stored:
            await write_seal(self._session, seal.over(head.rules_version, rows.stored))


def _check(seal: PolicySeal | None, head: PolicyHead, rules: Sequence[Rule]) -> None:
    try:
        for rule in rules:
            check_rule(rule)
    except PolicyRefused as error:
        raise PolicyAltered(str(error)) from error
    if seal is not None and not (
        seal.is_sound(head.sealed, head.rules_version) and seal.adds_up(head.sealed, rules)
    ):
        raise PolicyAltered("the rules do not match their seal")


async def _read(session: AsyncSession) -> tuple[PolicyHead, _Rows]:
    found: defaultdict[str, list[tuple[str, str, str, str, str]]] = defaultdict(list)
    for kind, *fields in await session.execute(_EVERYTHING):
        found[kind].append(tuple(fields))
    [(version, prohibitions, count, total, seal)] = found["h"]
    grants = [(Grant(TenantId(one[0]), one[1], one[2]), one[3]) for one in found["p"]]
    memberships = [
        (Membership(TenantId(one[0]), UserId(one[1]), one[2]), one[3]) for one in found["g"]
    ]
    head = PolicyHead(
        int(version),
        int(version) - int(prohibitions),
        SealedSum(int(count), int(total, 16), seal),
    )
    rules = [
        *(grant(one.tenant_id, one.role, one.permission) for one, _ in grants),
        *(membership(one.tenant_id, one.user_id, one.role) for one, _ in memberships),
    ]
    return head, _Rows(
        rules,
        tuple(one for one, counts in grants if counts),
        tuple(one for one, counts in memberships if counts),
    )


_IS_ACTIVE = TenantRow.state == TenantState.ACTIVE.value
# Whoever is disabled may do nothing, also in a session that was opened meanwhile.
_IS_ENABLED = and_(_IS_ACTIVE, UserRow.disable_time.is_(None))

# One statement sees one moment: with two, a change in between would look like an alteration. The
# joins are loose, for a rule without its tenant or user was written by somebody else and must show.
_EVERYTHING = union_all(
    select(
        literal("h"),
        cast(PolicyVersionRow.version, String),
        cast(PolicyVersionRow.prohibitions, String),
        cast(PolicyVersionRow.rule_count, String),
        PolicyVersionRow.rule_sum,
        PolicyVersionRow.seal,
    ),
    select(
        literal("p"),
        RolePermissionRow.tenant_id,
        RolePermissionRow.role,
        RolePermissionRow.permission,
        case((_IS_ACTIVE, "counts"), else_=""),
        literal(""),
    ).outerjoin(TenantRow, TenantRow.tenant_id == RolePermissionRow.tenant_id),
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
    ),
)
