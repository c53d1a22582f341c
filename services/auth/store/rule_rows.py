"""The rules of the policy, row by row. Nowhere else are these two tables written."""

from collections.abc import Sequence

from sqlalchemy import delete, insert

from services.auth.domain import Holder
from services.auth.store.policy_lock import rules_change, touch
from services.auth.store.rows_of_tenant import RowsOfTenant
from services.auth.tables import MembershipRow, RolePermissionRow
from services.mesh.caller import UserId
from services.mesh.policy import Rule, check_rule, grant, membership


class RuleRows(RowsOfTenant):
    """Each method needs the policy to be locked, and raises PolicyRefused for what is no id."""

    async def add_grants(self, role: str, permissions: Sequence[str]) -> None:
        rules = [grant(self._tenant_id, role, permission) for permission in permissions]
        await self._add(Holder(self._tenant_id), rules)
        if permissions:
            await self._session.execute(
                insert(RolePermissionRow),
                [
                    {"tenant_id": self._tenant_id, "role": role, "permission": permission}
                    for permission in permissions
                ],
            )

    async def drop_grants(self, role: str) -> None:
        dropped = await self._session.scalars(
            delete(RolePermissionRow)
            .where(RolePermissionRow.tenant_id == self._tenant_id, RolePermissionRow.role == role)
            .returning(RolePermissionRow.permission)
        )
        rules = [grant(self._tenant_id, role, permission) for permission in dropped]
        await self._drop(Holder(self._tenant_id), rules)

    async def add_memberships(self, user_id: UserId, roles: Sequence[str]) -> None:
        rules = [membership(self._tenant_id, user_id, role) for role in roles]
        await self._add(Holder(self._tenant_id, user_id), rules)
        if roles:
            await self._session.execute(
                insert(MembershipRow),
                [
                    {"tenant_id": self._tenant_id, "user_id": user_id, "role": role}
                    for role in roles
                ],
            )

    async def drop_memberships(self, user_id: UserId) -> None:
        dropped = await self._session.scalars(
            delete(MembershipRow)
            .where(MembershipRow.tenant_id == self._tenant_id, MembershipRow.user_id == user_id)
            .returning(MembershipRow.role)
        )
        rules = [membership(self._tenant_id, user_id, role) for role in dropped]
        await self._drop(Holder(self._tenant_id, user_id), rules)

    async def _add(self, holder: Holder, rules: Sequence[Rule]) -> None:
        for rule in rules:
            check_rule(rule)
        touch(self._session, holder)
        if rules:
            await rules_change(self._session, self._policy_book, rules, ())

    async def _drop(self, holder: Holder, rules: Sequence[Rule]) -> None:
        touch(self._session, holder)
        if rules:
            await rules_change(self._session, self._policy_book, (), rules)
