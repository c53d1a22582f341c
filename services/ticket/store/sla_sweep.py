"""What is due, of all tenants, and one ticket of it at a time."""

from datetime import datetime

from sqlalchemy import select

from services.mesh.caller import TenantId
from services.mesh.database import Database
from services.ticket.ports.sla import DueTicket
from services.ticket.store.transactions import SqlTicketStore
from services.ticket.tables.tickets import SlaDueRow


class SqlSlaSweep:
    def __init__(self, database: Database, store: SqlTicketStore) -> None:
        self._database = database
        self._store = store

    async def list_due(self, now: datetime, *, limit: int, offset: int) -> list[DueTicket]:
        statement = (
            select(SlaDueRow.tenant_id, SlaDueRow.ticket_id, SlaDueRow.next_time)
            .where(SlaDueRow.next_time < now)
            .order_by(SlaDueRow.next_time, SlaDueRow.tenant_id, SlaDueRow.ticket_id)
            .limit(limit)
            .offset(offset)
        )
        async with self._database.system_reading() as session:
            rows = await session.execute(statement)
            return [
                DueTicket(TenantId(row.tenant_id), row.ticket_id, row.next_time) for row in rows
            ]

    async def tell(self, due: DueTicket, now: datetime) -> bool:
        async with self._store.transaction(due.tenant_id) as tickets:
            return await tickets.tell_due(due, now)
