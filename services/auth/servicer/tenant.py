"""Tenants: message in, one use case, message out."""

from helpdesk.auth.v1 import (
    auth_pb2,
    tenant_service_pb2,
    tenant_service_pb2_grpc,
)
from services.auth.convert import (
    new_tenant,
    tenant_message,
)
from services.auth.ports import AuthStore, Passwords
from services.auth.use_cases import deletions, tenant_states, tenants
from services.mesh.caller import TenantId, current_tenant
from services.mesh.clock import Clock
from services.mesh.interceptors.chain import Context
from services.mesh.paging import decode_page_token, encode_page_token

_TENANTS = {"list": "tenants"}


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
        tenant_id = TenantId(request.tenant_id)
        tenant = await tenants.get_tenant(self._store, tenant_id)
        return tenant_message(tenant, await deletions.find_deletion(self._store, tenant_id))

    async def SuspendTenant(
        self, request: tenant_service_pb2.SuspendTenantRequest, context: Context
    ) -> auth_pb2.Tenant:
        return tenant_message(
            await tenant_states.suspend_tenant(
                self._store, self._clock, TenantId(request.tenant_id)
            )
        )

    async def ResumeTenant(
        self, request: tenant_service_pb2.ResumeTenantRequest, context: Context
    ) -> auth_pb2.Tenant:
        return tenant_message(
            await tenant_states.resume_tenant(self._store, TenantId(request.tenant_id))
        )

    async def DeleteTenant(
        self, request: tenant_service_pb2.DeleteTenantRequest, context: Context
    ) -> auth_pb2.Tenant:
        return tenant_message(
            await tenant_states.delete_tenant(self._store, self._clock, TenantId(request.tenant_id))
        )

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
