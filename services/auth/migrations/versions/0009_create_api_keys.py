"""Creates API keys."""

import sqlalchemy as sa
from alembic import op
from alembic.operations import Operations

from services.mesh.columns import UtcDateTime
from services.mesh.row_security import enable_row_security

revision = "0009"
down_revision = "0008"

_SORTED = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("tenant_id", sa.String, nullable=False),
        sa.Column("api_key_id", _SORTED, nullable=False),
        sa.Column("user_id", _SORTED, nullable=False),
        sa.Column("display_name", sa.String, nullable=False),
        sa.Column("scope", sa.String, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("create_time", UtcDateTime, nullable=False),
        sa.Column("expire_time", UtcDateTime, nullable=False),
        sa.Column("revoke_time", UtcDateTime),
        sa.PrimaryKeyConstraint("tenant_id", "api_key_id", name="pk_api_keys"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"],
            ["users.tenant_id", "users.user_id"],
            name="fk_api_keys_tenant_id_user_id_users",
        ),
    )
    op.create_index("ix_api_keys_by_digest", "api_keys", ["digest"])
    op.create_index("ix_api_keys_by_user", "api_keys", ["tenant_id", "user_id"])
    enable_row_security(Operations(op.get_context()), "api_keys")
