"""Tenants by what the operator calls them."""

from helpdesk.auth.v1 import auth_pb2, tenant_service_pb2
from services.cli.failures import CommandError
from services.cli.gateway import Gateway
from services.mesh.ids import is_id


def list_tenants(gateway: Gateway) -> list[auth_pb2.Tenant]:
    tenants: list[auth_pb2.Tenant] = []
    token = ""
    while True:
        page = gateway.tenants.ListTenants(
            tenant_service_pb2.ListTenantsRequest(page_size=100, page_token=token)
        )
        tenants += page.tenants
        token = page.next_page_token
        if not token:
            return tenants


def find_tenant(gateway: Gateway, word: str) -> auth_pb2.Tenant:
    """By its short name or its id, with the progress of its deletion."""
    tenant_id = word if is_id(word) else _id_of(gateway, word)
    return gateway.tenants.GetTenant(tenant_service_pb2.GetTenantRequest(tenant_id=tenant_id))


def _id_of(gateway: Gateway, slug: str) -> str:
    for tenant in list_tenants(gateway):
        if tenant.slug == slug:
            return tenant.tenant_id
    raise CommandError(
        f"There is no tenant {slug}.", hint="helpdesk tenants list", code="TENANT_NOT_FOUND"
    )
