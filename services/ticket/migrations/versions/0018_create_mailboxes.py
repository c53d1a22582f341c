"""Creates what is remembered of mailboxes that are looked into."""

import sqlalchemy as sa
from alembic import op
from alembic.operations import Operations

from services.mesh.columns import UtcDateTime
from services.mesh.row_security import enable_row_security

revision = "0018"
down_revision = "0017"

_ID = sa.String(64)


def upgrade() -> None:
    op.create_table(
        "mailboxes",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("mailbox", _ID, nullable=False),
        sa.Column("uid_validity", sa.BigInteger, nullable=False),
        sa.Column("last_uid", sa.BigInteger, nullable=False),
        sa.Column("look_time", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "mailbox", name="pk_mailboxes"),
    )
    op.create_table(
        "mailbox_waiting",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("mailbox", _ID, nullable=False),
        sa.Column("uid_validity", sa.BigInteger, nullable=False),
        sa.Column("uid", sa.BigInteger, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
        sa.Column("next_time", UtcDateTime, nullable=False),
        sa.Column("problem", sa.Text, nullable=False, server_default=""),
        sa.PrimaryKeyConstraint(
            "tenant_id", "mailbox", "uid_validity", "uid", name="pk_mailbox_waiting"
        ),
    )
    for table in ("mailboxes", "mailbox_waiting"):
        enable_row_security(Operations(op.get_context()), table)
