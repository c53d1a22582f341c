"""Nobody gives away what they do not hold, and nobody changes those who may do more.

What counts is what the acting user holds in the database at this moment, whatever the token says.
"""

from collections.abc import Iterable

from services.auth.domain import User, first_beyond, missing_roles, permissions_of
from services.auth.errors import RoleNotFound, RoleNotGrantable, UserMayMore
from services.auth.ports import TenantRecords
from services.mesh.caller import UserId


async def require_grantable(
    records: TenantRecords, actor_id: UserId, wanted: Iterable[str]
) -> None:
    """Raises RoleNotFound or RoleNotGrantable for the first role that the actor cannot give."""
    names = sorted(wanted)
    roles = {role.name: role for role in await records.roles()}
    missing = missing_roles(names, roles.values())
    if missing:
        raise RoleNotFound(missing[0])
    held = permissions_of(await records.user(actor_id), roles)
    beyond = first_beyond((roles[name] for name in names), held)
    if beyond is not None:
        raise RoleNotGrantable(beyond.name)


async def require_no_more_than_own(records: TenantRecords, actor_id: UserId, user: User) -> None:
    """Raises UserMayMore."""
    if actor_id == user.user_id:
        return
    roles = {role.name: role for role in await records.roles()}
    held = permissions_of(await records.user(actor_id), roles)
    if not permissions_of(user, roles) <= held:
        raise UserMayMore(user.user_id)
