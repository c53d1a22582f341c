"""Creates the identity providers of tenants, the identities tied to users, and logins under way."""

import sqlalchemy as sa
from alembic import op
from alembic.operations import Operations

from services.mesh.columns import UtcDateTime
from services.mesh.row_security import enable_row_security

revision = "0006"
down_revision = "0005"

_SORTED = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    _create_identity_providers()
    _create_external_identities()
    _create_federated_logins()
    operations = Operations(op.get_context())
    for table in ("identity_providers", "external_identities", "federated_logins"):
        enable_row_security(operations, table)


def _create_identity_providers() -> None:
    op.create_table(
        "identity_providers",
        sa.Column("tenant_id", sa.String, nullable=False),
        sa.Column("identity_provider_id", _SORTED, nullable=False),
        sa.Column("display_name", sa.String, nullable=False),
        sa.Column("issuer", sa.String, nullable=False),
        sa.Column("client_id", sa.String, nullable=False),
        sa.Column("sealed_client_secret", sa.String, nullable=False),
        sa.Column("rules", sa.String, nullable=False),
        sa.Column("is_enabled", sa.Boolean, nullable=False),
        sa.Column("create_time", UtcDateTime, nullable=False),
        sa.Column("update_time", UtcDateTime, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "identity_provider_id", name="pk_identity_providers"),
        sa.UniqueConstraint("tenant_id", "issuer", name="uq_identity_providers_tenant_id_issuer"),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name="fk_identity_providers_tenant_id_tenants"
        ),
    )


def _create_external_identities() -> None:
    op.create_table(
        "external_identities",
        sa.Column("tenant_id", sa.String, nullable=False),
        sa.Column("issuer", sa.String, nullable=False),
        sa.Column("subject", sa.String, nullable=False),
        sa.Column("user_id", _SORTED, nullable=False),
        sa.Column("roles", sa.String, nullable=False),
        sa.Column("create_time", UtcDateTime, nullable=False),
        sa.Column("login_time", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "issuer", "subject", name="pk_external_identities"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"],
            ["users.tenant_id", "users.user_id"],
            name="fk_external_identities_tenant_id_user_id_users",
        ),
    )
    op.create_index(
        "ix_external_identities_by_user", "external_identities", ["tenant_id", "user_id"]
    )


def _create_federated_logins() -> None:
    op.create_table(
        "federated_logins",
        sa.Column("tenant_id", sa.String, nullable=False),
        sa.Column("state_digest", sa.String, nullable=False),
        sa.Column("browser_digest", sa.String, nullable=False),
        sa.Column("identity_provider_id", _SORTED, nullable=False),
        sa.Column("sealed_secrets", sa.String, nullable=False),
        sa.Column("create_time", UtcDateTime, nullable=False),
        sa.Column("expire_time", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "state_digest", name="pk_federated_logins"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "identity_provider_id"],
            ["identity_providers.tenant_id", "identity_providers.identity_provider_id"],
            name="fk_federated_logins_provider",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_federated_logins_by_state", "federated_logins", ["state_digest"])
    op.create_index("ix_federated_logins_by_expiry", "federated_logins", ["expire_time"])
