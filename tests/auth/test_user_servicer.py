"""The user RPCs on a real server, for admins, agents, customers and strangers."""

import pytest
from grpc import StatusCode

from helpdesk.auth.v1 import token_service_pb2, user_service_pb2
from services.mesh.ids import new_id
from tests.auth.running_auth import Person, RunningAuth, new_user
from tests.support.mesh_server import refused


def setting(person: Person, *roles: str) -> user_service_pb2.SetUserRolesRequest:
    return user_service_pb2.SetUserRolesRequest(user_id=person.user.user_id, roles=roles)


def getting(person: Person) -> user_service_pb2.GetUserRequest:
    return user_service_pb2.GetUserRequest(user_id=person.user.user_id)


async def addresses(auth: RunningAuth, person: Person, page_size: int) -> list[list[str]]:
    pages, token = [], ""
    while True:
        page = await auth.users.ListUsers(
            user_service_pb2.ListUsersRequest(page_size=page_size, page_token=token),
            metadata=person.metadata,
        )
        pages.append([user.email for user in page.users])
        token = page.next_page_token
        if not token:
            return pages


async def test_an_admin_makes_a_user(auth: RunningAuth) -> None:
    admin = await auth.admin()
    request = new_user("Bob@Example.com", "agent", "customer")
    user = await auth.users.CreateUser(request, metadata=admin.metadata)
    assert user.email == "bob@example.com"
    assert list(user.roles) == ["agent", "customer"]
    assert (await auth.log_in(admin.slug, "bob@example.com")).user == user


async def test_an_address_is_taken_once(auth: RunningAuth) -> None:
    admin = await auth.admin()
    with refused(StatusCode.ALREADY_EXISTS, "USER_EMAIL_TAKEN"):
        await auth.users.CreateUser(new_user("ADA@example.com"), metadata=admin.metadata)


async def test_an_admin_cannot_make_an_operator(auth: RunningAuth) -> None:
    admin = await auth.admin()
    with refused(StatusCode.NOT_FOUND, "ROLE_NOT_FOUND") as refusals:
        await auth.users.CreateUser(new_user("bob@x.org", "operator"), metadata=admin.metadata)
    assert refusals[0].metadata == {"role": "operator"}
    with refused(StatusCode.NOT_FOUND, "ROLE_NOT_FOUND"):
        await auth.users.SetUserRoles(setting(admin, "operator"), metadata=admin.metadata)


@pytest.mark.parametrize(
    ("password", "reason"),
    [("short", "INVALID_REQUEST"), ("bob@example.com", "PASSWORD_REFUSED")],
)
async def test_a_weak_password_is_refused_and_not_repeated(
    auth: RunningAuth, password: str, reason: str
) -> None:
    admin = await auth.admin()
    with refused(StatusCode.INVALID_ARGUMENT, reason) as refusals:
        await auth.users.CreateUser(
            new_user("bob@example.com", password=password), metadata=admin.metadata
        )
    assert list(refusals[0].violations) == ["password"]
    assert password not in repr(refusals[0])


async def test_the_same_request_id_makes_one_user(auth: RunningAuth) -> None:
    admin = await auth.admin()
    request = new_user("bob@x.org", "agent", request_id=new_id())
    first = await auth.users.CreateUser(request, metadata=admin.metadata)
    assert await auth.users.CreateUser(request, metadata=admin.metadata) == first
    other = new_user("eve@x.org", "agent", request_id=request.request_id)
    with refused(StatusCode.FAILED_PRECONDITION, "REQUEST_ID_REUSED"):
        await auth.users.CreateUser(other, metadata=admin.metadata)


@pytest.mark.parametrize("role", ["agent", "customer"])
async def test_only_admins_make_users_and_clients(auth: RunningAuth, role: str) -> None:
    admin = await auth.admin()
    colleague = await auth.colleague(admin, role)
    with refused(StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING") as refusals:
        await auth.users.CreateUser(new_user("bob@x.org"), metadata=colleague.metadata)
    assert refusals[0].metadata == {"permission": "auth.users.create"}
    with refused(StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
        await auth.users.CreateClient(
            user_service_pb2.CreateClientRequest(display_name="Robot", roles=["customer"]),
            metadata=colleague.metadata,
        )
    with refused(StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
        await auth.users.SetUserRoles(setting(colleague, "admin"), metadata=colleague.metadata)
    with refused(StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
        await auth.users.ListRoles(user_service_pb2.ListRolesRequest(), metadata=colleague.metadata)


async def test_an_agent_looks_up_a_user_and_a_customer_does_not(auth: RunningAuth) -> None:
    admin = await auth.admin()
    agent = await auth.colleague(admin, "agent")
    customer = await auth.colleague(admin, "customer")
    assert await auth.users.GetUser(getting(customer), metadata=agent.metadata) == customer.user
    with refused(StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
        await auth.users.GetUser(getting(agent), metadata=customer.metadata)
    with refused(StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
        await auth.users.ListUsers(user_service_pb2.ListUsersRequest(), metadata=customer.metadata)


async def test_a_strangers_user_and_no_user_are_refused_alike(auth: RunningAuth) -> None:
    admin, stranger = await auth.admin(), await auth.admin()
    missing = user_service_pb2.GetUserRequest(user_id=new_id())
    for request in (getting(admin), missing):
        with refused(StatusCode.NOT_FOUND, "USER_NOT_FOUND") as refusals:
            await auth.users.GetUser(request, metadata=stranger.metadata)
        assert refusals[0].metadata == {"user_id": request.user_id}
        assert refusals[0].message == "There is no such user."


async def test_a_stranger_cannot_change_roles(auth: RunningAuth) -> None:
    admin, stranger = await auth.admin(), await auth.admin()
    agent = await auth.colleague(admin, "agent")
    with refused(StatusCode.NOT_FOUND, "USER_NOT_FOUND"):
        await auth.users.SetUserRoles(setting(agent, "admin"), metadata=stranger.metadata)
    user = await auth.users.GetUser(getting(agent), metadata=admin.metadata)
    assert list(user.roles) == ["agent"]


async def test_users_come_in_pages_and_without_strangers(auth: RunningAuth) -> None:
    admin, _ = await auth.admin(), await auth.admin()
    for name in ("zoe", "bob", "eve"):
        await auth.users.CreateUser(new_user(f"{name}@x.org"), metadata=admin.metadata)
    assert await addresses(auth, admin, 3) == [
        ["ada@example.com", "bob@x.org", "eve@x.org"],
        ["zoe@x.org"],
    ]
    assert len(await addresses(auth, admin, 0)) == 1


async def test_a_page_token_serves_its_own_list_only(auth: RunningAuth) -> None:
    admin, stranger = await auth.admin(), await auth.admin()
    await auth.users.CreateUser(new_user("bob@x.org"), metadata=admin.metadata)
    page = await auth.users.ListUsers(
        user_service_pb2.ListUsersRequest(page_size=1), metadata=admin.metadata
    )
    for token, person in ((page.next_page_token, stranger), ("made-up", admin)):
        with refused(StatusCode.INVALID_ARGUMENT, "PAGE_TOKEN_INVALID"):
            await auth.users.ListUsers(
                user_service_pb2.ListUsersRequest(page_token=token), metadata=person.metadata
            )


async def test_a_promotion_counts_with_the_next_call(auth: RunningAuth) -> None:
    admin = await auth.admin()
    agent = await auth.colleague(admin, "agent")
    promoted = await auth.users.SetUserRoles(setting(agent, "admin"), metadata=admin.metadata)
    assert list(promoted.roles) == ["admin"]
    assert await auth.users.CreateUser(new_user("bob@x.org"), metadata=agent.metadata)


async def test_a_demotion_counts_with_the_next_call(auth: RunningAuth) -> None:
    admin = await auth.admin()
    other = await auth.colleague(admin, "admin")
    await auth.users.CreateUser(new_user("bob@x.org"), metadata=other.metadata)
    await auth.users.SetUserRoles(setting(other, "customer"), metadata=admin.metadata)
    with refused(StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
        await auth.users.CreateUser(new_user("eve@x.org"), metadata=other.metadata)


async def test_the_last_admin_stays(auth: RunningAuth) -> None:
    admin = await auth.admin()
    with refused(StatusCode.FAILED_PRECONDITION, "LAST_ADMIN") as refusals:
        await auth.users.SetUserRoles(setting(admin, "agent"), metadata=admin.metadata)
    assert refusals[0].metadata == {"user_id": admin.user.user_id}


async def test_the_roles_are_listed_with_their_permissions(auth: RunningAuth) -> None:
    admin = await auth.admin()
    answer = await auth.users.ListRoles(
        user_service_pb2.ListRolesRequest(), metadata=admin.metadata
    )
    assert [role.name for role in answer.roles] == ["admin", "agent", "customer"]
    for role in answer.roles:
        assert list(role.permissions) == sorted(role.permissions)
        assert role.description
    identity = await auth.tokens.GetIdentity(
        token_service_pb2.GetIdentityRequest(), metadata=admin.metadata
    )
    assert identity.permissions == answer.roles[0].permissions


async def test_a_client_is_made_with_roles_of_the_tenant_only(auth: RunningAuth) -> None:
    admin = await auth.admin()
    request = user_service_pb2.CreateClientRequest(display_name="Robot", roles=["agent"])
    client = await auth.users.CreateClient(request, metadata=admin.metadata)
    assert client.client_id
    assert client.client_secret
    assert list(client.roles) == ["agent"]
    with refused(StatusCode.NOT_FOUND, "ROLE_NOT_FOUND"):
        await auth.users.CreateClient(
            user_service_pb2.CreateClientRequest(display_name="Robot", roles=["operator"]),
            metadata=admin.metadata,
        )
