"""What tenants promise."""

from datetime import datetime

from sqlalchemy import ColumnElement, insert, select, update

from services.mesh.caller import TenantId
from services.mesh.database import Database
from services.mesh.session import Session
from services.ticket.domain import TicketStatus
from services.ticket.ports.sla import KeptSlaPolicy
from services.ticket.store.log import SqlLog
from services.ticket.store.own import AnyRow, upsert
from services.ticket.store.sla_rows import policy_from, policy_json
from services.ticket.tables.tickets import SlaDueRow, SlaPolicyRow, TicketRow


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
            await _look_at_all(session, tenant_id, kept.update_time)


async def _put(session: Session, tenant_id: TenantId, kept: KeptSlaPolicy) -> None:
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


async def _look_at_all(session: Session, tenant_id: TenantId, now: datetime) -> None:
    """Makes every open ticket due, so that its clocks are read anew."""

    def own(table: type[AnyRow]) -> ColumnElement[bool]:
        return table.tenant_id == tenant_id

    # Whoever changes a ticket meanwhile is waited for, or will read the policy afterwards.
    await SqlLog(session, tenant_id, own).hold()
    await session.execute(
        update(SlaDueRow)
        .where(own(SlaDueRow))
        .values(next_time=now)
        .execution_options(synchronize_session=False)
    )
    watched = select(SlaDueRow.ticket_id).where(own(SlaDueRow))
    unwatched = await session.scalars(
        select(TicketRow.ticket_id).where(
            own(TicketRow),
            TicketRow.status != TicketStatus.CLOSED,
            TicketRow.ticket_id.not_in(watched),
        )
    )
    rows = [
        {"tenant_id": tenant_id, "ticket_id": ticket_id, "next_time": now}
        for ticket_id in unwatched
    ]
    if rows:
        await session.execute(insert(SlaDueRow), rows)
