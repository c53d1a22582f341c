"""Keeps what tickets were found to be about, and what people said to it."""

import sqlalchemy as sa
from alembic import op
from alembic.operations import Operations

from services.mesh.columns import UtcDateTime
from services.mesh.row_security import enable_row_security

revision = "0025"
down_revision = "0024"

_ID = sa.String(64)


def upgrade() -> None:
    op.create_table(
        "triage_settings",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("threshold", sa.Double(), nullable=False),
        sa.Column("queues", sa.JSON(), nullable=False),
        sa.Column("update_time", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name="pk_triage_settings"),
    )
    op.create_table(
        "ticket_triages",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("ticket_id", _ID, nullable=False),
        sa.Column("wait_time", UtcDateTime, nullable=True),
        sa.Column("outcome", sa.Integer(), nullable=True),
        sa.Column("model", _ID, nullable=False, server_default=""),
        sa.Column("probabilities", sa.JSON(), nullable=True),
        sa.Column("out_of_scope", sa.Double(), nullable=True),
        sa.Column("words", sa.Integer(), nullable=True),
        sa.Column("is_english", sa.Boolean(), nullable=True),
        sa.Column("threshold", sa.Double(), nullable=True),
        sa.Column("classify_time", UtcDateTime, nullable=True),
        sa.Column("needs_review", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("correct_label", _ID, nullable=True),
        sa.Column("reviewer_id", _ID, nullable=True),
        sa.Column("review_time", UtcDateTime, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "ticket_id", name="pk_ticket_triages"),
    )
    op.create_index(
        "ix_ticket_triages_waiting", "ticket_triages", ["wait_time", "tenant_id", "ticket_id"]
    )
    op.create_index(
        "ix_ticket_triages_to_review",
        "ticket_triages",
        ["tenant_id", "needs_review", "classify_time"],
    )
    op.create_table(
        "triage_corrections",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("correction_id", _ID, nullable=False),
        sa.Column("ticket_id", _ID, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("label", _ID, nullable=False),
        sa.Column("found_label", _ID, nullable=False),
        sa.Column("found_probability", sa.Double(), nullable=False),
        sa.Column("actor_id", _ID, nullable=False),
        sa.Column("create_time", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "correction_id", name="pk_triage_corrections"),
    )
    for table in ("triage_settings", "ticket_triages", "triage_corrections"):
        enable_row_security(Operations(op.get_context()), table)
