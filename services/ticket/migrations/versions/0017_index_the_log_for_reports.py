"""Lets reports read of the log only what they count."""

from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.drop_index("ix_ticket_events_by_ticket", "ticket_events")
    op.create_index(
        "ix_ticket_events_by_ticket",
        "ticket_events",
        ["tenant_id", "ticket_id", "seq", "status", "create_time"],
    )
    op.create_index(
        "ix_ticket_events_by_kind", "ticket_events", ["tenant_id", "kind", "create_time"]
    )
