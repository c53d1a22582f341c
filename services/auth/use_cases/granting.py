"""Nobody gives away what they do not hold, and nobody changes those who may do more.

What counts is what the acting user holds in the database at this moment, within the token's scope:
a key that may only make users must not make users who may do what the key may not.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.auth.domain import Role, User, first_beyond, missing_roles, permissions_of
from services.auth.errors.roles import (
    PermissionNotGrantable,
    PermissionUnknown,
    RoleNotFound,
    RoleNotGrantable,
)
from services.auth.errors.users import UserMayMore
from services.auth.ports import TenantRecords
from services.auth.standard_roles import GRANTABLE_PERMISSIONS
from services.mesh.caller import TenantId, UserId
from services.mesh.scopes import FULL_SCOPE, within_scope


@dataclass(frozen=True, slots=True)
class Author:
    """Who does it, in the tenant and within the scope that the token names."""

    tenant_id: TenantId
    user_id: UserId
    scope: frozenset[str] = FULL_SCOPE


async def require_grantable(records: TenantRecords, author: Author, wanted: Iterable[str]) -> None:
    """Raises RoleNotFound or RoleNotGrantable for the first role that the author cannot give."""
    names = sorted(wanted)
    roles = {role.name: role for role in await records.roles()}
    missing = missing_roles(names, roles.values())
    if missing:
        raise RoleNotFound(missing[0])
    held = await _held(records, author, roles)
    beyond = first_beyond((roles[name] for name in names), held)
    if beyond is not None:
        raise RoleNotGrantable(beyond.name)


async def require_no_more_than_own(records: TenantRecords, author: Author, user: User) -> None:
    """Raises UserMayMore."""
    if author.user_id == user.user_id:
        return
    roles = {role.name: role for role in await records.roles()}
    if not permissions_of(user, roles) <= await _held(records, author, roles):
        raise UserMayMore(user.user_id)


async def require_permissions(
    records: TenantRecords, author: Author, wanted: Iterable[str]
) -> None:
    """Raises PermissionUnknown or PermissionNotGrantable for the first that cannot be given."""
    held = await held_by(records, author)
    for permission in sorted(wanted):
        if permission not in GRANTABLE_PERMISSIONS:
            raise PermissionUnknown(permission)
        if permission not in held:
            raise PermissionNotGrantable(permission)


async def held_by(records: TenantRecords, author: Author) -> frozenset[str]:
    return await _held(records, author, {role.name: role for role in await records.roles()})


async def _held(
    records: TenantRecords, author: Author, roles: Mapping[str, Role]
) -> frozenset[str]:
    return within_scope(permissions_of(await records.user(author.user_id), roles), author.scope)
