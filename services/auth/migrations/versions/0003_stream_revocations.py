"""Counts the versions of the policy that only prohibited, and finds lately ended sessions."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    # A process of the release before does not count, so whatever it changes counts as a change of
    # the rules while both run.
    op.add_column(
        "policy_version",
        sa.Column("prohibitions", sa.BigInteger, nullable=False, server_default="0"),
    )
    op.create_index("ix_sessions_by_end", "sessions", ["end_time"])
