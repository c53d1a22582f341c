"""Remembered replies: the same request id with the same request gets the same answer once more."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import (
    Column,
    Index,
    LargeBinary,
    MetaData,
    String,
    Table,
    bindparam,
    delete,
    select,
    update,
)

from services.mesh.caller import TenantId, UserId
from services.mesh.clock import Clock
from services.mesh.columns import UtcDateTime
from services.mesh.errors import RequestIdReused
from services.mesh.prepared import Prepared
from services.mesh.row_security import enable_row_security

if TYPE_CHECKING:
    from alembic.operations import Operations

    from services.mesh.database import Database
    from services.mesh.session import Session

TABLE = "remembered_replies"
_KEY = ("tenant_id", "user_id", "method", "request_id")
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
        table = self._table
        own = [table.c[name] == bindparam(f"own_{name}") for name in _KEY]
        self._claim = Prepared(
            lambda insert_into: (
                insert_into(table).on_conflict_do_nothing().returning(table.c.method)
            )
        )
        self._known = Prepared(lambda _: select(table.c.digest, table.c.reply).where(*own))
        self._keep = Prepared(
            lambda _: update(table).where(*own).values(reply=bindparam("kept_reply"))
        )

    async def claim(self, session: "Session", key: RequestKey, digest: bytes) -> bytes | None:
        """Returns the reply of the first time, or None when this is it.

        Waits for a transaction that holds the same key. Raises RequestIdReused when the
        key was used for another request.
        """
        key_columns = {name: getattr(key, name) for name in _KEY}
        claimed = await session.ask(
            self._claim, **key_columns, digest=digest, reply=b"", stored_at=self._clock()
        )
        if claimed:
            return None
        [(known_digest, reply)] = await session.ask(self._known, **_own(key))
        if bytes(known_digest) != digest:
            raise RequestIdReused(
                "This request_id was used before with a different request.",
                metadata={"request_id": key.request_id},
            )
        return bytes(reply)

    async def keep(self, session: "Session", key: RequestKey, reply: bytes) -> None:
        await session.write(self._keep, {**_own(key), "kept_reply": reply})

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


def _own(key: RequestKey) -> dict[str, str]:
    return {f"own_{name}": getattr(key, name) for name in _KEY}
