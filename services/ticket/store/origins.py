"""Where the imported tickets of one tenant come from."""

from sqlalchemy import select

from services.mesh.caller import TenantId
from services.mesh.session import Session
from services.ticket.domain.imports import Origin
from services.ticket.store.own import Own, upsert
from services.ticket.tables.tickets import OriginRow


class SqlOrigins:
    def __init__(self, session: Session, tenant_id: TenantId, own: Own) -> None:
        self._session = session
        self._tenant_id = tenant_id
        self._own = own

    async def take(self, origin: Origin, ticket_id: str) -> str:
        # Another one that takes it at the same time is waited for.
        row = {
            "tenant_id": self._tenant_id,
            "source": origin.source,
            "foreign_id": origin.foreign_id,
            "ticket_id": ticket_id,
        }
        if_free = upsert(self._session, OriginRow).values(**row).on_conflict_do_nothing()
        taken: str | None = await self._session.scalar(if_free.returning(OriginRow.ticket_id))
        if taken is not None:
            return taken
        found = await self._session.scalars(
            select(OriginRow.ticket_id).where(
                self._own(OriginRow),
                OriginRow.source == origin.source,
                OriginRow.foreign_id == origin.foreign_id,
            )
        )
        return found.one()
