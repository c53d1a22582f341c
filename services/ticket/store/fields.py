"""The fields that one tenant gives its tickets."""

from dataclasses import asdict

from sqlalchemy import select, update

from services.mesh.caller import TenantId
from services.mesh.session import Session
from services.ticket.domain import FieldDefinition
from services.ticket.store.own import Own, upsert
from services.ticket.store.rows import definition_from
from services.ticket.tables.tickets import FieldRow


class SqlFields:
    def __init__(self, session: Session, tenant_id: TenantId, own: Own) -> None:
        self._session = session
        self._tenant_id = tenant_id
        self._own = own

    async def list_fields(self) -> list[FieldDefinition]:
        rows = await self._session.scalars(select(FieldRow).where(self._own(FieldRow)))
        return sorted(map(definition_from, rows), key=lambda field: field.key)

    async def find_to_change(self, key: str) -> FieldDefinition | None:
        row = await self._session.scalar(
            select(FieldRow).where(self._own(FieldRow), FieldRow.key == key).with_for_update()
        )
        return definition_from(row) if row is not None else None

    async def add(self, field: FieldDefinition) -> bool:
        added = await self._session.scalar(
            upsert(self._session, FieldRow)
            .values(tenant_id=self._tenant_id, **asdict(field))
            .on_conflict_do_nothing()
            .returning(FieldRow.key)
        )
        return added is not None

    async def replace(self, field: FieldDefinition) -> None:
        await self._session.execute(
            update(FieldRow)
            .where(self._own(FieldRow), FieldRow.key == field.key)
            .values(**asdict(field))
            .execution_options(synchronize_session=False)
        )
