"""Lets mails go out that are no comments."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    op.alter_column("mail_outbox", "comment_id", new_column_name="letter_id")
    op.add_column(
        "mail_outbox", sa.Column("kind", sa.String(64), nullable=False, server_default="reply")
    )
