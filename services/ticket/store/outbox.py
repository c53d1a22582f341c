"""What is still to be told to others, and how much it is."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, select, tuple_, update

from services.mesh.caller import TenantId
from services.mesh.database import Database
from services.ticket.ports.routing import OutboxItem
from services.ticket.ports.tickets import OutboxBacklog
from services.ticket.tables.tickets import OutboxRow


class SqlOutbox:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def backlog(self) -> OutboxBacklog:
        waiting = OutboxRow.delivered_time.is_(None)
        # Ids grow with time, and the index of what waits is in their order.
        oldest = select(OutboxRow.create_time).where(waiting).order_by(OutboxRow.outbox_id).limit(1)
        async with self._database.system_reading() as session:
            events = await session.scalar(
                select(func.count()).select_from(OutboxRow).where(waiting)
            )
            return OutboxBacklog(events or 0, await session.scalar(oldest))

    async def list_waiting(self, *, limit: int, offset: int) -> list[OutboxItem]:
        statement = (
            select(OutboxRow.tenant_id, OutboxRow.outbox_id, OutboxRow.kind, OutboxRow.payload)
            .where(OutboxRow.delivered_time.is_(None))
            .order_by(OutboxRow.outbox_id)
            .limit(limit)
            .offset(offset)
        )
        async with self._database.system_reading() as session:
            return [
                OutboxItem(
                    TenantId(row.tenant_id),
                    row.outbox_id,
                    row.kind,
                    str(row.payload.get("ticket_id", "")),
                )
                for row in await session.execute(statement)
            ]

    async def note_delivered(self, items: Sequence[OutboxItem], time: datetime) -> None:
        keys = [(item.tenant_id, item.outbox_id) for item in items]
        async with self._database.system_transaction() as session:
            await session.execute(
                update(OutboxRow)
                .where(tuple_(OutboxRow.tenant_id, OutboxRow.outbox_id).in_(keys))
                .values(delivered_time=time)
                .execution_options(synchronize_session=False)
            )

    async def prune(self, delivered_before: datetime, *, limit: int) -> int:
        old = (
            select(OutboxRow.tenant_id, OutboxRow.outbox_id)
            .where(OutboxRow.delivered_time < delivered_before)
            .order_by(OutboxRow.delivered_time)
            .limit(limit)
        )
        async with self._database.system_transaction() as session:
            gone = await session.execute(
                delete(OutboxRow)
                .where(tuple_(OutboxRow.tenant_id, OutboxRow.outbox_id).in_(old))
                .returning(OutboxRow.outbox_id)
                .execution_options(synchronize_session=False)
            )
            return len(gone.all())
