"""Adds how content requesters were."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("tickets", sa.Column("rating", sa.Integer))
    op.add_column(
        "tickets", sa.Column("rating_comment", sa.Text, nullable=False, server_default="")
    )
