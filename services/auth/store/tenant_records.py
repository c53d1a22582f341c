"""Everything of one tenant in one transaction."""

from sqlalchemy import select

from services.auth.domain import Tenant
from services.auth.errors import TenantNotFound
from services.auth.store.account_code_rows import AccountCodeRows
from services.auth.store.federation_rows import FederationRows
from services.auth.store.role_rows import RoleRows
from services.auth.store.rows import tenant_from
from services.auth.store.session_rows import SessionRows
from services.auth.store.user_rows import UserRows
from services.auth.tables import TenantRow


class SqlTenantRecords(RoleRows, UserRows, AccountCodeRows, SessionRows, FederationRows):
    async def tenant(self) -> Tenant:
        found = await self._session.scalar(
            select(TenantRow).where(TenantRow.tenant_id == self._tenant_id)
        )
        if found is None:
            raise TenantNotFound(self._tenant_id)
        return tenant_from(found)
