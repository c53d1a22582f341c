"""Tenants on their way out, and what is left of those that are gone."""

from collections import defaultdict
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from services.auth.domain import Deletion
from services.auth.store.policy_lock import (
    PolicyBook,
    lock_policy,
    note_prohibition,
    rules_change,
    touch_anybody,
)
from services.auth.tables import (
    AuthTable,
    MembershipRow,
    PurgeConfirmationRow,
    RolePermissionRow,
    TombstoneRow,
)
from services.mesh.caller import TenantId
from services.mesh.policy import Rule, grant, membership
from services.mesh.purge import delete_rows, tables_of_tenants
from services.mesh.session import Session

_KEPT = frozenset({TombstoneRow.__tablename__})


class DeletionRows:
    def __init__(self, session: Session, policy_book: PolicyBook) -> None:
        self._session = session
        self._policy_book = policy_book

    async def add_deletion(self, tenant_id: TenantId, now: datetime) -> None:
        await note_prohibition(self._session, self._policy_book)
        await self._insert_once(TombstoneRow, tenant_id=tenant_id, delete_time=now)

    async def deletion(self, tenant_id: TenantId) -> Deletion | None:
        found = [one for one in await self.deletions() if one.tenant_id == tenant_id]
        return found[0] if found else None

    async def deletions(self) -> list[Deletion]:
        confirmed: defaultdict[str, set[str]] = defaultdict(set)
        for row in await self._session.scalars(select(PurgeConfirmationRow)):
            confirmed[row.tenant_id].add(row.service)
        pending = await self._session.scalars(
            select(TombstoneRow)
            .where(TombstoneRow.bury_time.is_(None))
            .order_by(TombstoneRow.delete_time, TombstoneRow.tenant_id)
        )
        return [
            Deletion(TenantId(row.tenant_id), row.delete_time, frozenset(confirmed[row.tenant_id]))
            for row in pending
        ]

    async def confirm_purge(self, tenant_id: TenantId, service: str, now: datetime) -> None:
        if await self.deletion(tenant_id) is not None:
            await self._insert_once(
                PurgeConfirmationRow, tenant_id=tenant_id, service=service, confirm_time=now
            )

    async def bury(self, tenant_id: TenantId, now: datetime) -> None:
        await lock_policy(self._session, self._policy_book)
        touch_anybody(self._session)
        await rules_change(self._session, self._policy_book, (), await self._rules_of(tenant_id))
        tables = [
            table for table in tables_of_tenants(AuthTable.metadata) if table.name not in _KEPT
        ]
        await delete_rows(self._session, tables, tenant_id)
        await self._session.execute(
            update(TombstoneRow)
            .where(TombstoneRow.tenant_id == tenant_id, TombstoneRow.bury_time.is_(None))
            .values(bury_time=now)
        )

    async def _rules_of(self, tenant_id: TenantId) -> list[Rule]:
        grants = await self._session.execute(
            select(RolePermissionRow.role, RolePermissionRow.permission).where(
                RolePermissionRow.tenant_id == tenant_id
            )
        )
        memberships = await self._session.execute(
            select(MembershipRow.user_id, MembershipRow.role).where(
                MembershipRow.tenant_id == tenant_id
            )
        )
        return [
            *(grant(tenant_id, role, permission) for role, permission in grants),
            *(membership(tenant_id, user_id, role) for user_id, role in memberships),
        ]

    async def _insert_once(self, row: type[AuthTable], **values: object) -> None:
        is_postgresql = self._session.get_bind().dialect.name == "postgresql"
        insert = postgresql_insert if is_postgresql else sqlite_insert
        await self._session.execute(insert(row).values(values).on_conflict_do_nothing())
