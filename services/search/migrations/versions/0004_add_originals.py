"""Adds what is known of the files that documents were imported from; empty for all there are."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    for table in ("documents", "document_versions"):
        op.add_column(
            table, sa.Column("source_media_type", sa.Text, nullable=False, server_default="")
        )
        op.add_column(
            table, sa.Column("source_sha256", sa.String(64), nullable=False, server_default="")
        )
