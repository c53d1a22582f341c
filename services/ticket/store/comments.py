"""The comments of one tenant."""

from collections.abc import Collection
from dataclasses import asdict

from sqlalchemy import insert, literal, select, tuple_

from services.mesh.caller import TenantId
from services.mesh.session import Session
from services.ticket.domain import Comment
from services.ticket.ports.tickets import CommentCursor
from services.ticket.store.mail_outbox import queue_reply
from services.ticket.store.merges import select_merged
from services.ticket.store.own import Own
from services.ticket.store.replies import select_last_replies
from services.ticket.store.rows import comment_from
from services.ticket.tables.tickets import CommentRow


class SqlComments:
    def __init__(self, session: Session, tenant_id: TenantId, own: Own) -> None:
        self._session = session
        self._tenant_id = tenant_id
        self._own = own

    async def list_comments(
        self, ticket_id: str, *, limit: int, after: CommentCursor | None, with_internal: bool
    ) -> list[Comment]:
        merged = select_merged(self._own, ticket_id, of_all_requesters=with_internal)
        statement = (
            select(CommentRow)
            .where(self._own(CommentRow), CommentRow.ticket_id.in_(merged))
            .order_by(CommentRow.create_time, CommentRow.comment_id)
            .limit(limit)
        )
        if after is not None:
            place = tuple_(CommentRow.create_time, CommentRow.comment_id)
            last = tuple_(
                literal(after.create_time, CommentRow.create_time.type), literal(after.comment_id)
            )
            statement = statement.where(place > last)
        if not with_internal:
            statement = statement.where(CommentRow.is_internal.is_(False))
        return [comment_from(row) for row in await self._session.scalars(statement)]

    async def find(self, ticket_id: str, comment_id: str) -> Comment | None:
        row = await self._session.scalar(
            select(CommentRow).where(
                self._own(CommentRow),
                CommentRow.ticket_id == ticket_id,
                CommentRow.comment_id == comment_id,
            )
        )
        return comment_from(row) if row is not None else None

    async def last_replies(self, ticket_ids: Collection[str]) -> dict[str, Comment]:
        statement = select_last_replies(self._own(CommentRow), ticket_ids)
        rows = await self._session.scalars(statement)
        return {row.ticket_id: comment_from(row) for row in rows}

    async def add(self, comment: Comment) -> None:
        await self._session.execute(
            insert(CommentRow).values(tenant_id=self._tenant_id, **asdict(comment))
        )
        await queue_reply(self._session, self._tenant_id, comment)
