"""Who is at a tenant's tickets: a table, so that all replicas know the same."""

from datetime import datetime

from sqlalchemy import delete, select

from services.mesh.caller import TenantId, UserId
from services.mesh.session import Session
from services.ticket.domain.presence import Activity, Presence
from services.ticket.store.own import Own, upsert
from services.ticket.tables.tickets import PresenceRow

_MOST = 500


class SqlPresences:
    def __init__(self, session: Session, tenant_id: TenantId, own: Own) -> None:
        self._session = session
        self._tenant_id = tenant_id
        self._own = own

    async def list_all(self, now: datetime, ticket_id: str | None) -> list[Presence]:
        present = select(PresenceRow).where(self._own(PresenceRow), PresenceRow.expire_time > now)
        if ticket_id is not None:
            present = present.where(PresenceRow.ticket_id == ticket_id)
        by_ticket = PresenceRow.ticket_id, PresenceRow.user_id
        rows = await self._session.scalars(present.order_by(*by_ticket).limit(_MOST))
        return [
            Presence(row.ticket_id, UserId(row.user_id), Activity(row.activity), row.expire_time)
            for row in rows
        ]

    async def keep(self, presence: Presence, now: datetime) -> None:
        own = (PresenceRow.ticket_id == presence.ticket_id) & (
            PresenceRow.user_id == presence.user_id
        )
        if presence.activity is not Activity.GONE:
            values = {"activity": int(presence.activity), "expire_time": presence.expire_time}
            await self._session.execute(
                upsert(self._session, PresenceRow)
                .values(
                    tenant_id=self._tenant_id,
                    ticket_id=presence.ticket_id,
                    user_id=presence.user_id,
                    **values,
                )
                .on_conflict_do_update(
                    index_elements=["tenant_id", "ticket_id", "user_id"], set_=values
                )
            )
        is_over = PresenceRow.expire_time <= now
        await self._session.execute(
            delete(PresenceRow)
            .where(
                self._own(PresenceRow),
                own | is_over if presence.activity is Activity.GONE else is_over,
            )
            .execution_options(synchronize_session=False)
        )
