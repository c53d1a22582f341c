"""How tenants want their tickets routed."""

from sqlalchemy import insert, select

from services.mesh.caller import TenantId
from services.mesh.database import Database
from services.mesh.ids import new_id
from services.ticket.ports.routing import KeptRoutingPolicy
from services.ticket.store.own import upsert
from services.ticket.store.routing_policy_rows import routing_policy_from, routing_policy_json
from services.ticket.tables.routing import RoutingPolicyRow
from services.ticket.tables.tickets import OutboxRow

POLICY_SET = "ROUTING_POLICY_SET"


class SqlRoutingPolicies:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, tenant_id: TenantId) -> KeptRoutingPolicy | None:
        async with self._database.tenant_reading(tenant_id) as session:
            row = await session.scalar(
                select(RoutingPolicyRow)
                .where(RoutingPolicyRow.tenant_id == tenant_id)
                .execution_options(populate_existing=True)
            )
            if row is None:
                return None
            return KeptRoutingPolicy(routing_policy_from(row.policy), row.update_time)

    async def keep(self, tenant_id: TenantId, kept: KeptRoutingPolicy) -> None:
        columns = {
            "policy": routing_policy_json(kept.policy),
            "update_time": kept.update_time,
        }
        async with self._database.tenant_transaction(tenant_id) as session:
            await session.execute(
                upsert(session, RoutingPolicyRow)
                .values(tenant_id=tenant_id, **columns)
                .on_conflict_do_update(index_elements=[RoutingPolicyRow.tenant_id], set_=columns)
            )
            await session.execute(
                insert(OutboxRow).values(
                    tenant_id=tenant_id,
                    outbox_id=new_id(),
                    kind=POLICY_SET,
                    payload={},
                    create_time=kept.update_time,
                )
            )
