"""Lets tenants be suspended and deleted, and remembers the deleted ones by their ids alone."""

import sqlalchemy as sa
from alembic import op
from alembic.operations import Operations

from services.mesh.columns import UtcDateTime
from services.mesh.row_security import enable_row_security, keep_from_tenants

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("tenants", sa.Column("state", sa.String, nullable=False, server_default="active"))
    op.create_table(
        "tombstones",
        sa.Column("tenant_id", sa.String, nullable=False),
        sa.Column("delete_time", UtcDateTime, nullable=False),
        sa.Column("bury_time", UtcDateTime),
        sa.PrimaryKeyConstraint("tenant_id", name="pk_tombstones"),
    )
    op.create_table(
        "purge_confirmations",
        sa.Column("tenant_id", sa.String, nullable=False),
        sa.Column("service", sa.String, nullable=False),
        sa.Column("confirm_time", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "service", name="pk_purge_confirmations"),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tombstones.tenant_id"],
            name="fk_purge_confirmations_tenant_id_tombstones",
        ),
    )
    operations = Operations(op.get_context())
    for table in ("tombstones", "purge_confirmations"):
        enable_row_security(operations, table)
        keep_from_tenants(operations, table)
