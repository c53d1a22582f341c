"""Creates the table of files on tickets, and lets the log name them."""

import sqlalchemy as sa
from alembic import op
from alembic.operations import Operations

from services.mesh.columns import UtcDateTime
from services.mesh.row_security import enable_row_security

revision = "0021"
down_revision = "0020"

_ID = sa.String(64)
_TABLE = "ticket_attachments"


def upgrade() -> None:
    op.create_table(
        _TABLE,
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("attachment_id", _ID, nullable=False),
        sa.Column("ticket_id", _ID, nullable=False),
        sa.Column("comment_id", _ID),
        sa.Column("file_name", sa.Text, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("sha256", _ID, nullable=False),
        sa.Column("is_internal", sa.Boolean, nullable=False),
        sa.Column("author_id", _ID, nullable=False),
        sa.Column("create_time", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "attachment_id", name="pk_ticket_attachments"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "ticket_id"],
            ["tickets.tenant_id", "tickets.ticket_id"],
            name="fk_ticket_attachments_tenant_id_ticket_id_tickets",
        ),
    )
    op.create_index(
        "ix_ticket_attachments_by_ticket",
        _TABLE,
        ["tenant_id", "ticket_id", "create_time", "attachment_id"],
    )
    op.create_index("ix_ticket_attachments_by_comment", _TABLE, ["tenant_id", "comment_id"])
    op.create_index(
        "ix_ticket_attachments_by_sha256", _TABLE, ["tenant_id", "sha256", "size_bytes"]
    )
    enable_row_security(Operations(op.get_context()), _TABLE)
    op.add_column("ticket_events", sa.Column("attachments", sa.JSON))
