"""Creates the table of replies that are written again and again."""

import sqlalchemy as sa
from alembic import op
from alembic.operations import Operations

from services.mesh.columns import UtcDateTime
from services.mesh.row_security import enable_row_security

revision = "0011"
down_revision = "0010"

_ID = sa.String(64)


def upgrade() -> None:
    op.create_table(
        "ticket_canned_replies",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("name", _ID, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("create_time", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "name", name="pk_ticket_canned_replies"),
    )
    enable_row_security(Operations(op.get_context()), "ticket_canned_replies")
