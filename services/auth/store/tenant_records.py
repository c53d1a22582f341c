"""Everything of one tenant in one transaction."""

from datetime import datetime

from sqlalchemy import Select, select, update

from services.auth.domain import SessionId, Tenant, TenantState
from services.auth.errors.tenants import TenantNotFound
from services.auth.store.account_code_rows import AccountCodeRows
from services.auth.store.api_key_rows import ApiKeyRows
from services.auth.store.authorization_rows import AuthorizationRows
from services.auth.store.client_rows import ClientRows
from services.auth.store.federation_rows import FederationRows
from services.auth.store.policy_lock import touch_anybody
from services.auth.store.role_rows import RoleRows
from services.auth.store.rows import tenant_from
from services.auth.store.session_rows import SessionRows
from services.auth.store.totp_rows import TotpRows
from services.auth.tables import TenantRow
from services.mesh.caller import UserId


class SqlTenantRecords(
    RoleRows,
    ClientRows,
    AccountCodeRows,
    ApiKeyRows,
    SessionRows,
    TotpRows,
    FederationRows,
    AuthorizationRows,
):
    async def end_sessions_of_user(
        self, user_id: UserId, now: datetime, but: SessionId | None = None
    ) -> None:
        await super().end_sessions_of_user(user_id, now, but)
        await self.forget_browsers(user_id)

    async def end_sessions_of_tenant(self, now: datetime) -> None:
        await super().end_sessions_of_tenant(now)
        await self.forget_browsers()

    async def tenant(self) -> Tenant:
        return await self._tenant(self._question())

    async def hold_tenant(self, *, alone: bool = False) -> Tenant:
        # Alone, but not in the way of those who add rows that refer to the tenant: they may hold
        # the policy, which comes after the tenant.
        question = self._question()
        return await self._tenant(
            question.with_for_update(key_share=True)
            if alone
            else question.with_for_update(read=True)
        )

    async def set_state(self, state: TenantState) -> None:
        await self._session.execute(
            update(TenantRow)
            .where(TenantRow.tenant_id == self._tenant_id)
            .values(state=state.value)
        )
        await self.lock_policy()
        touch_anybody(self._session)

    def _question(self) -> Select[TenantRow]:
        return select(TenantRow).where(TenantRow.tenant_id == self._tenant_id)

    async def _tenant(self, question: Select[TenantRow]) -> Tenant:
        found = await self._session.scalar(question.execution_options(populate_existing=True))
        if found is None:
            raise TenantNotFound(self._tenant_id)
        return tenant_from(found)
