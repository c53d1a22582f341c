"""Creates webhooks and what is sent to them."""

import sqlalchemy as sa
from alembic import op
from alembic.operations import Operations

from services.mesh.columns import UtcDateTime
from services.mesh.row_security import enable_row_security

revision = "0024"
down_revision = "0023"

_ID = sa.String(64)


def upgrade() -> None:
    op.create_table(
        "webhooks",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("webhook_id", _ID, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("event_types", sa.JSON, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("include_personal_data", sa.Boolean, nullable=False),
        sa.Column("include_internal", sa.Boolean, nullable=False),
        sa.Column("create_time", UtcDateTime, nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("failing_since", UtcDateTime),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("resume_time", UtcDateTime),
        sa.Column("problem", sa.Text, nullable=False),
        sa.Column("last_seq", sa.BigInteger, nullable=False),
        sa.Column("sealed_secret", sa.Text, nullable=False),
        sa.Column("previous_sealed_secret", sa.Text, nullable=False),
        sa.Column("previous_expire_time", UtcDateTime),
        sa.PrimaryKeyConstraint("tenant_id", "webhook_id", name="pk_webhooks"),
    )
    op.create_table(
        "webhook_deliveries",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("webhook_id", _ID, nullable=False),
        sa.Column("delivery_id", _ID, nullable=False),
        sa.Column("event_type", sa.String(64), nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("ticket_id", _ID, nullable=False),
        sa.Column("about_webhook_id", _ID, nullable=False),
        sa.Column("create_time", UtcDateTime, nullable=False),
        sa.Column("begin_time", UtcDateTime, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("next_time", UtcDateTime),
        sa.Column("delivered_time", UtcDateTime),
        sa.Column("last_time", UtcDateTime),
        sa.Column("duration_ms", sa.Integer, nullable=False),
        sa.Column("status_code", sa.Integer, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("problem", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "webhook_id", "delivery_id", name="pk_webhook_deliveries"
        ),
    )
    op.create_index(
        "ix_webhook_deliveries_waiting",
        "webhook_deliveries",
        ["tenant_id", "webhook_id", "next_time"],
    )
    op.create_index("ix_webhook_deliveries_old", "webhook_deliveries", ["create_time"])
    for table in ("webhooks", "webhook_deliveries"):
        enable_row_security(Operations(op.get_context()), table)
