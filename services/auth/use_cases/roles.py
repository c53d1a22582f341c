"""Roles that a tenant makes for itself."""

from collections.abc import Sequence
from dataclasses import replace

from services.auth.domain import Role
from services.auth.errors.roles import (
    RoleChanged,
    RoleFieldFixed,
    RoleFixed,
    RoleInUse,
    RoleNameReserved,
    RoleNameTaken,
    RoleNotFound,
    RoleNotGrantable,
)
from services.auth.ports import AuthStore, TenantRecords
from services.auth.standard_roles import RESERVED_PREFIX, STANDARD_NAMES
from services.auth.use_cases.granting import Author, held_by, require_permissions
from services.mesh.audit import acts_on

UPDATABLE_FIELDS = frozenset({"description", "permissions"})

# The name says which role, the etag is a condition, and the rest is output only (AIP-203).
IGNORED_FIELDS = frozenset({"name", "etag", "is_standard"})


async def create_role(store: AuthStore, author: Author, role: Role) -> Role:
    if role.name in STANDARD_NAMES or role.name.startswith(RESERVED_PREFIX):
        raise RoleNameReserved(role.name)
    async with store.writing(author.tenant_id) as records:
        await records.lock_policy()
        await require_permissions(records, author, role.permissions)
        if role.name in {known.name for known in await records.roles()}:
            raise RoleNameTaken(role.name)
        await records.add_roles([role])
        acts_on("role", role.name)
    return role


async def update_role(
    store: AuthStore, author: Author, role: Role, *, paths: Sequence[str], etag: str
) -> Role:
    fields = _fields_to_update(paths, role)
    async with store.writing(author.tenant_id) as records:
        before = await _own_role(records, author, role.name, etag)
        changed = replace(before, **{field: getattr(role, field) for field in fields})
        await require_permissions(records, author, changed.permissions - before.permissions)
        if changed != before:
            await records.add_roles([changed])
        acts_on("role", role.name)
    return changed


async def delete_role(store: AuthStore, author: Author, name: str) -> None:
    async with store.writing(author.tenant_id) as records:
        await _own_role(records, author, name, "")
        # A rule that outlived its role would give whatever is made under that name next.
        if await records.is_held(name) or await records.is_given_by_providers(name):
            raise RoleInUse(name)
        await records.delete_role(name)
        acts_on("role", name)


async def _own_role(records: TenantRecords, author: Author, name: str, etag: str) -> Role:
    """A role that the author may change: of the tenant's own making, and with nothing in it that
    the author lacks."""
    if name in STANDARD_NAMES:
        raise RoleFixed(name)
    await records.lock_policy()
    role = next((known for known in await records.roles() if known.name == name), None)
    if role is None:
        raise RoleNotFound(name)
    if etag and etag != role.etag:
        raise RoleChanged(role.etag)
    if not role.permissions <= await held_by(records, author):
        raise RoleNotGrantable(name)
    return role


def _fields_to_update(paths: Sequence[str], role: Role) -> frozenset[str]:
    """Raises RoleFieldFixed for a path that is no field of a role, or one that never changes."""
    if not paths:
        return frozenset(name for name in UPDATABLE_FIELDS if getattr(role, name))
    if "*" in paths:
        return UPDATABLE_FIELDS
    for path in paths:
        if path not in UPDATABLE_FIELDS | IGNORED_FIELDS:
            raise RoleFieldFixed(path)
    return UPDATABLE_FIELDS.intersection(paths)
