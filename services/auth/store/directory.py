"""What belongs to no tenant, or is needed before the tenant is known."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import delete, insert, or_, select, update

from services.auth.domain import (
    ApiKey,
    EndedSession,
    Grant,
    LoginFailures,
    Membership,
    Policy,
    SessionId,
    SigningKey,
    Tenant,
    TenantState,
    UserKind,
)
from services.auth.errors import TenantSlugTaken
from services.auth.store.authorization_directory import AuthorizationDirectoryRows
from services.auth.store.deletion_rows import DeletionRows
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
    MembershipRow,
    PolicyVersionRow,
    RefreshTokenRow,
    RolePermissionRow,
    SessionRow,
    SigningKeyRow,
    TenantRow,
    UserRow,
)
from services.mesh.caller import TenantId, UserId

_ACTIVE_TENANTS = select(TenantRow.tenant_id).where(TenantRow.state == TenantState.ACTIVE.value)


class SqlDirectory(DeletionRows, AuthorizationDirectoryRows):
    def records(self, tenant_id: TenantId) -> SqlTenantRecords:
        return SqlTenantRecords(self._session, tenant_id, self._policy_changed)

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

    async def policy_version(self) -> int:
        return (await self._session.scalars(select(PolicyVersionRow.version))).one()

    async def policy(self, ended_since: datetime, known: Policy | None = None) -> Policy:
        # The version first: a change between the statements then shows as an older version with
        # newer rules, which the next look mends, and never as a newer version with older rules.
        version, rules_version = (
            await self._session.execute(
                select(
                    PolicyVersionRow.version,
                    PolicyVersionRow.version - PolicyVersionRow.prohibitions,
                )
            )
        ).one()
        if known is not None and known.rules_version == rules_version:
            grants, memberships = known.grants, known.memberships
        else:
            grants, memberships = await self._rules()
        ended = await self._session.execute(
            select(SessionRow.tenant_id, SessionRow.session_id).where(
                SessionRow.end_time >= ended_since
            )
        )
        return Policy(
            version,
            rules_version,
            grants,
            memberships,
            frozenset(EndedSession(TenantId(tenant), SessionId(name)) for tenant, name in ended),
            frozenset(deletion.tenant_id for deletion in await self.deletions()),
        )

    async def _rules(self) -> tuple[tuple[Grant, ...], tuple[Membership, ...]]:
        grants = await self._session.execute(
            select(
                RolePermissionRow.tenant_id, RolePermissionRow.role, RolePermissionRow.permission
            ).where(RolePermissionRow.tenant_id.in_(_ACTIVE_TENANTS))
        )
        memberships = await self._session.execute(
            # Whoever is disabled may do nothing, also in a session that was opened meanwhile.
            select(MembershipRow.tenant_id, MembershipRow.user_id, MembershipRow.role)
            .join(
                UserRow,
                (UserRow.tenant_id == MembershipRow.tenant_id)
                & (UserRow.user_id == MembershipRow.user_id),
            )
            .where(UserRow.disable_time.is_(None), MembershipRow.tenant_id.in_(_ACTIVE_TENANTS))
        )
        return (
            tuple(Grant(TenantId(tenant), role, name) for tenant, role, name in grants),
            tuple(
                Membership(TenantId(tenant), UserId(user), role)
                for tenant, user, role in memberships
            ),
        )

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
