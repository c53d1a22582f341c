"""The SQL of what mails say."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import ColumnElement, delete, select

from services.mesh.caller import TenantId
from services.mesh.database import Database
from services.mesh.session import Session
from services.ticket.mail.templates import MailKind, MailTemplate
from services.ticket.store.own import upsert
from services.ticket.tables.mail import MailTemplateRow


class SqlMailTemplateStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def reading(self, tenant_id: TenantId) -> AsyncIterator["SqlMailTemplates"]:
        async with self._database.tenant_reading(tenant_id) as session:
            yield SqlMailTemplates(session, tenant_id)

    @asynccontextmanager
    async def transaction(self, tenant_id: TenantId) -> AsyncIterator["SqlMailTemplates"]:
        async with self._database.tenant_transaction(tenant_id) as session:
            yield SqlMailTemplates(session, tenant_id)


class SqlMailTemplates:
    def __init__(self, session: Session, tenant_id: TenantId) -> None:
        self._session = session
        self._tenant_id = tenant_id

    async def put(self, template: MailTemplate) -> None:
        changed = {
            "subject": template.subject,
            "body": template.body,
            "update_time": template.update_time,
        }
        await self._session.execute(
            upsert(self._session, MailTemplateRow)
            .values(tenant_id=self._tenant_id, kind=template.kind.value, **changed)
            .on_conflict_do_update(
                index_elements=[MailTemplateRow.tenant_id, MailTemplateRow.kind], set_=changed
            )
        )

    async def find(self, kind: MailKind) -> MailTemplate | None:
        row = await self._session.scalar(
            select(MailTemplateRow).where(self._own(), MailTemplateRow.kind == kind.value)
        )
        return MailTemplate(kind, row.subject, row.body, row.update_time) if row else None

    async def remove(self, kind: MailKind) -> None:
        await self._session.execute(
            delete(MailTemplateRow)
            .where(self._own(), MailTemplateRow.kind == kind.value)
            .execution_options(synchronize_session=False)
        )

    def _own(self) -> ColumnElement[bool]:
        return MailTemplateRow.tenant_id == self._tenant_id
