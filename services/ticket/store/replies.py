"""How tickets were answered."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import aliased

from services.ticket.tables.tickets import CommentRow, TicketRow


def select_last_replies(
    own: ColumnElement[bool], ticket_ids: Collection[str]
) -> Select[CommentRow]:
    """Of each ticket the newest public comment that its requester did not write."""
    place = func.row_number().over(
        partition_by=CommentRow.ticket_id,
        order_by=(CommentRow.create_time.desc(), CommentRow.comment_id.desc()),
    )
    replies = (
        select(CommentRow, place.label("place"))
        .join(
            TicketRow,
            and_(
                TicketRow.tenant_id == CommentRow.tenant_id,
                TicketRow.ticket_id == CommentRow.ticket_id,
                TicketRow.requester_id != CommentRow.author_id,
            ),
        )
        .where(own, CommentRow.ticket_id.in_(ticket_ids), CommentRow.is_internal.is_(False))
        .subquery()
    )
    return select(aliased(CommentRow, replies)).where(replies.c.place == 1)
