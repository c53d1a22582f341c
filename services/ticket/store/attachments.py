"""The files on the tickets of one tenant, without their bytes."""

from collections.abc import Collection, Sequence
from dataclasses import asdict

from sqlalchemy import delete, func, literal, select, tuple_

from services.mesh.caller import TenantId
from services.mesh.session import Session
from services.ticket.domain import Attachment, AttachmentUsage
from services.ticket.ports.tickets import AttachmentCursor
from services.ticket.store.merges import select_merged
from services.ticket.store.own import Own, upsert
from services.ticket.store.rows import attachment_from
from services.ticket.tables.tickets import AttachmentRow


class SqlAttachments:
    def __init__(self, session: Session, tenant_id: TenantId, own: Own) -> None:
        self._session = session
        self._tenant_id = tenant_id
        self._own = own

    async def list_attachments(
        self, ticket_id: str, *, limit: int, after: AttachmentCursor | None, with_internal: bool
    ) -> list[Attachment]:
        merged = select_merged(self._own, ticket_id, of_all_requesters=with_internal)
        statement = (
            select(AttachmentRow)
            .where(self._own(AttachmentRow), AttachmentRow.ticket_id.in_(merged))
            .order_by(AttachmentRow.create_time, AttachmentRow.attachment_id)
            .limit(limit)
        )
        if after is not None:
            place = tuple_(AttachmentRow.create_time, AttachmentRow.attachment_id)
            time = literal(after.create_time, AttachmentRow.create_time.type)
            statement = statement.where(place > tuple_(time, literal(after.attachment_id)))
        if not with_internal:
            statement = statement.where(AttachmentRow.is_internal.is_(False))
        return [attachment_from(row) for row in await self._session.scalars(statement)]

    async def find(
        self, ticket_id: str, attachment_id: str, *, with_internal: bool
    ) -> Attachment | None:
        merged = select_merged(self._own, ticket_id, of_all_requesters=with_internal)
        row = await self._session.scalar(
            select(AttachmentRow).where(
                self._own(AttachmentRow),
                AttachmentRow.attachment_id == attachment_id,
                AttachmentRow.ticket_id.in_(merged),
            )
        )
        if row is None or (row.is_internal and not with_internal):
            return None
        return attachment_from(row)

    async def of_comment(self, comment_id: str) -> list[Attachment]:
        rows = await self._session.scalars(
            select(AttachmentRow)
            .where(self._own(AttachmentRow), AttachmentRow.comment_id == comment_id)
            .order_by(AttachmentRow.create_time, AttachmentRow.attachment_id)
        )
        return [attachment_from(row) for row in rows]

    async def usage(self, ticket_id: str) -> AttachmentUsage:
        size = select(func.sum(AttachmentRow.size_bytes)).where(self._own(AttachmentRow))
        count = select(func.count()).where(
            self._own(AttachmentRow), AttachmentRow.ticket_id == ticket_id
        )
        return AttachmentUsage(
            bytes_of_tenant=int(await self._session.scalar(size) or 0),
            count_of_ticket=await self._session.scalar(count) or 0,
        )

    async def hashes_in_use(self, hashes: Collection[str]) -> frozenset[str]:
        found = await self._session.scalars(
            select(AttachmentRow.sha256).where(
                self._own(AttachmentRow), AttachmentRow.sha256.in_(hashes)
            )
        )
        return frozenset(found)

    async def keep(self, attachments: Sequence[Attachment]) -> None:
        for attachment in attachments:
            insert = upsert(self._session, AttachmentRow).values(
                tenant_id=self._tenant_id, **asdict(attachment)
            )
            # Nothing else of an attachment ever changes.
            await self._session.execute(
                insert.on_conflict_do_update(
                    index_elements=[AttachmentRow.tenant_id, AttachmentRow.attachment_id],
                    set_={"comment_id": attachment.comment_id},
                )
            )

    async def remove(self, attachments: Sequence[Attachment]) -> None:
        for attachment in attachments:
            await self._session.execute(
                delete(AttachmentRow).where(
                    self._own(AttachmentRow),
                    AttachmentRow.attachment_id == attachment.attachment_id,
                )
            )
