"""Identity providers, the identities tied to users, and logins under way."""

import json
from dataclasses import asdict

from sqlalchemy import CursorResult, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from services.auth.errors.identity_providers import (
    IdentityProviderChanged,
    IdentityProviderIssuerTaken,
    IdentityProviderNotFound,
)
from services.auth.federation import (
    ExternalIdentity,
    FederatedLogin,
    IdentityProvider,
    IdentityProviderId,
    RoleRule,
)
from services.auth.store.rows_of_tenant import RowsOfTenant
from services.auth.tables import (
    AuthTable,
    ExternalIdentityRow,
    FederatedLoginRow,
    IdentityProviderRow,
)
from services.mesh.caller import TenantId, UserId


class FederationRows(RowsOfTenant):
    async def add_identity_provider(self, provider: IdentityProvider, sealed_secret: str) -> None:
        added = await self._session.execute(
            self._insert(IdentityProviderRow)
            .values(tenant_id=self._tenant_id, **_provider_values(provider, sealed_secret))
            .on_conflict_do_nothing(
                index_elements=[IdentityProviderRow.tenant_id, IdentityProviderRow.issuer]
            )
            .returning(IdentityProviderRow.identity_provider_id)
        )
        if added.first() is None:
            raise IdentityProviderIssuerTaken(provider.issuer)

    async def identity_provider(self, provider_id: IdentityProviderId) -> IdentityProvider:
        return provider_from(await self._provider_row(provider_id))

    async def identity_provider_of_issuer(self, issuer: str) -> IdentityProvider | None:
        row = await self._session.scalar(
            select(IdentityProviderRow).where(
                IdentityProviderRow.tenant_id == self._tenant_id,
                IdentityProviderRow.issuer == issuer,
            )
        )
        return provider_from(row) if row else None

    async def identity_providers(self, after: str, limit: int) -> list[IdentityProvider]:
        rows = await self._session.scalars(
            select(IdentityProviderRow)
            .where(
                IdentityProviderRow.tenant_id == self._tenant_id,
                IdentityProviderRow.identity_provider_id > after,
            )
            .order_by(IdentityProviderRow.identity_provider_id)
            .limit(limit)
        )
        return [provider_from(row) for row in rows]

    async def sealed_client_secret(self, provider_id: IdentityProviderId) -> str:
        return (await self._provider_row(provider_id)).sealed_client_secret

    async def replace_identity_provider(
        self, provider: IdentityProvider, sealed_secret: str
    ) -> None:
        done = await self._session.execute(
            update(IdentityProviderRow)
            .where(
                IdentityProviderRow.tenant_id == self._tenant_id,
                IdentityProviderRow.identity_provider_id == provider.identity_provider_id,
                IdentityProviderRow.revision == provider.revision - 1,
            )
            .values(**_provider_values(provider, sealed_secret))
        )
        if not isinstance(done, CursorResult) or done.rowcount != 1:
            raise IdentityProviderChanged("")

    async def delete_identity_provider(self, provider: IdentityProvider) -> None:
        done = await self._session.execute(
            delete(IdentityProviderRow).where(
                IdentityProviderRow.tenant_id == self._tenant_id,
                IdentityProviderRow.identity_provider_id == provider.identity_provider_id,
                IdentityProviderRow.revision == provider.revision,
            )
        )
        if not isinstance(done, CursorResult) or done.rowcount != 1:
            raise IdentityProviderChanged("")
        await self._session.execute(
            delete(ExternalIdentityRow).where(
                ExternalIdentityRow.tenant_id == self._tenant_id,
                ExternalIdentityRow.issuer == provider.issuer,
            )
        )

    async def external_identity(self, issuer: str, subject: str) -> ExternalIdentity | None:
        row = await self._session.scalar(
            select(ExternalIdentityRow).where(
                ExternalIdentityRow.tenant_id == self._tenant_id,
                ExternalIdentityRow.issuer == issuer,
                ExternalIdentityRow.subject == subject,
            )
        )
        return _identity_from(row) if row else None

    async def is_given_by_providers(self, role: str) -> bool:
        rows = await self._session.scalars(
            select(IdentityProviderRow).where(IdentityProviderRow.tenant_id == self._tenant_id)
        )
        return any(role in provider_from(row).roles for row in rows)

    async def has_external_identity(self, user_id: UserId, issuer: str | None = None) -> bool:
        question = select(ExternalIdentityRow.subject).where(
            ExternalIdentityRow.tenant_id == self._tenant_id,
            ExternalIdentityRow.user_id == user_id,
        )
        if issuer is not None:
            question = question.where(ExternalIdentityRow.issuer == issuer)
        return await self._session.scalar(question.limit(1)) is not None

    async def keep_external_identity(self, identity: ExternalIdentity) -> None:
        values = {
            **asdict(identity),
            "tenant_id": self._tenant_id,
            "roles": json.dumps(identity.roles),
        }
        keys = ("tenant_id", "issuer", "subject")
        changed = {name: value for name, value in values.items() if name not in keys}
        await self._session.execute(
            self._insert(ExternalIdentityRow)
            .values(values)
            .on_conflict_do_update(index_elements=list(keys), set_=changed)
        )

    async def add_federated_login(self, login: FederatedLogin) -> None:
        values = {**asdict(login), "tenant_id": self._tenant_id}
        await self._session.execute(insert(FederatedLoginRow).values(values))

    async def take_federated_login(self, state_digest: str) -> FederatedLogin | None:
        found = await self._session.scalars(
            delete(FederatedLoginRow)
            .where(
                FederatedLoginRow.tenant_id == self._tenant_id,
                FederatedLoginRow.state_digest == state_digest,
            )
            .returning(FederatedLoginRow)
        )
        row = found.first()
        return _login_from(row) if row else None

    def _insert(self, table: type[AuthTable]) -> postgresql.Insert | sqlite.Insert:
        is_postgresql = self._session.get_bind().dialect.name == "postgresql"
        return postgresql.insert(table) if is_postgresql else sqlite.insert(table)

    async def _provider_row(self, provider_id: IdentityProviderId) -> IdentityProviderRow:
        row = await self._session.scalar(
            select(IdentityProviderRow).where(
                IdentityProviderRow.tenant_id == self._tenant_id,
                IdentityProviderRow.identity_provider_id == provider_id,
            )
        )
        if row is None:
            raise IdentityProviderNotFound(provider_id)
        return row


def provider_from(row: IdentityProviderRow) -> IdentityProvider:
    rules = json.loads(row.rules)
    return IdentityProvider(
        tenant_id=TenantId(row.tenant_id),
        identity_provider_id=IdentityProviderId(row.identity_provider_id),
        display_name=row.display_name,
        issuer=row.issuer,
        client_id=row.client_id,
        has_client_secret=bool(row.sealed_client_secret),
        scopes=tuple(rules["scopes"]),
        role_rules=tuple(RoleRule(**rule) for rule in rules["role_rules"]),
        default_roles=tuple(rules["default_roles"]),
        email_domains=tuple(rules["email_domains"]),
        creates_users=rules["creates_users"],
        links_users_by_email=rules["links_users_by_email"],
        exchanges_tokens=rules["exchanges_tokens"],
        is_enabled=row.is_enabled,
        create_time=row.create_time,
        update_time=row.update_time,
        revision=row.revision,
    )


def _provider_values(provider: IdentityProvider, sealed_secret: str) -> dict[str, object]:
    rules = {
        "scopes": provider.scopes,
        "role_rules": [asdict(rule) for rule in provider.role_rules],
        "default_roles": provider.default_roles,
        "email_domains": provider.email_domains,
        "creates_users": provider.creates_users,
        "links_users_by_email": provider.links_users_by_email,
        "exchanges_tokens": provider.exchanges_tokens,
    }
    return {
        "identity_provider_id": provider.identity_provider_id,
        "display_name": provider.display_name,
        "issuer": provider.issuer,
        "client_id": provider.client_id,
        "sealed_client_secret": sealed_secret,
        "rules": json.dumps(rules),
        "is_enabled": provider.is_enabled,
        "create_time": provider.create_time,
        "update_time": provider.update_time,
        "revision": provider.revision,
    }


def _identity_from(row: ExternalIdentityRow) -> ExternalIdentity:
    return ExternalIdentity(
        TenantId(row.tenant_id),
        row.issuer,
        row.subject,
        UserId(row.user_id),
        tuple(json.loads(row.roles)),
        row.create_time,
        row.login_time,
    )


def _login_from(row: FederatedLoginRow) -> FederatedLogin:
    return FederatedLogin(
        TenantId(row.tenant_id),
        row.state_digest,
        row.browser_digest,
        IdentityProviderId(row.identity_provider_id),
        row.sealed_secrets,
        row.create_time,
        row.expire_time,
    )
