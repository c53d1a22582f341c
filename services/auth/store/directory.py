"""What belongs to no tenant, or is needed before the tenant is known."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import delete, insert, or_, select, update

from services.auth.domain import (
    ApiKey,
    LoginFailures,
    SigningKey,
    Tenant,
    UserKind,
)
from services.auth.errors.tenants import TenantSlugTaken
from services.auth.store.authorization_directory import AuthorizationDirectoryRows
from services.auth.store.policy_rows import PolicyRows
from services.auth.store.rows import (
    api_key_from,
    login_failures_from,
    signing_key_from,
    tenant_from,
)
from services.auth.store.tenant_records import SqlTenantRecords
from services.auth.tables import (
    AccountCodeRow,
    ApiKeyRow,
    FederatedLoginRow,
    LoginFailureRow,
    RefreshTokenRow,
    SessionRow,
    SigningKeyRow,
    TenantRow,
    UserRow,
)
from services.mesh.caller import TenantId


class SqlDirectory(PolicyRows, AuthorizationDirectoryRows):
    def records(self, tenant_id: TenantId) -> SqlTenantRecords:
        return SqlTenantRecords(self._session, tenant_id, self._policy_book)

    async def add_tenant(self, tenant: Tenant) -> None:
        # Whoever adds a tenant adds its roles next, so the lock costs nothing, and behind it no
        # other replica can take the slug between the question and the insert.
        await self.records(tenant.tenant_id).lock_policy()
        if await self.tenant_with_slug(tenant.slug) is not None:
            raise TenantSlugTaken(tenant.slug)
        values = {**asdict(tenant), "state": tenant.state.value}
        await self._session.execute(insert(TenantRow).values(values))

    async def tenant(self, tenant_id: TenantId) -> Tenant:
        return await self.records(tenant_id).tenant()

    async def tenant_with_slug(self, slug: str) -> Tenant | None:
        row = await self._session.scalar(select(TenantRow).where(TenantRow.slug == slug))
        return tenant_from(row) if row else None

    async def tenants(self, after: str, limit: int) -> list[Tenant]:
        rows = await self._session.scalars(
            select(TenantRow).where(TenantRow.slug > after).order_by(TenantRow.slug).limit(limit)
        )
        return [tenant_from(row) for row in rows]

    async def tenant_of_client(self, client_id: str) -> TenantId | None:
        found = await self._session.scalar(
            select(UserRow.tenant_id).where(
                UserRow.user_id == client_id, UserRow.kind == UserKind.CLIENT.value
            )
        )
        return TenantId(found) if found else None

    async def tenant_of_refresh_token(self, digest: str) -> TenantId | None:
        found = await self._session.scalar(
            select(RefreshTokenRow.tenant_id).where(RefreshTokenRow.digest == digest)
        )
        return TenantId(found) if found else None

    async def api_key_with_digest(self, digest: str) -> ApiKey | None:
        row = await self._session.scalar(select(ApiKeyRow).where(ApiKeyRow.digest == digest))
        return api_key_from(row) if row else None

    async def tenant_of_account_code(self, digest: str) -> TenantId | None:
        found = await self._session.scalar(
            select(AccountCodeRow.tenant_id).where(AccountCodeRow.digest == digest)
        )
        return TenantId(found) if found else None

    async def tenant_of_federated_login(self, state_digest: str) -> TenantId | None:
        found = await self._session.scalar(
            select(FederatedLoginRow.tenant_id).where(
                FederatedLoginRow.state_digest == state_digest
            )
        )
        return TenantId(found) if found else None

    async def login_failures(self, account: str) -> LoginFailures | None:
        row = await self._session.get(LoginFailureRow, account)
        return login_failures_from(row) if row else None

    async def keep_login_failures(self, account: str, failures: LoginFailures) -> None:
        await self._session.merge(LoginFailureRow(account=account, **asdict(failures)))

    async def forget_login_failures(self, account: str) -> None:
        await self._session.execute(
            delete(LoginFailureRow).where(LoginFailureRow.account == account)
        )

    async def signing_keys(self) -> list[SigningKey]:
        rows = await self._session.scalars(
            select(SigningKeyRow).order_by(
                SigningKeyRow.create_time.desc(), SigningKeyRow.key_id.desc()
            )
        )
        return [signing_key_from(row) for row in rows]

    async def lock_signing_keys(self) -> None:
        await self._session.execute(select(SigningKeyRow.key_id).with_for_update())

    async def retire_signing_key(self, key_id: str, retire_time: datetime) -> None:
        await self._session.execute(
            update(SigningKeyRow)
            .where(SigningKeyRow.key_id == key_id)
            .values(retire_time=retire_time)
        )

    async def delete_signing_keys(self, retired_before: datetime) -> None:
        await self._session.execute(
            delete(SigningKeyRow).where(SigningKeyRow.retire_time < retired_before)
        )

    async def add_signing_key(self, key: SigningKey) -> None:
        await self._session.execute(insert(SigningKeyRow).values(**asdict(key)))

    async def delete_federated_logins(self, before: datetime) -> int:
        return await self._delete(
            delete(FederatedLoginRow).where(FederatedLoginRow.expire_time < before)
        )

    async def delete_expired(self, sessions_before: datetime, failures_before: datetime) -> int:
        # The refresh tokens go with their sessions.
        sessions = await self._delete(
            delete(SessionRow).where(
                or_(
                    SessionRow.expire_time < sessions_before,
                    SessionRow.end_time < sessions_before,
                )
            )
        )
        failures = await self._delete(
            delete(LoginFailureRow).where(LoginFailureRow.last_time < failures_before)
        )
        codes = await self._delete(
            delete(AccountCodeRow).where(AccountCodeRow.expire_time < sessions_before)
        )
        return sessions + failures + codes
