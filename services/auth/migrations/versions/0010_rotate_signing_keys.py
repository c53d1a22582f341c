"""Lets a signing key be shown before it signs."""

import sqlalchemy as sa
from alembic import op

from services.mesh.columns import UtcDateTime

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("signing_keys", sa.Column("activate_time", UtcDateTime))
