"""Creates the table of when clocks turn, and has all open tickets looked at."""

import sqlalchemy as sa
from alembic import op
from alembic.operations import Operations

from services.mesh.columns import UtcDateTime
from services.mesh.row_security import enable_row_security

revision = "0014"
down_revision = "0013"

_ID = sa.String(64)


def upgrade() -> None:
    op.create_table(
        "sla_due",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("ticket_id", _ID, nullable=False),
        sa.Column("next_time", UtcDateTime),
        sa.Column("watch", sa.JSON),
        sa.PrimaryKeyConstraint("tenant_id", "ticket_id", name="pk_sla_due"),
    )
    op.create_index("ix_sla_due_by_next_time", "sla_due", ["next_time", "tenant_id", "ticket_id"])
    # What was promised before clocks were watched holds for the tickets that are there, too.
    op.execute(
        "INSERT INTO sla_due (tenant_id, ticket_id, next_time)"
        " SELECT p.tenant_id, t.ticket_id, p.update_time FROM sla_policies p"
        " JOIN tickets t ON t.tenant_id = p.tenant_id WHERE t.status <> 'CLOSED'"
    )
    enable_row_security(Operations(op.get_context()), "sla_due")
