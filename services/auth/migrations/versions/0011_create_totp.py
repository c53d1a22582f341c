"""Creates authenticator apps and their recovery codes."""

import sqlalchemy as sa
from alembic import op
from alembic.operations import Operations

from services.mesh.columns import UtcDateTime
from services.mesh.row_security import enable_row_security

revision = "0011"
down_revision = "0010"

_SORTED = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "totp",
        sa.Column("tenant_id", sa.String, nullable=False),
        sa.Column("user_id", _SORTED, nullable=False),
        sa.Column("sealed_secret", sa.String, nullable=False),
        sa.Column("create_time", UtcDateTime, nullable=False),
        sa.Column("confirm_time", UtcDateTime),
        sa.Column("last_step", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "user_id", name="pk_totp"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"],
            ["users.tenant_id", "users.user_id"],
            name="fk_totp_tenant_id_user_id_users",
        ),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("tenant_id", sa.String, nullable=False),
        sa.Column("user_id", _SORTED, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "user_id", "digest", name="pk_recovery_codes"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"],
            ["users.tenant_id", "users.user_id"],
            name="fk_recovery_codes_tenant_id_user_id_users",
        ),
    )
    for table in ("totp", "recovery_codes"):
        enable_row_security(Operations(op.get_context()), table)
