"""The one transaction of a call, which everything that the call changes joins."""

from contextlib import AbstractAsyncContextManager

from sqlalchemy.ext.asyncio import AsyncSession

from services.mesh.caller import current_tenant
from services.mesh.contract import MethodPolicy
from services.mesh.database import Database


def transaction_of_call(
    database: Database, policy: MethodPolicy
) -> AbstractAsyncContextManager[AsyncSession]:
    """The caller's tenant's, but the system's where the tenant is not known yet or is any.

    A tenant's transaction cannot become another's later, and the system's can.
    """
    if policy.public or policy.across_tenants:
        return database.system_transaction()
    return database.tenant_transaction(current_tenant())
