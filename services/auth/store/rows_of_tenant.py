"""What the records of one tenant share."""

from sqlalchemy import select

from services.auth.store.policy_lock import PolicyBook, lock_policy, note_prohibition
from services.auth.tables import PolicyVersionRow
from services.mesh.caller import TenantId
from services.mesh.session import Session


class RowsOfTenant:
    """Each statement below names the tenant, whatever row security does besides."""

    def __init__(self, session: Session, tenant_id: TenantId, policy_book: PolicyBook) -> None:
        self._session = session
        self._tenant_id = tenant_id
        self._policy_book = policy_book

    async def lock_policy(self) -> None:
        await lock_policy(self._session, self._policy_book)

    async def note_prohibition(self) -> None:
        await note_prohibition(self._session, self._policy_book)

    async def policy_version(self) -> int:
        return (await self._session.scalars(select(PolicyVersionRow.version))).one()
