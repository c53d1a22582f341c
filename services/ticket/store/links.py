"""The links between the tickets of one tenant."""

from collections.abc import Collection
from dataclasses import asdict

from sqlalchemy import ColumnElement, and_, delete, or_, select

from services.mesh.caller import TenantId
from services.mesh.session import Session
from services.ticket.domain import Link, LinkKind
from services.ticket.store.own import Own, upsert
from services.ticket.store.rows import link_from
from services.ticket.tables.tickets import LinkRow


class SqlLinks:
    def __init__(self, session: Session, tenant_id: TenantId, own: Own) -> None:
        self._session = session
        self._tenant_id = tenant_id
        self._own = own

    async def of(self, ticket_id: str) -> list[Link]:
        ends = or_(LinkRow.ticket_id == ticket_id, LinkRow.other_ticket_id == ticket_id)
        rows = await self._session.scalars(
            select(LinkRow)
            .where(self._own(LinkRow), ends)
            .order_by(LinkRow.create_time, LinkRow.ticket_id, LinkRow.other_ticket_id)
        )
        return [link_from(row) for row in rows]

    async def leads_to(self, ticket_ids: Collection[str], kind: LinkKind) -> frozenset[str]:
        led = await self._session.scalars(
            select(LinkRow.other_ticket_id).where(
                self._own(LinkRow), LinkRow.kind == kind, LinkRow.ticket_id.in_(ticket_ids)
            )
        )
        return frozenset(led)

    async def add(self, link: Link) -> bool:
        added = await self._session.execute(
            upsert(self._session, LinkRow)
            .values(tenant_id=self._tenant_id, **asdict(link))
            .on_conflict_do_nothing()
            .returning(LinkRow.kind)
        )
        return added.one_or_none() is not None

    async def delete(self, ticket_id: str, kind: LinkKind, other_ticket_id: str) -> bool:
        deleted = await self._session.execute(
            delete(LinkRow)
            .where(self._own(LinkRow), _is(ticket_id, kind, other_ticket_id))
            .returning(LinkRow.kind)
            .execution_options(synchronize_session=False)
        )
        return deleted.one_or_none() is not None


def _is(ticket_id: str, kind: LinkKind, other_ticket_id: str) -> ColumnElement[bool]:
    return and_(
        LinkRow.ticket_id == ticket_id,
        LinkRow.kind == kind,
        LinkRow.other_ticket_id == other_ticket_id,
    )
