"""Lets users be invited, changed and disabled, and keeps their codes to choose passwords with."""

import sqlalchemy as sa
from alembic import op
from alembic.operations import Operations

from services.mesh.columns import UtcDateTime
from services.mesh.row_security import enable_row_security

revision = "0005"
down_revision = "0004"

_SORTED = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column(
        "users", sa.Column("is_invited", sa.Boolean, nullable=False, server_default=sa.false())
    )
    op.add_column("users", sa.Column("disable_time", UtcDateTime))
    op.add_column("users", sa.Column("revision", sa.Integer, nullable=False, server_default="1"))
    op.create_table(
        "account_codes",
        sa.Column("tenant_id", sa.String, nullable=False),
        sa.Column("user_id", _SORTED, nullable=False),
        sa.Column("purpose", sa.String, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("create_time", UtcDateTime, nullable=False),
        sa.Column("expire_time", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "user_id", "purpose", name="pk_account_codes"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"],
            ["users.tenant_id", "users.user_id"],
            name="fk_account_codes_tenant_id_user_id_users",
        ),
    )
    op.create_index("ix_account_codes_by_digest", "account_codes", ["digest"])
    op.create_index("ix_account_codes_by_expiry", "account_codes", ["expire_time"])
    enable_row_security(Operations(op.get_context()), "account_codes")
