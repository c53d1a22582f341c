"""Creates what the OpenID provider keeps: clients' addresses, requests, codes, logins, consents."""

import sqlalchemy as sa
from alembic import op
from alembic.operations import Operations

from services.mesh.columns import UtcDateTime
from services.mesh.row_security import enable_row_security, keep_from_tenants

revision = "0008"
down_revision = "0007"

_SORTED = sa.String().with_variant(sa.String(collation="C"), "postgresql")
_OF_NOBODY = ("authorization_requests", "device_authorizations")
_OF_TENANTS = ("oauth_clients", "authorization_codes", "browser_sessions", "consents")


def upgrade() -> None:
    _create_oauth_clients()
    _create_what_waits()
    _create_what_users_have_granted()
    operations = Operations(op.get_context())
    for table in _OF_TENANTS:
        enable_row_security(operations, table)
    for table in _OF_NOBODY:
        keep_from_tenants(operations, table)


def _create_oauth_clients() -> None:
    op.create_table(
        "oauth_clients",
        sa.Column("tenant_id", sa.String, nullable=False),
        sa.Column("client_id", _SORTED, nullable=False),
        sa.Column("is_public", sa.Boolean, nullable=False),
        sa.Column("redirect_uris", sa.String, nullable=False),
        sa.Column("logout_redirect_uris", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "client_id", name="pk_oauth_clients"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"],
            ["users.tenant_id", "users.user_id"],
            name="fk_oauth_clients_tenant_id_client_id_users",
            ondelete="CASCADE",
        ),
    )


def _create_what_waits() -> None:
    op.create_table(
        "authorization_requests",
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("browser_digest", sa.String, nullable=False),
        sa.Column("client_id", sa.String, nullable=False),
        sa.Column("redirect_uri", sa.String, nullable=False),
        sa.Column("scope", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("nonce", sa.String, nullable=False),
        sa.Column("code_challenge", sa.String, nullable=False),
        sa.Column("prompts", sa.String, nullable=False),
        sa.Column("max_age", sa.Integer),
        sa.Column("tenant_slug", sa.String, nullable=False),
        sa.Column("device_digest", sa.String, nullable=False),
        sa.Column("create_time", UtcDateTime, nullable=False),
        sa.Column("expire_time", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_authorization_requests"),
    )
    op.create_index(
        "ix_authorization_requests_expire_time", "authorization_requests", ["expire_time"]
    )
    op.create_table(
        "device_authorizations",
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("user_code_digest", sa.String, nullable=False),
        sa.Column("client_id", sa.String, nullable=False),
        sa.Column("scope", sa.String, nullable=False),
        sa.Column("interval_seconds", sa.Integer, nullable=False),
        sa.Column("create_time", UtcDateTime, nullable=False),
        sa.Column("expire_time", UtcDateTime, nullable=False),
        sa.Column("poll_time", UtcDateTime),
        sa.Column("decision", sa.Boolean),
        sa.PrimaryKeyConstraint("digest", name="pk_device_authorizations"),
        sa.UniqueConstraint("user_code_digest", name="uq_device_authorizations_user_code_digest"),
    )
    op.create_index(
        "ix_device_authorizations_expire_time", "device_authorizations", ["expire_time"]
    )


def _create_what_users_have_granted() -> None:
    op.create_table(
        "authorization_codes",
        sa.Column("tenant_id", sa.String, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("client_id", sa.String, nullable=False),
        sa.Column("user_id", _SORTED, nullable=False),
        sa.Column("redirect_uri", sa.String, nullable=False),
        sa.Column("scope", sa.String, nullable=False),
        sa.Column("nonce", sa.String, nullable=False),
        sa.Column("code_challenge", sa.String, nullable=False),
        sa.Column("auth_time", UtcDateTime, nullable=False),
        sa.Column("browser_session_id", sa.String, nullable=False),
        sa.Column("issue_time", UtcDateTime, nullable=False),
        sa.Column("expire_time", UtcDateTime, nullable=False),
        sa.Column("use_time", UtcDateTime),
        sa.Column("session_id", sa.String),
        sa.PrimaryKeyConstraint("tenant_id", "digest", name="pk_authorization_codes"),
        _of_a_user("authorization_codes"),
    )
    op.create_index("ix_authorization_codes_by_digest", "authorization_codes", ["digest"])
    op.create_index(
        "ix_authorization_codes_by_browser",
        "authorization_codes",
        ["tenant_id", "browser_session_id"],
    )
    op.create_index("ix_authorization_codes_by_issue", "authorization_codes", ["issue_time"])
    op.create_table(
        "browser_sessions",
        sa.Column("tenant_id", sa.String, nullable=False),
        sa.Column("browser_session_id", sa.String, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("user_id", _SORTED, nullable=False),
        sa.Column("auth_time", UtcDateTime, nullable=False),
        sa.Column("expire_time", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "browser_session_id", name="pk_browser_sessions"),
        _of_a_user("browser_sessions"),
    )
    op.create_index("ix_browser_sessions_by_digest", "browser_sessions", ["digest"])
    op.create_index("ix_browser_sessions_by_user", "browser_sessions", ["tenant_id", "user_id"])
    op.create_index("ix_browser_sessions_by_expiry", "browser_sessions", ["expire_time"])
    op.create_table(
        "consents",
        sa.Column("tenant_id", sa.String, nullable=False),
        sa.Column("user_id", _SORTED, nullable=False),
        sa.Column("client_id", sa.String, nullable=False),
        sa.Column("scope", sa.String, nullable=False),
        sa.Column("grant_time", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "user_id", "client_id", name="pk_consents"),
        _of_a_user("consents"),
    )


def _of_a_user(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", "user_id"],
        ["users.tenant_id", "users.user_id"],
        name=f"fk_{table}_tenant_id_user_id_users",
        ondelete="CASCADE",
    )
