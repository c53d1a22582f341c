"""The RPCs of auth: message in, one use case, message out."""

from collections.abc import AsyncIterator

from helpdesk.auth.v1 import (
    auth_pb2,
    policy_service_pb2,
    policy_service_pb2_grpc,
    tenant_service_pb2,
    tenant_service_pb2_grpc,
    token_service_pb2,
    token_service_pb2_grpc,
    user_service_pb2,
    user_service_pb2_grpc,
)
from services.auth.convert import (
    client_message,
    heartbeat_event,
    identity_message,
    key_set_message,
    new_person,
    new_tenant,
    role_message,
    snapshot_event,
    tenant_message,
    token_message,
    user_cursor,
    user_message,
    user_position,
)
from services.auth.policy_feed import PolicyFeed
from services.auth.ports import AuthStore, Passwords
from services.auth.signing import KeyRing
from services.auth.use_cases import tenants, tokens, users
from services.auth.use_cases.tokens import TokenDesk
from services.mesh.caller import TenantId, UserId, current_tenant, current_user
from services.mesh.clock import Clock
from services.mesh.interceptors.chain import Context
from services.mesh.paging import decode_page_token, encode_page_token

_TENANTS = {"list": "tenants"}
_USERS = {"list": "users"}


class TenantServicer(tenant_service_pb2_grpc.TenantServiceServicer):
    def __init__(self, store: AuthStore, passwords: Passwords, clock: Clock) -> None:
        self._store = store
        self._passwords = passwords
        self._clock = clock

    async def CreateTenant(
        self, request: tenant_service_pb2.CreateTenantRequest, context: Context
    ) -> auth_pb2.Tenant:
        return tenant_message(
            await tenants.create_tenant(
                self._store, self._passwords, self._clock, new_tenant(request)
            )
        )

    async def GetTenant(
        self, request: tenant_service_pb2.GetTenantRequest, context: Context
    ) -> auth_pb2.Tenant:
        return tenant_message(await tenants.get_tenant(self._store, TenantId(request.tenant_id)))

    async def ListTenants(
        self, request: tenant_service_pb2.ListTenantsRequest, context: Context
    ) -> tenant_service_pb2.ListTenantsResponse:
        after = decode_page_token(current_tenant(), _TENANTS, request.page_token) or ""
        page = await tenants.list_tenants(self._store, request.page_size, after)
        next_page = page.next_cursor
        return tenant_service_pb2.ListTenantsResponse(
            tenants=map(tenant_message, page.tenants),
            next_page_token=encode_page_token(current_tenant(), _TENANTS, next_page)
            if next_page
            else "",
        )


class UserServicer(user_service_pb2_grpc.UserServiceServicer):
    def __init__(self, store: AuthStore, passwords: Passwords, clock: Clock) -> None:
        self._store = store
        self._passwords = passwords
        self._clock = clock

    async def CreateUser(
        self, request: user_service_pb2.CreateUserRequest, context: Context
    ) -> auth_pb2.User:
        return user_message(
            await users.create_user(
                self._store, self._passwords, self._clock, current_tenant(), new_person(request)
            )
        )

    async def GetUser(
        self, request: user_service_pb2.GetUserRequest, context: Context
    ) -> auth_pb2.User:
        return user_message(
            await users.get_user(self._store, current_tenant(), UserId(request.user_id))
        )

    async def ListUsers(
        self, request: user_service_pb2.ListUsersRequest, context: Context
    ) -> user_service_pb2.ListUsersResponse:
        after = decode_page_token(current_tenant(), _USERS, request.page_token)
        page = await users.list_users(
            self._store, current_tenant(), request.page_size, user_cursor(after)
        )
        next_page = page.next_cursor
        return user_service_pb2.ListUsersResponse(
            users=map(user_message, page.users),
            next_page_token=encode_page_token(current_tenant(), _USERS, user_position(next_page))
            if next_page
            else "",
        )

    async def SetUserRoles(
        self, request: user_service_pb2.SetUserRolesRequest, context: Context
    ) -> auth_pb2.User:
        return user_message(
            await users.set_user_roles(
                self._store, current_tenant(), UserId(request.user_id), request.roles
            )
        )

    async def ListRoles(
        self, request: user_service_pb2.ListRolesRequest, context: Context
    ) -> user_service_pb2.ListRolesResponse:
        roles = await users.list_roles(self._store, current_tenant())
        return user_service_pb2.ListRolesResponse(roles=map(role_message, roles))

    async def CreateClient(
        self, request: user_service_pb2.CreateClientRequest, context: Context
    ) -> user_service_pb2.Client:
        return client_message(
            await users.create_client(
                self._store, self._clock, current_tenant(), request.display_name, request.roles
            )
        )


class TokenServicer(token_service_pb2_grpc.TokenServiceServicer):
    def __init__(self, desk: TokenDesk, keys: KeyRing) -> None:
        self._desk = desk
        self._keys = keys

    async def IssueToken(
        self, request: token_service_pb2.IssueTokenRequest, context: Context
    ) -> token_service_pb2.Token:
        if request.HasField("client_credentials"):
            client = request.client_credentials
            return token_message(
                await tokens.log_in_client(self._desk, client.client_id, client.client_secret)
            )
        person = request.password
        return token_message(
            await tokens.log_in(self._desk, person.tenant_slug, person.email, person.password)
        )

    async def RefreshToken(
        self, request: token_service_pb2.RefreshTokenRequest, context: Context
    ) -> token_service_pb2.Token:
        return token_message(await tokens.refresh(self._desk, request.refresh_token))

    async def RevokeToken(
        self, request: token_service_pb2.RevokeTokenRequest, context: Context
    ) -> token_service_pb2.RevokeTokenResponse:
        await tokens.revoke(self._desk, request.refresh_token)
        return token_service_pb2.RevokeTokenResponse()

    async def GetSigningKeys(
        self, request: token_service_pb2.GetSigningKeysRequest, context: Context
    ) -> token_service_pb2.JsonWebKeySet:
        return key_set_message(await self._keys.public_keys())

    async def GetIdentity(
        self, request: token_service_pb2.GetIdentityRequest, context: Context
    ) -> token_service_pb2.Identity:
        return identity_message(
            await tokens.get_identity(self._desk.store, current_tenant(), current_user())
        )


class PolicyServicer(policy_service_pb2_grpc.PolicyServiceServicer):
    def __init__(self, feed: PolicyFeed) -> None:
        self._feed = feed

    async def WatchPolicy(
        self, request: policy_service_pb2.WatchPolicyRequest, context: Context
    ) -> AsyncIterator[policy_service_pb2.PolicyEvent]:
        seq = 0
        version = 0
        async for policy in self._feed.listen():
            seq += 1
            if policy is None:
                yield heartbeat_event(seq, version)
            else:
                version = policy.version
                yield snapshot_event(seq, policy)
