"""The SQL of states and dates: what is in force now, and what ever was."""

from datetime import datetime

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    String,
    and_,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from services.mesh.caller import TenantId
from services.search.tables import DocumentRow, VersionRow


def in_force(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """Whether a document has a published version that holds now."""
    return and_(
        DocumentRow.delete_time.is_(None),
        DocumentRow.published_version > 0,
        DocumentRow.archive_time.is_(None),
        or_(DocumentRow.effective_from.is_(None), DocumentRow.effective_from <= now),
        or_(DocumentRow.effective_until.is_(None), DocumentRow.effective_until > now),
    )


def has_been_shown(now: datetime) -> ColumnElement[bool]:
    """Whether a version was ever found, so that something may have been quoted from it."""
    begins, ends = VersionRow.effective_from, VersionRow.effective_until
    return and_(
        VersionRow.publish_time.is_not(None),
        or_(begins.is_(None), begins <= now),
        or_(ends.is_(None), ends > VersionRow.publish_time),
    )


def turning_points(
    tenant_id: BindParameter[str], now: BindParameter[datetime]
) -> list[Select[str, str, datetime | None]]:
    """Before now, the last beginning and the last end that a document has."""
    return [
        select(literal("", String), literal("", String), func.max(column)).where(
            DocumentRow.tenant_id == tenant_id, column <= now
        )
        for column in (DocumentRow.effective_from, DocumentRow.effective_until)
    ]


async def withdraw_if_not_begun(
    session: AsyncSession, tenant_id: TenantId, document_id: str, now: datetime
) -> None:
    """A version that is taken back before it has begun was shown to nobody, nor ever will be."""
    published = (
        select(DocumentRow.published_version)
        .where(DocumentRow.tenant_id == tenant_id, DocumentRow.document_id == document_id)
        .scalar_subquery()
    )
    await session.execute(
        update(VersionRow)
        .where(
            VersionRow.tenant_id == tenant_id,
            VersionRow.document_id == document_id,
            VersionRow.version == published,
            VersionRow.effective_from > now,
        )
        .values(publish_time=None)
    )
