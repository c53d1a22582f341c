"""Creates the table of what mails say."""

import sqlalchemy as sa
from alembic import op
from alembic.operations import Operations

from services.mesh.columns import UtcDateTime
from services.mesh.row_security import enable_row_security

revision = "0026"
down_revision = "0025"

_ID = sa.String(64)


def upgrade() -> None:
    op.create_table(
        "mail_templates",
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("kind", _ID, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("update_time", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "kind", name="pk_mail_templates"),
    )
    enable_row_security(Operations(op.get_context()), "mail_templates")
