"""Creates tenants, users, roles, sessions, signing keys and the policy's version."""

import sqlalchemy as sa
from alembic import op
from alembic.operations import Operations

from services.mesh.columns import UtcDateTime
from services.mesh.idempotency import create_idempotency_table
from services.mesh.row_security import enable_row_security

revision = "0001"
down_revision = None

_SORTED = sa.String().with_variant(sa.String(collation="C"), "postgresql")
_IS_PERSON = sa.text("kind = 'person'")
_OF_TENANTS = (
    "tenants",
    "roles",
    "role_permissions",
    "users",
    "memberships",
    "sessions",
    "refresh_tokens",
)


def upgrade() -> None:
    _create_tenants_and_roles()
    _create_users()
    _create_sessions()
    _create_what_belongs_to_no_tenant()
    operations = Operations(op.get_context())
    create_idempotency_table(operations)
    for table in _OF_TENANTS:
        enable_row_security(operations, table)


def _create_tenants_and_roles() -> None:
    op.create_table(
        "tenants",
        sa.Column("tenant_id", sa.String, nullable=False),
        sa.Column("slug", _SORTED, nullable=False),
        sa.Column("display_name", sa.String, nullable=False),
        sa.Column("create_time", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name="pk_tenants"),
        sa.UniqueConstraint("slug", name="uq_tenants_slug"),
    )
    op.create_table(
        "roles",
        sa.Column("tenant_id", sa.String, nullable=False),
        sa.Column("name", _SORTED, nullable=False),
        sa.Column("description", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "name", name="pk_roles"),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name="fk_roles_tenant_id_tenants"
        ),
    )
    op.create_table(
        "role_permissions",
        sa.Column("tenant_id", sa.String, nullable=False),
        sa.Column("role", _SORTED, nullable=False),
        sa.Column("permission", _SORTED, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "role", "permission", name="pk_role_permissions"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "role"],
            ["roles.tenant_id", "roles.name"],
            name="fk_role_permissions_tenant_id_role_roles",
        ),
    )


def _create_users() -> None:
    op.create_table(
        "users",
        sa.Column("tenant_id", sa.String, nullable=False),
        sa.Column("user_id", _SORTED, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("email", _SORTED, nullable=False),
        sa.Column("display_name", sa.String, nullable=False),
        sa.Column("secret_hash", sa.String, nullable=False),
        sa.Column("create_time", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "user_id", name="pk_users"),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name="fk_users_tenant_id_tenants"
        ),
    )
    op.create_index(
        "ix_users_people",
        "users",
        ["tenant_id", "email"],
        unique=True,
        sqlite_where=_IS_PERSON,
        postgresql_where=_IS_PERSON,
    )
    op.create_index("ix_users_by_email", "users", ["tenant_id", "email", "user_id"])
    op.create_index("ix_users_by_id", "users", ["user_id"])
    op.create_table(
        "memberships",
        sa.Column("tenant_id", sa.String, nullable=False),
        sa.Column("user_id", _SORTED, nullable=False),
        sa.Column("role", _SORTED, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "user_id", "role", name="pk_memberships"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"],
            ["users.tenant_id", "users.user_id"],
            name="fk_memberships_tenant_id_user_id_users",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "role"],
            ["roles.tenant_id", "roles.name"],
            name="fk_memberships_tenant_id_role_roles",
        ),
    )
    op.create_index("ix_memberships_by_role", "memberships", ["tenant_id", "role"])


def _create_sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("tenant_id", sa.String, nullable=False),
        sa.Column("session_id", sa.String, nullable=False),
        sa.Column("user_id", _SORTED, nullable=False),
        sa.Column("create_time", UtcDateTime, nullable=False),
        sa.Column("expire_time", UtcDateTime, nullable=False),
        sa.Column("end_time", UtcDateTime),
        sa.PrimaryKeyConstraint("tenant_id", "session_id", name="pk_sessions"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"],
            ["users.tenant_id", "users.user_id"],
            name="fk_sessions_tenant_id_user_id_users",
        ),
    )
    op.create_index("ix_sessions_by_expiry", "sessions", ["expire_time"])
    op.create_table(
        "refresh_tokens",
        sa.Column("tenant_id", sa.String, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("session_id", sa.String, nullable=False),
        sa.Column("issue_time", UtcDateTime, nullable=False),
        sa.Column("expire_time", UtcDateTime, nullable=False),
        sa.Column("use_time", UtcDateTime),
        sa.PrimaryKeyConstraint("tenant_id", "digest", name="pk_refresh_tokens"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "session_id"],
            ["sessions.tenant_id", "sessions.session_id"],
            name="fk_refresh_tokens_tenant_id_session_id_sessions",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_refresh_tokens_by_digest", "refresh_tokens", ["digest"])
    op.create_index("ix_refresh_tokens_by_session", "refresh_tokens", ["tenant_id", "session_id"])


def _create_what_belongs_to_no_tenant() -> None:
    op.create_table(
        "login_failures",
        sa.Column("account", sa.String, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("last_time", UtcDateTime, nullable=False),
        sa.Column("wait_until", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("account", name="pk_login_failures"),
    )
    op.create_index("ix_login_failures_last_time", "login_failures", ["last_time"])
    op.create_table(
        "signing_keys",
        sa.Column("key_id", sa.String, nullable=False),
        sa.Column("private_pem", sa.String, nullable=False),
        sa.Column("create_time", UtcDateTime, nullable=False),
        sa.Column("retire_time", UtcDateTime),
        sa.PrimaryKeyConstraint("key_id", name="pk_signing_keys"),
    )
    version = op.create_table(
        "policy_version",
        sa.Column("only_row", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("only_row", name="pk_policy_version"),
        sa.CheckConstraint("only_row = 1", name="ck_policy_version_one_row"),
    )
    op.bulk_insert(version, [{"only_row": 1, "version": 0}])
