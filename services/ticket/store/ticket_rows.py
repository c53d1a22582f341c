"""Writes tickets, their tags and what they are found by of the tenant's own fields."""

from sqlalchemy import delete, insert, select, update

from services.mesh.caller import TenantId
from services.mesh.prepared import Prepared
from services.mesh.session import Session
from services.ticket.domain import Change, Ticket
from services.ticket.errors.tickets import TicketChanged
from services.ticket.store.own import Own
from services.ticket.store.rows import field_value_columns, ticket_columns
from services.ticket.tables.tickets import FieldValueRow, TagRow, TicketRow

_ADD = Prepared(lambda insert_into: insert_into(TicketRow))


class SqlTicketRows:
    def __init__(self, session: Session, tenant_id: TenantId, own: Own) -> None:
        self._session = session
        self._tenant_id = tenant_id
        self._own = own

    async def keep(self, change: Change) -> None:
        ticket, before = change.ticket, change.before
        if before is None:
            await self._session.write(
                _ADD, {"tenant_id": self._tenant_id, **ticket_columns(ticket)}
            )
        elif ticket != before:
            await self._replace(before, ticket)
        known_tags = () if before is None else before.tags
        if ticket.tags != known_tags:
            await self._keep_tags(ticket)
        known = ({}, {}) if before is None else (before.fields, before.internal_fields)
        if (ticket.fields, ticket.internal_fields) != known:
            await self._keep_fields(ticket)

    async def _replace(self, before: Ticket, after: Ticket) -> None:
        statement = (
            update(TicketRow)
            .where(
                self._own(TicketRow),
                TicketRow.ticket_id == after.ticket_id,
                TicketRow.revision == before.revision,
            )
            .values(**ticket_columns(after))
            .returning(TicketRow.revision)
            .execution_options(synchronize_session=False)
        )
        if await self._session.scalar(statement) is None:
            current = await self._session.scalar(
                select(TicketRow.revision).where(
                    self._own(TicketRow), TicketRow.ticket_id == after.ticket_id
                )
            )
            raise TicketChanged(f'"{current}"' if current is not None else "")

    async def _keep_tags(self, ticket: Ticket) -> None:
        await self._session.execute(
            delete(TagRow)
            .where(self._own(TagRow), TagRow.ticket_id == ticket.ticket_id)
            .execution_options(synchronize_session=False)
        )
        rows = [
            {"tenant_id": self._tenant_id, "ticket_id": ticket.ticket_id, "tag": tag}
            for tag in ticket.tags
        ]
        if rows:
            await self._session.execute(insert(TagRow), rows)

    async def _keep_fields(self, ticket: Ticket) -> None:
        await self._session.execute(
            delete(FieldValueRow)
            .where(self._own(FieldValueRow), FieldValueRow.ticket_id == ticket.ticket_id)
            .execution_options(synchronize_session=False)
        )
        rows = [{"tenant_id": self._tenant_id, **row} for row in field_value_columns(ticket)]
        if rows:
            await self._session.execute(insert(FieldValueRow), rows)
