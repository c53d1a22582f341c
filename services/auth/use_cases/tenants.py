"""Tenants, as the operators of the platform see them."""

from dataclasses import dataclass, replace

from services.auth.domain import ADMIN, Tenant
from services.auth.ports import AuthStore, Passwords
from services.auth.standard_roles import roles_of
from services.auth.use_cases.choosing_password import hash_of
from services.auth.use_cases.users import NewPerson, a_person
from services.mesh.audit import acts_on
from services.mesh.caller import TenantId
from services.mesh.clock import Clock
from services.mesh.ids import new_id
from services.mesh.paging import page_size


@dataclass(frozen=True, slots=True)
class NewTenant:
    slug: str
    display_name: str
    admin: NewPerson


@dataclass(frozen=True, slots=True)
class TenantPage:
    tenants: list[Tenant]
    next_cursor: str | None


async def create_tenant(
    store: AuthStore, passwords: Passwords, clock: Clock, new: NewTenant
) -> Tenant:
    tenant = Tenant(TenantId(new_id()), new.slug, new.display_name, clock())
    admin = a_person(tenant.tenant_id, replace(new.admin, roles=(ADMIN,)), clock)
    secret_hash = await hash_of(
        passwords,
        new.admin.password,
        field="admin_password",
        tenant_slug=new.slug,
        email=new.admin.email,
    )
    async with store.directory() as directory:
        await directory.add_tenant(tenant)
        acts_on("tenant", tenant.tenant_id)
        records = directory.records(tenant.tenant_id)
        await records.add_roles(roles_of(new.slug))
        await records.add_user(admin, secret_hash)
    return tenant


async def get_tenant(store: AuthStore, tenant_id: TenantId) -> Tenant:
    async with store.reading_directory() as directory:
        return await directory.tenant(tenant_id)


async def list_tenants(store: AuthStore, wanted: int, after: str) -> TenantPage:
    length = page_size(wanted)
    async with store.reading_directory() as directory:
        tenants = await directory.tenants(after, length + 1)
    page = tenants[:length]
    return TenantPage(page, page[-1].slug if len(tenants) > length else None)
