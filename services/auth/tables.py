"""The tables of auth: `tenant_id` leads every key of what belongs to a tenant."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    MetaData,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from services.mesh.audit.tables import audit_tables
from services.mesh.database import UtcDateTime, naming
from services.mesh.idempotency import idempotency_table
from services.mesh.row_security import SYSTEM_ONLY

# Both databases must sort alike, and page tokens rely on it.
Sorted = String().with_variant(String(collation="C"), "postgresql")

# Clients have no address, and many of them share that.
IS_PERSON = text("kind = 'person'")


class AuthTable(DeclarativeBase):
    metadata = MetaData(naming_convention=naming)


class TenantRow(AuthTable):
    __tablename__ = "tenants"

    tenant_id: Mapped[str] = mapped_column(String, primary_key=True)
    slug: Mapped[str] = mapped_column(Sorted, unique=True)
    display_name: Mapped[str]
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str]


class TombstoneRow(AuthTable):
    """All that is ever left of a deleted tenant."""

    __tablename__ = "tombstones"
    __table_args__ = ({"comment": SYSTEM_ONLY},)

    tenant_id: Mapped[str] = mapped_column(String, primary_key=True)
    delete_time: Mapped[datetime] = mapped_column(UtcDateTime)
    bury_time: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PurgeConfirmationRow(AuthTable):
    """A service that holds nothing of the tenant any more."""

    __tablename__ = "purge_confirmations"
    __table_args__ = ({"comment": SYSTEM_ONLY},)

    tenant_id: Mapped[str] = mapped_column(ForeignKey("tombstones.tenant_id"), primary_key=True)
    service: Mapped[str] = mapped_column(String, primary_key=True)
    confirm_time: Mapped[datetime] = mapped_column(UtcDateTime)


class RoleRow(AuthTable):
    __tablename__ = "roles"

    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.tenant_id"), primary_key=True)
    name: Mapped[str] = mapped_column(Sorted, primary_key=True)
    description: Mapped[str]


class RolePermissionRow(AuthTable):
    __tablename__ = "role_permissions"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "role"], ["roles.tenant_id", "roles.name"]),
    )

    tenant_id: Mapped[str] = mapped_column(String, primary_key=True)
    role: Mapped[str] = mapped_column(Sorted, primary_key=True)
    permission: Mapped[str] = mapped_column(Sorted, primary_key=True)


class UserRow(AuthTable):
    __tablename__ = "users"
    __table_args__ = (
        Index(
            "ix_users_people",
            "tenant_id",
            "email",
            unique=True,
            sqlite_where=IS_PERSON,
            postgresql_where=IS_PERSON,
        ),
        Index("ix_users_by_email", "tenant_id", "email", "user_id"),
        Index("ix_users_by_id", "user_id"),
    )

    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.tenant_id"), primary_key=True)
    user_id: Mapped[str] = mapped_column(Sorted, primary_key=True)
    kind: Mapped[str]
    email: Mapped[str] = mapped_column(Sorted)
    display_name: Mapped[str]
    secret_hash: Mapped[str]
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)
    is_invited: Mapped[bool]
    disable_time: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revision: Mapped[int]


class MembershipRow(AuthTable):
    __tablename__ = "memberships"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.user_id"]),
        ForeignKeyConstraint(["tenant_id", "role"], ["roles.tenant_id", "roles.name"]),
        Index("ix_memberships_by_role", "tenant_id", "role"),
    )

    tenant_id: Mapped[str] = mapped_column(String, primary_key=True)
    user_id: Mapped[str] = mapped_column(Sorted, primary_key=True)
    role: Mapped[str] = mapped_column(Sorted, primary_key=True)


class SessionRow(AuthTable):
    __tablename__ = "sessions"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.user_id"]),
        Index("ix_sessions_by_expiry", "expire_time"),
        Index("ix_sessions_by_end", "end_time"),
    )

    tenant_id: Mapped[str] = mapped_column(String, primary_key=True)
    session_id: Mapped[str] = mapped_column(String, primary_key=True)
    user_id: Mapped[str] = mapped_column(Sorted)
    client_id: Mapped[str]
    scope: Mapped[str]
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)
    expire_time: Mapped[datetime] = mapped_column(UtcDateTime)
    end_time: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RefreshTokenRow(AuthTable):
    __tablename__ = "refresh_tokens"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "session_id"],
            ["sessions.tenant_id", "sessions.session_id"],
            ondelete="CASCADE",
        ),
        Index("ix_refresh_tokens_by_digest", "digest"),
        Index("ix_refresh_tokens_by_session", "tenant_id", "session_id"),
    )

    tenant_id: Mapped[str] = mapped_column(String, primary_key=True)
    digest: Mapped[str] = mapped_column(String, primary_key=True)
    session_id: Mapped[str]
    issue_time: Mapped[datetime] = mapped_column(UtcDateTime)
    expire_time: Mapped[datetime] = mapped_column(UtcDateTime)
    use_time: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AccountCodeRow(AuthTable):
    __tablename__ = "account_codes"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.user_id"]),
        Index("ix_account_codes_by_digest", "digest"),
        Index("ix_account_codes_by_expiry", "expire_time"),
    )

    tenant_id: Mapped[str] = mapped_column(String, primary_key=True)
    user_id: Mapped[str] = mapped_column(Sorted, primary_key=True)
    purpose: Mapped[str] = mapped_column(String, primary_key=True)
    digest: Mapped[str]
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)
    expire_time: Mapped[datetime] = mapped_column(UtcDateTime)


class ApiKeyRow(AuthTable):
    __tablename__ = "api_keys"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.user_id"]),
        Index("ix_api_keys_by_digest", "digest"),
        Index("ix_api_keys_by_user", "tenant_id", "user_id"),
    )

    tenant_id: Mapped[str] = mapped_column(String, primary_key=True)
    api_key_id: Mapped[str] = mapped_column(Sorted, primary_key=True)
    user_id: Mapped[str] = mapped_column(Sorted)
    display_name: Mapped[str]
    scope: Mapped[str]
    digest: Mapped[str]
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)
    expire_time: Mapped[datetime] = mapped_column(UtcDateTime)
    revoke_time: Mapped[datetime | None] = mapped_column(UtcDateTime)


class TotpRow(AuthTable):
    __tablename__ = "totp"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.user_id"]),
    )

    tenant_id: Mapped[str] = mapped_column(String, primary_key=True)
    user_id: Mapped[str] = mapped_column(Sorted, primary_key=True)
    sealed_secret: Mapped[str]
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)
    confirm_time: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_step: Mapped[int] = mapped_column(BigInteger)


class RecoveryCodeRow(AuthTable):
    __tablename__ = "recovery_codes"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.user_id"]),
    )

    tenant_id: Mapped[str] = mapped_column(String, primary_key=True)
    user_id: Mapped[str] = mapped_column(Sorted, primary_key=True)
    digest: Mapped[str] = mapped_column(String, primary_key=True)


class LoginFailureRow(AuthTable):
    """Keyed by a digest, for it is also kept of tenants and users that do not exist."""

    __tablename__ = "login_failures"
    __table_args__ = ({"comment": SYSTEM_ONLY},)

    account: Mapped[str] = mapped_column(String, primary_key=True)
    count: Mapped[int]
    last_time: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    wait_until: Mapped[datetime] = mapped_column(UtcDateTime)


class SigningKeyRow(AuthTable):
    """In the database, so that every replica signs and verifies with the same keys."""

    __tablename__ = "signing_keys"
    __table_args__ = ({"comment": SYSTEM_ONLY},)

    key_id: Mapped[str] = mapped_column(String, primary_key=True)
    private_pem: Mapped[str]
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)
    retire_time: Mapped[datetime | None] = mapped_column(UtcDateTime)
    activate_time: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PolicyVersionRow(AuthTable):
    """One row, and the lock that every change of the policy takes."""

    __tablename__ = "policy_version"
    __table_args__ = (CheckConstraint("only_row = 1", name="one_row"),)

    only_row: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(BigInteger)
    # How many of the versions changed nothing but what is prohibited.
    prohibitions: Mapped[int] = mapped_column(BigInteger)
    rule_count: Mapped[int] = mapped_column(BigInteger)
    rule_sum: Mapped[str]
    seal: Mapped[str]


class IdentityProviderRow(AuthTable):
    __tablename__ = "identity_providers"
    __table_args__ = (
        UniqueConstraint("tenant_id", "issuer", name="uq_identity_providers_tenant_id_issuer"),
    )

    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.tenant_id"), primary_key=True)
    identity_provider_id: Mapped[str] = mapped_column(Sorted, primary_key=True)
    display_name: Mapped[str]
    issuer: Mapped[str]
    client_id: Mapped[str]
    sealed_client_secret: Mapped[str]
    rules: Mapped[str]
    is_enabled: Mapped[bool]
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)
    update_time: Mapped[datetime] = mapped_column(UtcDateTime)
    revision: Mapped[int]


class ExternalIdentityRow(AuthTable):
    __tablename__ = "external_identities"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.user_id"]),
        Index("ix_external_identities_by_user", "tenant_id", "user_id"),
    )

    tenant_id: Mapped[str] = mapped_column(String, primary_key=True)
    issuer: Mapped[str] = mapped_column(String, primary_key=True)
    subject: Mapped[str] = mapped_column(String, primary_key=True)
    user_id: Mapped[str] = mapped_column(Sorted)
    roles: Mapped[str]
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)
    login_time: Mapped[datetime] = mapped_column(UtcDateTime)


class FederatedLoginRow(AuthTable):
    __tablename__ = "federated_logins"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "identity_provider_id"],
            ["identity_providers.tenant_id", "identity_providers.identity_provider_id"],
            # The name that the rule would give is longer than PostgreSQL's 63 characters.
            name="fk_federated_logins_provider",
            ondelete="CASCADE",
        ),
        Index("ix_federated_logins_by_state", "state_digest"),
        Index("ix_federated_logins_by_expiry", "expire_time"),
    )

    tenant_id: Mapped[str] = mapped_column(String, primary_key=True)
    state_digest: Mapped[str] = mapped_column(String, primary_key=True)
    browser_digest: Mapped[str]
    identity_provider_id: Mapped[str] = mapped_column(Sorted)
    sealed_secrets: Mapped[str]
    create_time: Mapped[datetime] = mapped_column(UtcDateTime)
    expire_time: Mapped[datetime] = mapped_column(UtcDateTime)


idempotency = idempotency_table(AuthTable.metadata)
audit = audit_tables(AuthTable.metadata)
