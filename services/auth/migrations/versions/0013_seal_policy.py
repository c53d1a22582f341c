"""Makes room for the seal over the policy; auth seals at its start what it finds unsealed."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    # A process of the release before does not seal: what it changes counts as altered from here on.
    for name, kind, default in (
        ("rule_count", sa.BigInteger, "0"),
        ("rule_sum", sa.String, "0"),
        ("seal", sa.String, ""),
    ):
        op.add_column(
            "policy_version", sa.Column(name, kind, nullable=False, server_default=default)
        )
