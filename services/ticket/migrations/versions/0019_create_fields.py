"""Creates the fields that tenants give their tickets, and where tickets are found by them."""

import sqlalchemy as sa
from alembic import op
from alembic.operations import Operations

from services.mesh.columns import UtcDateTime
from services.mesh.row_security import enable_row_security

revision = "0019"
down_revision = "0018"

_ID = sa.String(64)
_TEXT = sa.String(500).with_variant(sa.String(500, collation="C"), "postgresql")


def upgrade() -> None:
    for name in ("fields", "internal_fields"):
        op.add_column("tickets", sa.Column(name, sa.JSON, nullable=False, server_default="{}"))
    op.create_table(
        "ticket_fields",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("key", _ID, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("field_type", sa.Integer, nullable=False),
        sa.Column("options", sa.JSON, nullable=False),
        sa.Column("is_required", sa.Boolean, nullable=False),
        sa.Column("is_for_customers", sa.Boolean, nullable=False),
        sa.Column("is_retired", sa.Boolean, nullable=False),
        sa.Column("create_time", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "key", name="pk_ticket_fields"),
    )
    op.create_table(
        "ticket_field_values",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("ticket_id", _ID, nullable=False),
        sa.Column("key", _ID, nullable=False),
        sa.Column("text", _TEXT, nullable=False),
        sa.Column("number", sa.Double, nullable=True),
        sa.PrimaryKeyConstraint(
            "tenant_id", "ticket_id", "key", "text", name="pk_ticket_field_values"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "ticket_id"],
            ["tickets.tenant_id", "tickets.ticket_id"],
            name="fk_ticket_field_values_tenant_id_tickets",
        ),
    )
    for column in ("text", "number"):
        op.create_index(
            f"ix_ticket_field_values_by_{column}",
            "ticket_field_values",
            ["tenant_id", "key", column, "ticket_id"],
        )
    for table in ("ticket_fields", "ticket_field_values"):
        enable_row_security(Operations(op.get_context()), table)
