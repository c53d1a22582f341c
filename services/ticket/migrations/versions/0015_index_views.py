"""Indexes what the views of every tenant ask for."""

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_index(
        "ix_tickets_by_status_and_update_time",
        "tickets",
        ["tenant_id", "status", "update_time", "ticket_id"],
    )
    op.create_index(
        "ix_tickets_by_priority_and_status",
        "tickets",
        ["tenant_id", "priority", "status", "create_time", "ticket_id"],
    )
