"""Lets tickets be linked and merged."""

import sqlalchemy as sa
from alembic import op
from alembic.operations import Operations

from services.mesh.columns import UtcDateTime
from services.mesh.row_security import enable_row_security

revision = "0010"
down_revision = "0009"

_ID = sa.String(64)


def upgrade() -> None:
    op.add_column("tickets", sa.Column("merged_into_id", _ID))
    op.add_column(
        "tickets",
        sa.Column("merged_into_own", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.create_index("ix_tickets_by_merged_into", "tickets", ["tenant_id", "merged_into_id"])
    op.add_column("ticket_events", sa.Column("other_ticket_id", _ID))
    op.add_column("ticket_events", sa.Column("link_kind", sa.Integer))
    op.create_table(
        "ticket_links",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("ticket_id", _ID, nullable=False),
        sa.Column("kind", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("other_ticket_id", _ID, nullable=False),
        sa.Column("create_time", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "ticket_id", "kind", "other_ticket_id", name="pk_ticket_links"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "ticket_id"],
            ["tickets.tenant_id", "tickets.ticket_id"],
            name="fk_ticket_links_tenant_id_tickets",
        ),
    )
    columns = ["tenant_id", "other_ticket_id", "kind", "ticket_id"]
    op.create_index("ix_ticket_links_by_other", "ticket_links", columns)
    enable_row_security(Operations(op.get_context()), "ticket_links")
