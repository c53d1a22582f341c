"""What tenants promise."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.mesh.caller import TenantId
from services.mesh.database import Database
from services.ticket.ports import KeptSlaPolicy
from services.ticket.sla_rows import policy_from, policy_json
from services.ticket.store.own import upsert
from services.ticket.tables import SlaPolicyRow


class SqlSlaPolicies:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, tenant_id: TenantId) -> KeptSlaPolicy | None:
        async with self._database.tenant_reading(tenant_id) as session:
            row = await session.scalar(
                select(SlaPolicyRow)
                .where(SlaPolicyRow.tenant_id == tenant_id)
                .execution_options(populate_existing=True)
            )
            if row is None:
                return None
            return KeptSlaPolicy(row.policy_id, policy_from(row.policy), row.update_time)

    async def keep(self, tenant_id: TenantId, kept: KeptSlaPolicy) -> None:
        async with self._database.tenant_transaction(tenant_id) as session:
            await _put(session, tenant_id, kept)


async def _put(session: AsyncSession, tenant_id: TenantId, kept: KeptSlaPolicy) -> None:
    columns = {
        "policy_id": kept.policy_id,
        "policy": policy_json(kept.policy),
        "update_time": kept.update_time,
    }
    await session.execute(
        upsert(session, SlaPolicyRow)
        .values(tenant_id=tenant_id, **columns)
        .on_conflict_do_update(index_elements=[SlaPolicyRow.tenant_id], set_=columns)
    )
