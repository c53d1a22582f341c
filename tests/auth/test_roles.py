"""Roles that a tenant makes for itself."""

from dataclasses import replace

import pytest

from services.auth.domain import Role, Tenant
from services.auth.errors.roles import (
    PermissionNotGrantable,
    PermissionUnknown,
    RoleChanged,
    RoleFieldFixed,
    RoleFixed,
    RoleInUse,
    RoleNameReserved,
    RoleNameTaken,
    RoleNotFound,
    RoleNotGrantable,
)
from services.auth.use_cases.granting import Author
from services.auth.use_cases.roles import create_role, delete_role, update_role
from services.auth.use_cases.users import list_roles, set_user_roles
from tests.auth.builders import a_user, keep_author, keep_tenant, keep_user
from tests.auth.desk import Desk

AUDITOR = Role("auditor", "Reads along.", frozenset({"ticket.tickets.get", "auth.users.list"}))


@pytest.fixture
async def tenant(desk: Desk) -> Tenant:
    return await keep_tenant(desk.store)


@pytest.fixture
async def admin(desk: Desk, tenant: Tenant) -> Author:
    return await keep_author(desk.store, tenant)


@pytest.fixture
async def clerk(desk: Desk, tenant: Tenant, admin: Author) -> Author:
    """Runs roles, and may do little else."""
    names = ("create", "update", "delete", "list")
    role = Role("clerk", "", frozenset(f"auth.roles.{name}" for name in names))
    await create_role(desk.store, admin, role)
    return await keep_author(desk.store, tenant, "clerk")


async def update(desk: Desk, author: Author, role: Role, *paths: str, etag: str = "") -> Role:
    return await update_role(desk.store, author, role, paths=paths, etag=etag)


async def roles_of(desk: Desk, tenant: Tenant) -> dict[str, Role]:
    return {role.name: role for role in await list_roles(desk.store, tenant.tenant_id)}


async def test_a_new_role_can_be_given(desk: Desk, tenant: Tenant, admin: Author) -> None:
    assert await create_role(desk.store, admin, AUDITOR) == AUDITOR
    user = await keep_user(desk.store, a_user(tenant))
    changed = await set_user_roles(desk.store, admin, user.user_id, ["auditor"])
    assert changed.roles == ("auditor",)
    assert (await roles_of(desk, tenant))["auditor"] == AUDITOR


async def test_a_role_of_one_tenant_is_none_of_another(desk: Desk, admin: Author) -> None:
    other = await keep_tenant(desk.store, "globex")
    stranger = await keep_author(desk.store, other)
    await create_role(desk.store, admin, AUDITOR)
    with pytest.raises(RoleNotFound):
        await update(desk, stranger, AUDITOR)
    with pytest.raises(RoleNotFound):
        await delete_role(desk.store, stranger, "auditor")
    assert await create_role(desk.store, stranger, AUDITOR)


@pytest.mark.parametrize("name", ["admin", "agent", "customer", "operator", "helpdesk_boss"])
async def test_the_products_names_are_kept(desk: Desk, admin: Author, name: str) -> None:
    with pytest.raises(RoleNameReserved):
        await create_role(desk.store, admin, replace(AUDITOR, name=name))


async def test_a_name_is_taken_once(desk: Desk, admin: Author) -> None:
    await create_role(desk.store, admin, AUDITOR)
    with pytest.raises(RoleNameTaken):
        await create_role(desk.store, admin, replace(AUDITOR, permissions=frozenset()))


@pytest.mark.parametrize(
    "permission", ["ticket.tickets.destroy", "auth.tenants.create", "helpdesk", "", "*"]
)
async def test_what_the_contract_does_not_give_cannot_be_given(
    desk: Desk, admin: Author, permission: str
) -> None:
    with pytest.raises(PermissionUnknown) as caught:
        await create_role(desk.store, admin, replace(AUDITOR, permissions=frozenset({permission})))
    assert caught.value.metadata == {"permission": permission}


async def test_nobody_gives_a_permission_that_they_lack(
    desk: Desk, admin: Author, clerk: Author
) -> None:
    with pytest.raises(PermissionNotGrantable):
        await create_role(desk.store, clerk, AUDITOR)
    small = await create_role(desk.store, clerk, Role("small", "", frozenset()))
    with pytest.raises(PermissionNotGrantable):
        await update(desk, clerk, replace(small, permissions=AUDITOR.permissions))
    await create_role(desk.store, admin, AUDITOR)
    for change in (
        update(desk, clerk, replace(AUDITOR, permissions=frozenset()), "permissions"),
        delete_role(desk.store, clerk, "auditor"),
    ):
        with pytest.raises(RoleNotGrantable):
            await change


async def test_what_the_mask_names_is_changed_and_nothing_else(
    desk: Desk, tenant: Tenant, admin: Author
) -> None:
    await create_role(desk.store, admin, AUDITOR)
    wish = Role("auditor", "Looks.", frozenset({"ticket.tickets.list"}))
    changed = await update(desk, admin, wish, "description", etag=AUDITOR.etag)
    assert changed == replace(AUDITOR, description="Looks.")
    with pytest.raises(RoleChanged) as caught:
        await update(desk, admin, wish, etag=AUDITOR.etag)
    assert caught.value.metadata == {"etag": changed.etag}
    assert await update(desk, admin, wish) == wish
    assert (await roles_of(desk, tenant))["auditor"] == wish


async def test_only_the_star_empties_a_role(desk: Desk, admin: Author) -> None:
    await create_role(desk.store, admin, AUDITOR)
    empty = Role("auditor", "", frozenset())
    assert await update(desk, admin, empty) == AUDITOR
    assert await update(desk, admin, empty, "*") == empty


async def test_the_name_stays(desk: Desk, admin: Author) -> None:
    await create_role(desk.store, admin, AUDITOR)
    with pytest.raises(RoleFieldFixed):
        await update(desk, admin, AUDITOR, "tenant")


@pytest.mark.parametrize("name", ["admin", "agent", "customer", "operator"])
async def test_the_products_roles_stay(desk: Desk, admin: Author, name: str) -> None:
    with pytest.raises(RoleFixed):
        await update(desk, admin, replace(AUDITOR, name=name))
    with pytest.raises(RoleFixed):
        await delete_role(desk.store, admin, name)


async def test_a_role_that_somebody_holds_stays(desk: Desk, tenant: Tenant, admin: Author) -> None:
    await create_role(desk.store, admin, AUDITOR)
    user = await keep_user(desk.store, a_user(tenant, roles=("auditor",)))
    with pytest.raises(RoleInUse):
        await delete_role(desk.store, admin, "auditor")
    await set_user_roles(desk.store, admin, user.user_id, [])
    await delete_role(desk.store, admin, "auditor")
    assert "auditor" not in await roles_of(desk, tenant)
    with pytest.raises(RoleNotFound):
        await delete_role(desk.store, admin, "auditor")
