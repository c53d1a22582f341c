"""The one transaction of a call, which everything that the call changes joins."""

from contextlib import AbstractAsyncContextManager

from services.mesh.caller import current_tenant
from services.mesh.contract import MethodPolicy
from services.mesh.database import Database
from services.mesh.session import Session


def transaction_of_call(
    database: Database, policy: MethodPolicy
) -> AbstractAsyncContextManager[Session]:
    """The caller's tenant's, but the system's where the tenant is not known yet or is any.

    A tenant's transaction cannot become another's later, and the system's can.
    """
    if policy.public or policy.across_tenants:
        return database.system_transaction()
    return database.tenant_transaction(current_tenant())
