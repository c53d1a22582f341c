"""Says of each session for which client it was opened and what it is good for."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    # Every session so far was opened by the product itself; the default also lets a process of the
    # release before open sessions while both run.
    for name in ("client_id", "scope"):
        op.add_column(
            "sessions", sa.Column(name, sa.String, nullable=False, server_default="helpdesk")
        )
