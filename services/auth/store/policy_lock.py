"""The one row that every change of the policy has to pass."""

from collections.abc import Callable

from sqlalchemy import event, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.auth.tables import PolicyVersionRow

PolicyChanged = Callable[[], None]

_HELD = "policy_is_locked"


async def lock_policy(session: AsyncSession, policy_changed: PolicyChanged) -> None:
    """Raises the version once per transaction, and tells of it when the change is real."""
    if session.info.get(_HELD):
        return
    session.info[_HELD] = True
    await session.execute(update(PolicyVersionRow).values(version=PolicyVersionRow.version + 1))
    event.listen(session.sync_session, "after_commit", lambda _: policy_changed(), once=True)
