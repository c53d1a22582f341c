"""Roles and API keys on a real server."""

from datetime import UTC, datetime, timedelta

import pytest
from grpc import StatusCode

from helpdesk.auth.v1 import (
    api_key_service_pb2,
    auth_pb2,
    role_service_pb2,
    token_service_pb2,
    user_service_pb2,
)
from services.auth.standard_roles import ADMIN_PERMISSIONS, HANDLE_TICKETS
from tests.auth.running_auth import RunningAuth, bearer, new_user
from tests.support.mesh_server import refused


def making(name: str, *permissions: str) -> role_service_pb2.CreateRoleRequest:
    return role_service_pb2.CreateRoleRequest(
        role=auth_pb2.Role(name=name, description="Reads along.", permissions=permissions)
    )


def making_key(*scopes: str) -> api_key_service_pb2.CreateApiKeyRequest:
    return api_key_service_pb2.CreateApiKeyRequest(display_name="Robot", scopes=scopes)


def with_key(secret: str) -> token_service_pb2.IssueTokenRequest:
    grant = token_service_pb2.ApiKeyGrant(api_key=secret)
    return token_service_pb2.IssueTokenRequest(api_key=grant)


LIST_USERS = user_service_pb2.ListUsersRequest()


async def test_a_role_of_ones_own_counts_like_any_other(auth: RunningAuth) -> None:
    admin = await auth.admin()
    made = await auth.roles.CreateRole(
        making("auditor", "auth.users.list", "auth.identity.get"), metadata=admin.metadata
    )
    assert list(made.permissions) == ["auth.identity.get", "auth.users.list"]
    assert not made.is_standard
    auditor = await auth.colleague(admin, "auditor")
    assert await auth.users.ListUsers(LIST_USERS, metadata=auditor.metadata)
    with refused(StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
        await auth.users.CreateUser(new_user("bob@x.org"), metadata=auditor.metadata)
    with refused(StatusCode.FAILED_PRECONDITION, "ROLE_IN_USE"):
        await auth.roles.DeleteRole(
            role_service_pb2.DeleteRoleRequest(name="auditor"), metadata=admin.metadata
        )
    request = role_service_pb2.UpdateRoleRequest(role=made)
    request.role.permissions[:] = ["auth.identity.get"]
    changed = await auth.roles.UpdateRole(request, metadata=admin.metadata)
    with refused(StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
        await auth.users.ListUsers(LIST_USERS, metadata=auditor.metadata)
    with refused(StatusCode.ABORTED, "ROLE_CHANGED") as refusals:
        await auth.roles.UpdateRole(request, metadata=admin.metadata)
    assert refusals[0].metadata == {"etag": changed.etag}


async def test_refusals_of_roles_say_what_is_wrong(auth: RunningAuth) -> None:
    admin = await auth.admin()
    metadata = admin.metadata
    await auth.roles.CreateRole(making("auditor"), metadata=metadata)
    with refused(StatusCode.ALREADY_EXISTS, "ROLE_NAME_TAKEN"):
        await auth.roles.CreateRole(making("auditor"), metadata=metadata)
    with refused(StatusCode.INVALID_ARGUMENT, "ROLE_NAME_RESERVED"):
        await auth.roles.CreateRole(making("operator"), metadata=metadata)
    with refused(StatusCode.INVALID_ARGUMENT, "PERMISSION_UNKNOWN") as refusals:
        await auth.roles.CreateRole(making("boss", "auth.tenants.create"), metadata=metadata)
    assert refusals[0].metadata == {"permission": "auth.tenants.create"}
    with refused(StatusCode.FAILED_PRECONDITION, "ROLE_FIXED"):
        await auth.roles.DeleteRole(
            role_service_pb2.DeleteRoleRequest(name="agent"), metadata=metadata
        )
    with refused(StatusCode.NOT_FOUND, "ROLE_NOT_FOUND"):
        await auth.roles.DeleteRole(
            role_service_pb2.DeleteRoleRequest(name="nothing"), metadata=metadata
        )
    request = role_service_pb2.UpdateRoleRequest(role=auth_pb2.Role(name="auditor"))
    request.update_mask.paths.append("rank")
    with refused(StatusCode.INVALID_ARGUMENT, "ROLE_FIELD_FIXED"):
        await auth.roles.UpdateRole(request, metadata=metadata)


async def test_a_half_admin_gives_only_what_a_half_admin_has(auth: RunningAuth) -> None:
    admin = await auth.admin()
    await auth.roles.CreateRole(
        making("clerk", "auth.roles.create", "auth.users.set_roles", "auth.identity.get"),
        metadata=admin.metadata,
    )
    clerk = await auth.colleague(admin, "clerk")
    with refused(StatusCode.PERMISSION_DENIED, "PERMISSION_NOT_GRANTABLE"):
        await auth.roles.CreateRole(making("boss", "auth.users.list"), metadata=clerk.metadata)
    with refused(StatusCode.PERMISSION_DENIED, "ROLE_NOT_GRANTABLE"):
        await auth.users.SetUserRoles(
            user_service_pb2.SetUserRolesRequest(user_id=clerk.user.user_id, roles=["admin"]),
            metadata=clerk.metadata,
        )
    with refused(StatusCode.PERMISSION_DENIED, "USER_MAY_MORE"):
        await auth.users.SetUserRoles(
            user_service_pb2.SetUserRolesRequest(user_id=admin.user.user_id, roles=[]),
            metadata=clerk.metadata,
        )


async def test_the_permissions_are_listed_with_what_they_open(auth: RunningAuth) -> None:
    admin = await auth.admin()
    listed = await auth.roles.ListPermissions(
        role_service_pb2.ListPermissionsRequest(), metadata=admin.metadata
    )
    methods = {each.name: list(each.methods) for each in listed.permissions}
    assert set(methods) == ADMIN_PERMISSIONS
    assert methods["ticket.tickets.get"] == ["helpdesk.ticket.v1.TicketService.GetTicket"]
    assert methods[HANDLE_TICKETS] == []


async def test_a_key_acts_for_its_user_within_its_scope(auth: RunningAuth) -> None:
    admin = await auth.admin()
    agent = await auth.colleague(admin, "agent")
    made = await auth.api_keys.CreateApiKey(making_key("auth.users.list"), metadata=agent.metadata)
    token = await auth.tokens.IssueToken(with_key(made.secret))
    assert token.refresh_token == ""
    metadata = bearer(token.access_token)
    assert await auth.users.ListUsers(LIST_USERS, metadata=metadata)
    with refused(StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
        await auth.users.GetUser(
            user_service_pb2.GetUserRequest(user_id=agent.user.user_id), metadata=metadata
        )
    listed = await auth.api_keys.ListApiKeys(
        api_key_service_pb2.ListApiKeysRequest(), metadata=admin.metadata
    )
    assert [(key.api_key_id, key.secret) for key in listed.api_keys] == [(made.api_key_id, "")]
    revoked = await auth.api_keys.RevokeApiKey(
        api_key_service_pb2.RevokeApiKeyRequest(api_key_id=made.api_key_id),
        metadata=agent.metadata,
    )
    assert revoked.HasField("revoke_time")
    with refused(StatusCode.UNAUTHENTICATED, "TOKEN_INVALID"):
        await auth.users.ListUsers(LIST_USERS, metadata=metadata)
    with refused(StatusCode.UNAUTHENTICATED, "CREDENTIALS_WRONG"):
        await auth.tokens.IssueToken(with_key(made.secret))


async def test_a_disabled_users_key_stops_at_once(auth: RunningAuth) -> None:
    admin = await auth.admin()
    agent = await auth.colleague(admin, "agent")
    made = await auth.api_keys.CreateApiKey(making_key("auth.users.list"), metadata=agent.metadata)
    token = await auth.tokens.IssueToken(with_key(made.secret))
    await auth.users.DisableUser(
        user_service_pb2.DisableUserRequest(user_id=agent.user.user_id), metadata=admin.metadata
    )
    with refused(StatusCode.UNAUTHENTICATED, "TOKEN_INVALID"):
        await auth.users.ListUsers(LIST_USERS, metadata=bearer(token.access_token))
    with refused(StatusCode.UNAUTHENTICATED, "CREDENTIALS_WRONG"):
        await auth.tokens.IssueToken(with_key(made.secret))


async def test_a_key_lasts_a_year_at_most(auth: RunningAuth) -> None:
    admin = await auth.admin()
    for days in (-1, 366):
        request = making_key("auth.users.list")
        request.expire_time.FromDatetime(datetime.now(UTC) + timedelta(days=days))
        with refused(StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST") as refusals:
            await auth.api_keys.CreateApiKey(request, metadata=admin.metadata)
        assert list(refusals[0].violations) == ["expire_time"]


async def test_a_strangers_key_is_as_missing_as_a_missing_one(auth: RunningAuth) -> None:
    admin, stranger = await auth.admin(), await auth.admin()
    made = await auth.api_keys.CreateApiKey(
        making_key("auth.users.list"), metadata=stranger.metadata
    )
    for api_key_id in (made.api_key_id, "nothing"):
        with refused(StatusCode.NOT_FOUND, "API_KEY_NOT_FOUND"):
            await auth.api_keys.RevokeApiKey(
                api_key_service_pb2.RevokeApiKeyRequest(api_key_id=api_key_id),
                metadata=admin.metadata,
            )


@pytest.mark.parametrize("role", ["agent", "customer"])
async def test_only_admins_make_roles(auth: RunningAuth, role: str) -> None:
    admin = await auth.admin()
    colleague = await auth.colleague(admin, role)
    for call in (
        auth.roles.CreateRole(making("auditor"), metadata=colleague.metadata),
        auth.roles.UpdateRole(
            role_service_pb2.UpdateRoleRequest(role=auth_pb2.Role(name="auditor")),
            metadata=colleague.metadata,
        ),
        auth.roles.DeleteRole(
            role_service_pb2.DeleteRoleRequest(name="auditor"), metadata=colleague.metadata
        ),
        auth.roles.ListPermissions(
            role_service_pb2.ListPermissionsRequest(), metadata=colleague.metadata
        ),
    ):
        with refused(StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
            await call
