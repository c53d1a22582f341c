"""Gives tickets a type, a queue and followers; those from before are in the default queue."""

import sqlalchemy as sa
from alembic import op
from alembic.operations import Operations

from services.mesh.columns import UtcDateTime
from services.mesh.row_security import enable_row_security

revision = "0007"
down_revision = "0006"

_ID = sa.String(64)


def upgrade() -> None:
    op.add_column("tickets", sa.Column("ticket_type", sa.Integer))
    op.add_column("tickets", sa.Column("queue", _ID, nullable=False, server_default="general"))
    op.add_column(
        "tickets", sa.Column("follower_ids", sa.JSON, nullable=False, server_default="[]")
    )
    columns = ["tenant_id", "queue", "create_time", "ticket_id"]
    op.create_index("ix_tickets_by_queue", "tickets", columns)
    op.create_table(
        "ticket_queues",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("name", _ID, nullable=False),
        sa.Column("create_time", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "name", name="pk_ticket_queues"),
    )
    enable_row_security(Operations(op.get_context()), "ticket_queues")
