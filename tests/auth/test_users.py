"""Making users and clients, and giving them roles."""

import asyncio

import pytest

from services.auth.credentials import digest_of
from services.auth.domain import Tenant, User
from services.auth.errors import (
    LastAdmin,
    PasswordRefused,
    RoleNotFound,
    UserEmailTaken,
    UserNotFound,
)
from services.auth.use_cases.users import (
    FIRST_USER,
    NewPerson,
    create_client,
    create_user,
    get_user,
    list_roles,
    list_users,
    set_user_roles,
)
from services.mesh.caller import UserId
from tests.auth.builders import PASSWORD, a_client, a_user, keep_tenant, keep_user
from tests.auth.desk import Desk


@pytest.fixture
async def tenant(desk: Desk) -> Tenant:
    return await keep_tenant(desk.store)


@pytest.fixture
async def other(desk: Desk) -> Tenant:
    return await keep_tenant(desk.store, "globex")


def bob(password: str = PASSWORD, roles: tuple[str, ...] = ("customer",)) -> NewPerson:
    return NewPerson("Bob@Example.com", "Bob", roles, password)


async def create(desk: Desk, tenant: Tenant, person: NewPerson) -> User:
    return await create_user(desk.store, desk.passwords, desk.clock, tenant.tenant_id, person)


async def test_a_new_user_can_be_read_back(desk: Desk, tenant: Tenant) -> None:
    user = await create(desk, tenant, bob(roles=("customer", "agent")))
    assert user.email == "bob@example.com"
    assert user.roles == ("agent", "customer")
    assert await get_user(desk.store, tenant.tenant_id, user.user_id) == user


async def test_an_address_is_taken_whatever_its_case(desk: Desk, tenant: Tenant) -> None:
    await keep_user(desk.store, a_user(tenant, "bob@example.com"))
    with pytest.raises(UserEmailTaken):
        await create(desk, tenant, bob())


async def test_the_same_address_is_free_in_another_tenant(
    desk: Desk, tenant: Tenant, other: Tenant
) -> None:
    await create(desk, tenant, bob())
    assert await create(desk, other, bob())


@pytest.mark.parametrize("password", ["short", "bob@example.com"])
async def test_a_weak_password_is_refused_and_not_repeated(
    desk: Desk, tenant: Tenant, password: str
) -> None:
    with pytest.raises(PasswordRefused) as caught:
        await create(desk, tenant, bob(password))
    [violation] = caught.value.violations
    assert violation.field == "password"
    assert password not in f"{caught.value} {violation}"


async def test_no_user_gets_a_role_that_the_tenant_lacks(desk: Desk, tenant: Tenant) -> None:
    with pytest.raises(RoleNotFound) as caught:
        await create(desk, tenant, bob(roles=("admin", "operator")))
    assert caught.value.metadata == {"role": "operator"}


async def test_another_tenants_user_is_not_found(desk: Desk, tenant: Tenant, other: Tenant) -> None:
    user = await create(desk, tenant, bob())
    with pytest.raises(UserNotFound):
        await get_user(desk.store, other.tenant_id, user.user_id)
    with pytest.raises(UserNotFound):
        await set_user_roles(desk.store, other.tenant_id, user.user_id, ["admin"])


async def test_users_come_in_pages(desk: Desk, tenant: Tenant, other: Tenant) -> None:
    for name in "dbac":
        await keep_user(desk.store, a_user(tenant, f"{name}@x.org"))
    await keep_user(desk.store, a_user(other, "e@x.org"))
    first = await list_users(desk.store, tenant.tenant_id, 3, FIRST_USER)
    assert [user.email for user in first.users] == ["a@x.org", "b@x.org", "c@x.org"]
    assert first.next_cursor is not None
    second = await list_users(desk.store, tenant.tenant_id, 3, first.next_cursor)
    assert [user.email for user in second.users] == ["d@x.org"]
    assert second.next_cursor is None


async def test_a_page_that_ends_the_list_says_so(desk: Desk, tenant: Tenant) -> None:
    await keep_user(desk.store, a_user(tenant))
    page = await list_users(desk.store, tenant.tenant_id, 1, FIRST_USER)
    assert page.next_cursor is None


async def test_roles_are_replaced(desk: Desk, tenant: Tenant) -> None:
    user = await keep_user(desk.store, a_user(tenant, roles=("customer",)))
    changed = await set_user_roles(desk.store, tenant.tenant_id, user.user_id, ["agent", "admin"])
    assert changed.roles == ("admin", "agent")
    assert await get_user(desk.store, tenant.tenant_id, user.user_id) == changed


async def test_an_unknown_role_cannot_be_given(desk: Desk, tenant: Tenant) -> None:
    user = await keep_user(desk.store, a_user(tenant))
    with pytest.raises(RoleNotFound):
        await set_user_roles(desk.store, tenant.tenant_id, user.user_id, ["operator"])
    assert await get_user(desk.store, tenant.tenant_id, user.user_id) == user


async def test_a_missing_user_gets_no_roles(desk: Desk, tenant: Tenant) -> None:
    with pytest.raises(UserNotFound):
        await set_user_roles(desk.store, tenant.tenant_id, UserId("nobody"), ["agent"])


async def test_the_last_admin_stays(desk: Desk, tenant: Tenant) -> None:
    admin = await keep_user(desk.store, a_user(tenant, roles=("admin",)))
    await keep_user(desk.store, a_client(tenant, roles=("admin",)))
    with pytest.raises(LastAdmin):
        await set_user_roles(desk.store, tenant.tenant_id, admin.user_id, ["agent"])
    assert await get_user(desk.store, tenant.tenant_id, admin.user_id) == admin


async def test_two_admins_who_take_the_role_from_each_other_leave_one(
    desk: Desk, tenant: Tenant
) -> None:
    ada = await keep_user(desk.store, a_user(tenant, roles=("admin",)))
    eve = await keep_user(desk.store, a_user(tenant, "eve@x.org", roles=("admin",)))
    results = await asyncio.gather(
        set_user_roles(desk.store, tenant.tenant_id, ada.user_id, []),
        set_user_roles(desk.store, tenant.tenant_id, eve.user_id, []),
        return_exceptions=True,
    )
    assert sum(isinstance(result, LastAdmin) for result in results) == 1


async def test_roles_are_listed_by_name(desk: Desk, tenant: Tenant) -> None:
    roles = await list_roles(desk.store, tenant.tenant_id)
    assert [role.name for role in roles] == ["admin", "agent", "customer"]


async def test_a_clients_secret_is_shown_once_and_kept_as_a_digest(
    desk: Desk, tenant: Tenant
) -> None:
    client = await create_client(desk.store, desk.clock, tenant.tenant_id, "Robot", ["agent"])
    assert client.user.roles == ("agent",)
    assert client.secret not in repr(desk.store.state)
    assert digest_of(client.secret) in repr(desk.store.state)


async def test_a_client_gets_no_role_that_the_tenant_lacks(desk: Desk, tenant: Tenant) -> None:
    with pytest.raises(RoleNotFound):
        await create_client(desk.store, desk.clock, tenant.tenant_id, "Robot", ["operator"])
