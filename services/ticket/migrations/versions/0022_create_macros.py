"""Creates the table of what is done to tickets again and again."""

import sqlalchemy as sa
from alembic import op
from alembic.operations import Operations

from services.mesh.columns import UtcDateTime
from services.mesh.row_security import enable_row_security

revision = "0022"
down_revision = "0021"

_ID = sa.String(64)


def upgrade() -> None:
    op.create_table(
        "ticket_macros",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("name", _ID, nullable=False),
        sa.Column("actions", sa.JSON, nullable=False),
        sa.Column("create_time", UtcDateTime, nullable=False),
        sa.Column("update_time", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "name", name="pk_ticket_macros"),
    )
    enable_row_security(Operations(op.get_context()), "ticket_macros")
