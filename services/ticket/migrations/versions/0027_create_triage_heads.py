"""Creates the table of what was learned of tenants' corrections."""

import sqlalchemy as sa
from alembic import op
from alembic.operations import Operations

from services.mesh.columns import UtcDateTime
from services.mesh.row_security import enable_row_security

revision = "0027"
down_revision = "0026"

_ID = sa.String(64)


def upgrade() -> None:
    op.create_table(
        "triage_heads",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("model", _ID, nullable=False),
        sa.Column("corrections", sa.Integer(), nullable=False),
        sa.Column("tickets", sa.Integer(), nullable=False),
        sa.Column("model_right", sa.Integer(), nullable=False),
        sa.Column("head_right", sa.Integer(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=True),
        sa.Column("train_time", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name="pk_triage_heads"),
    )
    enable_row_security(Operations(op.get_context()), "triage_heads")
