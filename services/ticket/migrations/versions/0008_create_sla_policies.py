"""Creates the table of what tenants promise."""

import sqlalchemy as sa
from alembic import op
from alembic.operations import Operations

from services.mesh.columns import UtcDateTime
from services.mesh.row_security import enable_row_security

revision = "0008"
down_revision = "0007"

_ID = sa.String(64)


def upgrade() -> None:
    op.create_table(
        "sla_policies",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("policy_id", _ID, nullable=False),
        sa.Column("policy", sa.JSON, nullable=False),
        sa.Column("update_time", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name="pk_sla_policies"),
    )
    enable_row_security(Operations(op.get_context()), "sla_policies")
