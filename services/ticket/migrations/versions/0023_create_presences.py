"""Creates who is at which ticket."""

import sqlalchemy as sa
from alembic import op
from alembic.operations import Operations

from services.mesh.columns import UtcDateTime
from services.mesh.row_security import enable_row_security

revision = "0023"
down_revision = "0022"

_ID = sa.String(64)


def upgrade() -> None:
    op.create_table(
        "presences",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("ticket_id", _ID, nullable=False),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("activity", sa.SmallInteger, nullable=False),
        sa.Column("expire_time", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "ticket_id", "user_id", name="pk_presences"),
    )
    op.create_index("ix_presences_by_expire_time", "presences", ["tenant_id", "expire_time"])
    enable_row_security(Operations(op.get_context()), "presences")
