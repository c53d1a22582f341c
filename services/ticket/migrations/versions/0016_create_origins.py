"""Remembers where imported tickets come from, so that none is imported twice."""

import sqlalchemy as sa
from alembic import op
from alembic.operations import Operations

from services.mesh.row_security import enable_row_security

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "ticket_origins",
        sa.Column("tenant_id", sa.String(64), nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("foreign_id", sa.String(64), nullable=False),
        sa.Column("ticket_id", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "source", "foreign_id", name="pk_ticket_origins"),
    )
    enable_row_security(Operations(op.get_context()), "ticket_origins")
