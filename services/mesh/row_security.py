"""PostgreSQL's second wall between tenants, for migrations. SQLite has none and stays as it is."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alembic.operations import Operations


def enable_row_security(op: "Operations", table: str) -> None:
    """Shows a table's rows to their own tenant's transactions and to system transactions only."""
    if op.get_bind().dialect.name != "postgresql":
        return
    rule = (
        "tenant_id = current_setting('app.tenant', true) "
        "OR current_setting('app.system', true) = 'on'"
    )
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    # Without FORCE the table's owner, which is the service itself, would see everything.
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY {table}_tenant ON {table} USING ({rule}) WITH CHECK ({rule})")
