"""Creates the tables of routing. What waits in the outbox has waited for nobody: tickets from
before there was routing are not routed."""

import sqlalchemy as sa
from alembic import op
from alembic.operations import Operations

from services.mesh.columns import UtcDateTime
from services.mesh.row_security import enable_row_security

revision = "0020"
down_revision = "0019"

_ID = sa.String(64)
_WORD = sa.String(32)


def upgrade() -> None:
    op.create_table(
        "routing_policies",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("policy", sa.JSON, nullable=False),
        sa.Column("update_time", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name="pk_routing_policies"),
    )
    op.create_table(
        "ticket_routings",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("ticket_id", _ID, nullable=False),
        sa.Column("engine", _WORD, nullable=False),
        sa.Column("is_new", sa.Boolean, nullable=False, server_default=sa.true()),
        sa.Column("is_done", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("waits_for_place", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("next_time", UtcDateTime),
        sa.PrimaryKeyConstraint("tenant_id", "ticket_id", name="pk_ticket_routings"),
    )
    op.create_index(
        "ix_ticket_routings_by_next_time",
        "ticket_routings",
        ["next_time", "tenant_id", "ticket_id"],
    )
    op.create_index(
        "ix_ticket_routings_by_place",
        "ticket_routings",
        ["tenant_id", "waits_for_place", "ticket_id"],
    )
    op.create_table(
        "routing_steps",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("ticket_id", _ID, nullable=False),
        sa.Column("step_key", _ID, nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("kind", _WORD, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("create_time", UtcDateTime, nullable=False),
        sa.Column("queue", _ID, nullable=False),
        sa.Column("assignee_id", _ID),
        sa.Column("waiting", _WORD),
        sa.Column("until", UtcDateTime),
        sa.PrimaryKeyConstraint("tenant_id", "ticket_id", "step_key", name="pk_routing_steps"),
    )
    op.create_table(
        "routing_turns",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("turn_time", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "user_id", name="pk_routing_turns"),
    )
    op.create_index(
        "ix_tickets_by_assignee_and_status", "tickets", ["tenant_id", "assignee_id", "status"]
    )
    op.execute("UPDATE ticket_outbox SET delivered_time = create_time WHERE delivered_time IS NULL")
    operations = Operations(op.get_context())
    for table in ("routing_policies", "ticket_routings", "routing_steps", "routing_turns"):
        enable_row_security(operations, table)
