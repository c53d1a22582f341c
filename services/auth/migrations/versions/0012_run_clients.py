"""Remembers when a client was deleted; its name stays for what it has done."""

import sqlalchemy as sa
from alembic import op

from services.mesh.columns import UtcDateTime

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("oauth_clients", sa.Column("delete_time", UtcDateTime))
