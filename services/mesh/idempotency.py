"""Remembered replies: the same request id with the same request gets the same answer once more."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Column, Index, LargeBinary, MetaData, String, Table, delete, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.mesh.caller import TenantId, UserId
from services.mesh.clock import Clock
from services.mesh.columns import UtcDateTime
from services.mesh.errors import RequestIdReused
from services.mesh.row_security import enable_row_security

if TYPE_CHECKING:
    from alembic.operations import Operations

    from services.mesh.database import Database

TABLE = "remembered_replies"
KEPT_FOR = timedelta(hours=24)


def idempotency_table(metadata: MetaData) -> Table:
    return Table(
        TABLE,
        metadata,
        *_columns(),
        Index(f"ix_{TABLE}_stored_at", "stored_at"),
    )


def create_idempotency_table(op: "Operations") -> None:
    """For a service's first migration."""
    op.create_table(TABLE, *_columns())
    op.create_index(f"ix_{TABLE}_stored_at", TABLE, ["stored_at"])
    enable_row_security(op, TABLE)


@dataclass(frozen=True)
class RequestKey:
    """Two tenants, users or methods may use the same request id without meeting."""

    tenant_id: TenantId
    user_id: UserId
    method: str
    request_id: str


class RememberedReplies:
    """Used inside the transaction that also holds what the request changed."""

    def __init__(self, database: "Database", clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._table = idempotency_table(MetaData())

    async def claim(self, session: AsyncSession, key: RequestKey, digest: bytes) -> bytes | None:
        """Returns the reply of the first time, or None when this is it.

        Waits for a transaction that holds the same key. Raises RequestIdReused when the
        key was used for another request.
        """
        insert = postgresql_insert if self._database.is_postgresql else sqlite_insert
        row = {**_row(key), "digest": digest, "reply": b"", "stored_at": self._clock()}
        claimed = await session.execute(
            insert(self._table).values(row).on_conflict_do_nothing().returning(self._table.c.method)
        )
        if claimed.first() is not None:
            return None
        known = (
            await session.execute(
                select(self._table.c.digest, self._table.c.reply).filter_by(**_row(key))
            )
        ).one()
        if known.digest != digest:
            raise RequestIdReused(
                "This request_id was used before with a different request.",
                metadata={"request_id": key.request_id},
            )
        return bytes(known.reply)

    async def keep(self, session: AsyncSession, key: RequestKey, reply: bytes) -> None:
        await session.execute(update(self._table).filter_by(**_row(key)).values(reply=reply))

    async def prune(self) -> None:
        async with self._database.system_transaction() as session:
            await session.execute(
                delete(self._table).where(self._table.c.stored_at < self._clock() - KEPT_FOR)
            )


def _columns() -> list[Column[object]]:
    return [
        Column("tenant_id", String(64), primary_key=True),
        Column("user_id", String(64), primary_key=True),
        Column("method", String(200), primary_key=True),
        Column("request_id", String(64), primary_key=True),
        Column("digest", LargeBinary, nullable=False),
        Column("reply", LargeBinary, nullable=False),
        Column("stored_at", UtcDateTime, nullable=False),
    ]


def _row(key: RequestKey) -> dict[str, str]:
    return {
        "tenant_id": key.tenant_id,
        "user_id": key.user_id,
        "method": key.method,
        "request_id": key.request_id,
    }
