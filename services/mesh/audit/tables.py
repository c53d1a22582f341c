"""The tables of the chains, for each service's own migrations."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table

from services.mesh.row_security import (
    APPEND_ONLY,
    SYSTEM_ONLY,
    allow_appending_only,
    enable_row_security,
    keep_from_tenants,
)

if TYPE_CHECKING:
    from alembic.operations import Operations

RECORDS, HEADS, PURGES = "audit_records", "audit_heads", "audit_purges"

_ID = 64

# Whoever owns the tables can take these guards away, and is found out by the MACs and anchors.
_GUARD_ON_SQLITE = (
    """
    CREATE TRIGGER audit_records_stay BEFORE UPDATE ON audit_records
    BEGIN SELECT RAISE(ABORT, 'audit records are only ever added'); END
    """,
    """
    CREATE TRIGGER audit_records_remain BEFORE DELETE ON audit_records
    WHEN NOT EXISTS (SELECT 1 FROM audit_purges WHERE tenant_id = OLD.tenant_id)
    BEGIN SELECT RAISE(ABORT, 'audit records are only ever added'); END
    """,
)
_GUARD_ON_POSTGRESQL = (
    """
    CREATE FUNCTION audit_records_guard() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' THEN
            IF EXISTS (SELECT 1 FROM audit_purges WHERE tenant_id = OLD.tenant_id) THEN
                RETURN OLD;
            END IF;
        END IF;
        RAISE EXCEPTION 'audit records are only ever added';
    END $$
    """,
    """
    CREATE TRIGGER audit_records_stay BEFORE UPDATE OR DELETE ON audit_records
    FOR EACH ROW EXECUTE FUNCTION audit_records_guard()
    """,
    """
    CREATE TRIGGER audit_records_remain BEFORE TRUNCATE ON audit_records
    FOR EACH STATEMENT EXECUTE FUNCTION audit_records_guard()
    """,
)


@dataclass(frozen=True)
class AuditTables:
    records: Table
    heads: Table
    purges: Table


def audit_tables(metadata: MetaData) -> AuditTables:
    return AuditTables(
        Table(RECORDS, metadata, *_record_columns(), comment=APPEND_ONLY),
        Table(HEADS, metadata, *_head_columns()),
        Table(PURGES, metadata, *_purge_columns(), comment=SYSTEM_ONLY),
    )


def create_audit_tables(op: "Operations") -> None:
    """For a migration of a service. Records can be added and read, and nothing else."""
    op.create_table(RECORDS, *_record_columns())
    op.create_table(HEADS, *_head_columns())
    op.create_table(PURGES, *_purge_columns())
    for table in (RECORDS, HEADS, PURGES):
        enable_row_security(op, table)
    allow_appending_only(op, RECORDS)
    keep_from_tenants(op, PURGES)
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    for statement in _GUARD_ON_POSTGRESQL if is_postgresql else _GUARD_ON_SQLITE:
        op.execute(statement)


def _record_columns() -> list[Column[object]]:
    return [
        Column("tenant_id", String(_ID), primary_key=True),
        Column("seq", BigInteger, primary_key=True, autoincrement=False),
        Column("at_microseconds", BigInteger, nullable=False),
        _text("user_id"),
        _text("session_id"),
        _text("client_id"),
        _text("calling_service"),
        _text("method", 200),
        _text("resource_kind"),
        _text("resource_id"),
        _text("outcome", 16),
        _text("code", 32),
        _text("reason"),
        Column("count", Integer, nullable=False),
        _text("request_id"),
        _text("trace_id", 32),
        _text("key_id"),
        _text("mac"),
    ]


def _text(name: str, length: int = _ID) -> Column[object]:
    return Column(name, String(length), nullable=False)


def _head_columns() -> list[Column[object]]:
    return [
        Column("tenant_id", String(_ID), primary_key=True),
        Column("seq", BigInteger, nullable=False),
        Column("mac", String(64), nullable=False),
    ]


def _purge_columns() -> list[Column[object]]:
    return [
        Column("tenant_id", String(_ID), primary_key=True),
        Column("at_microseconds", BigInteger, nullable=False),
    ]
