"""Tenants, users and who speaks, in memory."""

# ruff: noqa: N802 - RPC methods carry the contract's names

import grpc
from google.rpc import code_pb2

from helpdesk.auth.v1 import (
    auth_pb2,
    tenant_service_pb2,
    tenant_service_pb2_grpc,
    user_service_pb2,
    user_service_pb2_grpc,
)
from tests.cli.fake_clients import Clients
from tests.cli.refuse import refusal

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
        self.purged: list[str] = []

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

    def GetTenant(
        self, request: tenant_service_pb2.GetTenantRequest, context: Context
    ) -> auth_pb2.Tenant:
        found = self._tenant(request.tenant_id, context)
        if found.state == auth_pb2.TENANT_STATE_DELETING:
            # One service after the other, as often as somebody looks.
            left = [name for name in ("ticket", "search", "chat") if name not in self.purged]
            if left:
                self.purged.append(left[0])
            else:
                self.people.tenants.remove(found)
            found.purged_services[:] = sorted(self.purged)
        return found

    def SuspendTenant(
        self, request: tenant_service_pb2.SuspendTenantRequest, context: Context
    ) -> auth_pb2.Tenant:
        return self._into(auth_pb2.TENANT_STATE_SUSPENDED, request.tenant_id, context)

    def ResumeTenant(
        self, request: tenant_service_pb2.ResumeTenantRequest, context: Context
    ) -> auth_pb2.Tenant:
        return self._into(auth_pb2.TENANT_STATE_ACTIVE, request.tenant_id, context)

    def DeleteTenant(
        self, request: tenant_service_pb2.DeleteTenantRequest, context: Context
    ) -> auth_pb2.Tenant:
        return self._into(auth_pb2.TENANT_STATE_DELETING, request.tenant_id, context)

    def _into(
        self, state: auth_pb2.TenantState.ValueType, tenant_id: str, context: Context
    ) -> auth_pb2.Tenant:
        found = self._tenant(tenant_id, context)
        found.state = state
        return found

    def _tenant(self, tenant_id: str, context: Context) -> auth_pb2.Tenant:
        for tenant in self.people.tenants:
            if tenant.tenant_id == tenant_id:
                return tenant
        context.abort_with_status(refusal(code_pb2.NOT_FOUND, "TENANT_NOT_FOUND"))
        raise AssertionError


class Users(user_service_pb2_grpc.UserServiceServicer):
    def __init__(self, people: People, clients: Clients) -> None:
        self.people = people
        self.clients = clients

    def CreateClient(
        self, request: user_service_pb2.CreateClientRequest, context: Context
    ) -> user_service_pb2.Client:
        return self.clients.add(request)

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
