"""Making users and clients, and giving them roles."""

import asyncio
from dataclasses import replace

import pytest

from services.auth.credentials import digest_of
from services.auth.domain import Tenant, User
from services.auth.errors.credentials import PasswordRefused
from services.auth.errors.roles import RoleNotFound, RoleNotGrantable
from services.auth.errors.users import (
    LastAdmin,
    UserEmailTaken,
    UserIncomplete,
    UserMayMore,
    UserNotFound,
)
from services.auth.use_cases.clients import ClientContent, create_client
from services.auth.use_cases.users import (
    FIRST_USER,
    NewPerson,
    create_user,
    get_user,
    list_roles,
    list_users,
    set_user_roles,
)
from services.mesh.caller import UserId
from tests.auth.builders import PASSWORD, a_client, a_user, keep_author, keep_tenant, keep_user
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
    author = await keep_author(desk.store, tenant)
    return await create_user(desk.store, desk.passwords, desk.clock, author, person)


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
        await set_roles(desk, other, user.user_id, "admin")


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


async def set_roles(desk: Desk, tenant: Tenant, user_id: UserId, *roles: str) -> User:
    author = await keep_author(desk.store, tenant)
    return await set_user_roles(desk.store, author, user_id, roles)


async def test_roles_are_replaced(desk: Desk, tenant: Tenant) -> None:
    user = await keep_user(desk.store, a_user(tenant, roles=("customer",)))
    changed = await set_roles(desk, tenant, user.user_id, "agent", "admin")
    assert changed.roles == ("admin", "agent")
    assert await get_user(desk.store, tenant.tenant_id, user.user_id) == changed


async def test_an_unknown_role_cannot_be_given(desk: Desk, tenant: Tenant) -> None:
    user = await keep_user(desk.store, a_user(tenant))
    with pytest.raises(RoleNotFound):
        await set_roles(desk, tenant, user.user_id, "operator")
    assert await get_user(desk.store, tenant.tenant_id, user.user_id) == user


async def test_a_missing_user_gets_no_roles(desk: Desk, tenant: Tenant) -> None:
    with pytest.raises(UserNotFound):
        await set_roles(desk, tenant, UserId("nobody"), "agent")


async def test_the_last_admin_stays(desk: Desk, tenant: Tenant) -> None:
    admin = await keep_user(desk.store, a_user(tenant, roles=("admin",)))
    await keep_user(desk.store, a_client(tenant, roles=("admin",)))
    with pytest.raises(LastAdmin):
        await set_roles(desk, tenant, admin.user_id, "agent")
    assert await get_user(desk.store, tenant.tenant_id, admin.user_id) == admin


async def test_two_admins_who_take_the_role_from_each_other_leave_one(
    desk: Desk, tenant: Tenant
) -> None:
    ada = await keep_user(desk.store, a_user(tenant, roles=("admin",)))
    eve = await keep_user(desk.store, a_user(tenant, "eve@x.org", roles=("admin",)))
    results = await asyncio.gather(
        set_roles(desk, tenant, ada.user_id),
        set_roles(desk, tenant, eve.user_id),
        return_exceptions=True,
    )
    assert sum(isinstance(result, LastAdmin) for result in results) == 1


async def test_roles_are_listed_by_name(desk: Desk, tenant: Tenant) -> None:
    roles = await list_roles(desk.store, tenant.tenant_id)
    assert [role.name for role in roles] == ["admin", "agent", "customer"]


async def test_a_clients_secret_is_shown_once_and_kept_as_a_digest(
    desk: Desk, tenant: Tenant
) -> None:
    author = await keep_author(desk.store, tenant)
    client = await create_client(desk.store, desk.clock, author, ClientContent("Robot"), ["agent"])
    assert client.client.user.roles == ("agent",)
    assert client.secret not in repr(desk.store.state)
    assert digest_of(client.secret) in repr(desk.store.state)


async def test_a_client_gets_no_role_that_the_tenant_lacks(desk: Desk, tenant: Tenant) -> None:
    author = await keep_author(desk.store, tenant)
    with pytest.raises(RoleNotFound):
        await create_client(desk.store, desk.clock, author, ClientContent("Robot"), ["operator"])


async def test_nobody_gives_a_role_that_may_more_than_the_giver(desk: Desk, tenant: Tenant) -> None:
    agent = await keep_author(desk.store, tenant, "agent")
    user = await keep_user(desk.store, a_user(tenant))
    with pytest.raises(RoleNotGrantable) as caught:
        await set_user_roles(desk.store, agent, user.user_id, ["customer", "admin"])
    assert caught.value.metadata == {"role": "admin"}
    with pytest.raises(RoleNotGrantable):
        await create_user(desk.store, desk.passwords, desk.clock, agent, bob(roles=("admin",)))
    with pytest.raises(RoleNotGrantable):
        await create_client(desk.store, desk.clock, agent, ClientContent("Robot"), ["admin"])


async def test_nobody_takes_roles_from_those_who_may_more(desk: Desk, tenant: Tenant) -> None:
    agent = await keep_author(desk.store, tenant, "agent")
    for email in ("ada@x.org", "eve@x.org"):
        admin = await keep_user(desk.store, a_user(tenant, email, roles=("admin",)))
    with pytest.raises(UserMayMore):
        await set_user_roles(desk.store, agent, admin.user_id, ["customer"])


async def test_a_new_user_has_a_name_and_an_address(desk: Desk, tenant: Tenant) -> None:
    for person, field in (
        (replace(bob(), email=""), "user.email"),
        (replace(bob(), display_name=""), "user.display_name"),
    ):
        with pytest.raises(UserIncomplete) as caught:
            await create(desk, tenant, person)
        assert caught.value.violations[0].field == field
