"""Adds what makes a priority by rule; the one of an older ticket counts as set by a person."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("tickets", sa.Column("impact", sa.Integer))
    op.add_column("tickets", sa.Column("urgency", sa.Integer))
    op.add_column("tickets", sa.Column("priority_rule", sa.Text, nullable=False, server_default=""))
