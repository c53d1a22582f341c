"""The one row that every change of the policy has to pass."""

from collections.abc import Callable

from sqlalchemy import event, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.auth.tables import PolicyVersionRow as Row

PolicyChanged = Callable[[], None]

_CHANGE = "change_of_the_policy"
_OF_RULES, _OF_PROHIBITIONS = "rules", "prohibitions"


async def lock_policy(session: AsyncSession, policy_changed: PolicyChanged) -> None:
    """Raises the version once per transaction, and tells of it when the change is real."""
    match session.info.get(_CHANGE):
        case None:
            await session.execute(update(Row).values(version=Row.version + 1))
            _tell(session, policy_changed)
        case change if change == _OF_PROHIBITIONS:
            await session.execute(update(Row).values(prohibitions=Row.prohibitions - 1))
    session.info[_CHANGE] = _OF_RULES


async def note_prohibition(session: AsyncSession, policy_changed: PolicyChanged) -> None:
    """Does the same for a change after which nothing is allowed that was not before."""
    if session.info.get(_CHANGE) is None:
        await session.execute(
            update(Row).values(version=Row.version + 1, prohibitions=Row.prohibitions + 1)
        )
        session.info[_CHANGE] = _OF_PROHIBITIONS
        _tell(session, policy_changed)


def _tell(session: AsyncSession, policy_changed: PolicyChanged) -> None:
    event.listen(session.sync_session, "after_commit", lambda _: policy_changed(), once=True)
