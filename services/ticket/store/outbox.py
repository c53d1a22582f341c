"""How much is still to be told to others."""

from sqlalchemy import func, select

from services.mesh.database import Database
from services.ticket.ports import OutboxBacklog
from services.ticket.tables import OutboxRow


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
