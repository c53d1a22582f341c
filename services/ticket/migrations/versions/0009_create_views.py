"""Creates the views that people save."""

import sqlalchemy as sa
from alembic import op
from alembic.operations import Operations

from services.mesh.row_security import enable_row_security

revision = "0009"
down_revision = "0008"

_ID = sa.String(64)


def upgrade() -> None:
    op.create_table(
        "ticket_views",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("view_id", _ID, nullable=False),
        sa.Column("owner_id", _ID, nullable=False),
        sa.Column("name", _ID, nullable=False),
        sa.Column("filter", sa.Text, nullable=False),
        sa.Column("order_by", sa.Text, nullable=False),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "view_id", name="pk_ticket_views"),
    )
    op.create_index(
        "uq_ticket_views_owner_name", "ticket_views", ["tenant_id", "owner_id", "name"], unique=True
    )
    enable_row_security(Operations(op.get_context()), "ticket_views")
