"""The queues of one tenant."""

from collections.abc import Collection
from dataclasses import asdict

from sqlalchemy import delete, select

from services.mesh.caller import TenantId
from services.mesh.session import Session
from services.ticket.domain import Queue
from services.ticket.store.own import Own, upsert
from services.ticket.tables.tickets import QueueRow


class SqlQueues:
    def __init__(self, session: Session, tenant_id: TenantId, own: Own) -> None:
        self._session = session
        self._tenant_id = tenant_id
        self._own = own

    async def list_queues(self) -> list[Queue]:
        statement = select(QueueRow).where(self._own(QueueRow)).order_by(QueueRow.name)
        rows = await self._session.scalars(statement)
        return [Queue(row.name, row.create_time) for row in rows]

    async def hold(self, names: Collection[str], *, to_delete: bool) -> frozenset[str]:
        held = await self._session.scalars(
            select(QueueRow.name)
            .where(self._own(QueueRow), QueueRow.name.in_(names))
            # In one order, so that two that hold several do not wait for each other.
            .order_by(QueueRow.name)
            .with_for_update(read=not to_delete)
        )
        return frozenset(held)

    async def add(self, queue: Queue) -> bool:
        added = await self._session.execute(
            upsert(self._session, QueueRow)
            .values(tenant_id=self._tenant_id, **asdict(queue))
            .on_conflict_do_nothing()
            .returning(QueueRow.name)
        )
        return added.one_or_none() is not None

    async def delete(self, name: str) -> None:
        await self._session.execute(
            delete(QueueRow)
            .where(self._own(QueueRow), QueueRow.name == name)
            .execution_options(synchronize_session=False)
        )
