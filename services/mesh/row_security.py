"""PostgreSQL's second wall between tenants, for migrations. SQLite has none and stays as it is.

The wall is against a statement that forgot its tenant. It does not hold against foreign SQL in
the role that serves tenants, which could name any tenant; but no setting makes that role see all
of them, as the system's transactions do: they come as another role.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alembic.operations import Operations

# Comments on tables, which say what the roles may do there; the owner grants accordingly.
APPEND_ONLY = "append only"
SYSTEM_ONLY = "system only"

TENANT_RULE = "tenant_id = current_setting('app.tenant', true)"
# A system transaction that works for one tenant sees no other meanwhile.
SYSTEM_RULE = f"coalesce(current_setting('app.tenant', true), '') = '' OR {TENANT_RULE}"


def enable_row_security(op: "Operations", table: str) -> None:
    """Shows a table's rows to their own tenant's transactions and to system transactions only."""
    if not _is_postgresql(op):
        return
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    # Without FORCE the table's owner would see everything.
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY {table}_tenant ON {table} USING ({TENANT_RULE}) WITH CHECK ({TENANT_RULE})"
    )


def allow_appending_only(op: "Operations", table: str) -> None:
    """Nobody changes a row, and only the system's role, to purge a tenant, deletes one.

    The table's metadata must say `comment=APPEND_ONLY` as well.
    """
    if _is_postgresql(op):
        op.execute(f"COMMENT ON TABLE {table} IS '{APPEND_ONLY}'")


def keep_from_tenants(op: "Operations", table: str) -> None:
    """The role that serves tenants may not even read the table.

    The table's metadata must say `comment=SYSTEM_ONLY` as well.
    """
    if _is_postgresql(op):
        op.execute(f"COMMENT ON TABLE {table} IS '{SYSTEM_ONLY}'")


def _is_postgresql(op: "Operations") -> bool:
    return op.get_bind().dialect.name == "postgresql"
