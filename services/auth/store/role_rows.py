"""Roles and their permissions."""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import delete, insert, select, update

from services.auth.domain import Role
from services.auth.store.rule_rows import RuleRows
from services.auth.tables import MembershipRow, RolePermissionRow, RoleRow


class RoleRows(RuleRows):
    async def add_roles(self, roles: Sequence[Role]) -> None:
        await self.lock_policy()
        known = {role.name for role in await self.roles()}
        for role in roles:
            await self._put_role(role, exists=role.name in known)

    async def _put_role(self, role: Role, *, exists: bool) -> None:
        if exists:
            await self._session.execute(
                update(RoleRow)
                .where(RoleRow.tenant_id == self._tenant_id, RoleRow.name == role.name)
                .values(description=role.description)
            )
            await self.drop_grants(role.name)
        else:
            await self._session.execute(
                insert(RoleRow).values(
                    tenant_id=self._tenant_id, name=role.name, description=role.description
                )
            )
        await self.add_grants(role.name, sorted(role.permissions))

    async def is_held(self, role: str) -> bool:
        holder = await self._session.scalar(
            select(MembershipRow.user_id)
            .where(MembershipRow.tenant_id == self._tenant_id, MembershipRow.role == role)
            .limit(1)
        )
        return holder is not None

    async def delete_role(self, name: str) -> None:
        await self.lock_policy()
        await self.drop_grants(name)
        await self._session.execute(
            delete(RoleRow).where(RoleRow.tenant_id == self._tenant_id, RoleRow.name == name)
        )

    async def roles(self) -> list[Role]:
        permissions: dict[str, set[str]] = defaultdict(set)
        for row in await self._session.scalars(
            select(RolePermissionRow).where(RolePermissionRow.tenant_id == self._tenant_id)
        ):
            permissions[row.role].add(row.permission)
        rows = await self._session.scalars(
            select(RoleRow).where(RoleRow.tenant_id == self._tenant_id).order_by(RoleRow.name)
        )
        return [Role(row.name, row.description, frozenset(permissions[row.name])) for row in rows]
