"""Tenants, users and who speaks, in memory."""

# ruff: noqa: N802 - RPC methods carry the contract's names

import grpc

from helpdesk.auth.v1 import (
    auth_pb2,
    tenant_service_pb2,
    tenant_service_pb2_grpc,
    user_service_pb2,
    user_service_pb2_grpc,
)

Context = grpc.ServicerContext


class People:
    """`speaker` maps access tokens to addresses. Whoever is not known is Ada."""

    def __init__(self) -> None:
        self.tenants: list[auth_pb2.Tenant] = []
        self.users: list[auth_pb2.User] = []
        self.passwords: dict[str, str] = {}
        self.speaker: dict[str, str] = {}

    def add(self, user: auth_pb2.User, password: str) -> auth_pb2.User:
        made = auth_pb2.User()
        made.CopyFrom(user)
        made.user_id = f"user-{len(self.users) + 2}"
        self.users.append(made)
        self.passwords[made.email] = password
        return made

    def caller(self, context: Context) -> auth_pb2.User:
        metadata = dict(context.invocation_metadata())
        token = str(metadata.get("authorization", "")).removeprefix("Bearer ")
        email = self.speaker.get(token, "")
        ada = auth_pb2.User(user_id="user-1", email="ada@acme.example", display_name="Ada")
        return next((user for user in self.users if user.email == email), ada)


class Tenants(tenant_service_pb2_grpc.TenantServiceServicer):
    def __init__(self, people: People) -> None:
        self.people = people

    def CreateTenant(
        self, request: tenant_service_pb2.CreateTenantRequest, context: Context
    ) -> auth_pb2.Tenant:
        assert request.request_id
        self.people.add(request.admin, request.admin_password)
        self.people.tenants.append(request.tenant)
        return request.tenant

    def ListTenants(
        self, request: tenant_service_pb2.ListTenantsRequest, context: Context
    ) -> tenant_service_pb2.ListTenantsResponse:
        return tenant_service_pb2.ListTenantsResponse(tenants=self.people.tenants)


class Users(user_service_pb2_grpc.UserServiceServicer):
    def __init__(self, people: People) -> None:
        self.people = people

    def CreateUser(
        self, request: user_service_pb2.CreateUserRequest, context: Context
    ) -> auth_pb2.User:
        assert request.request_id
        return self.people.add(request.user, request.password)

    def ListUsers(
        self, request: user_service_pb2.ListUsersRequest, context: Context
    ) -> user_service_pb2.ListUsersResponse:
        ada = auth_pb2.User(user_id="user-1", email="ada@acme.example", display_name="Ada")
        return user_service_pb2.ListUsersResponse(users=[ada, *self.people.users])
