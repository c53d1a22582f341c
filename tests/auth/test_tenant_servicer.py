"""The tenant RPCs on a real server: for operators, and for nobody else."""

import asyncio

from grpc import StatusCode

from helpdesk.auth.v1 import (
    auth_pb2,
    purge_service_pb2,
    purge_service_pb2_grpc,
    tenant_service_pb2,
    token_service_pb2,
)
from services.mesh.ids import new_id
from tests.auth.running_auth import Person, RunningAuth, a_slug, new_tenant
from tests.support.mesh_server import refused


async def all_slugs(auth: RunningAuth, operator: Person, page_size: int) -> list[str]:
    slugs: list[str] = []
    token = ""
    while True:
        page = await auth.tenants.ListTenants(
            tenant_service_pb2.ListTenantsRequest(page_size=page_size, page_token=token),
            metadata=operator.metadata,
        )
        assert len(page.tenants) <= page_size
        slugs += [tenant.slug for tenant in page.tenants]
        token = page.next_page_token
        if not token:
            return slugs


async def create(auth: RunningAuth, operator: Person, slug: str) -> auth_pb2.Tenant:
    return await auth.tenants.CreateTenant(new_tenant(slug), metadata=operator.metadata)


def getting(tenant_id: str) -> tenant_service_pb2.GetTenantRequest:
    return tenant_service_pb2.GetTenantRequest(tenant_id=tenant_id)


async def test_an_operator_makes_a_tenant_whose_admin_can_log_in(auth: RunningAuth) -> None:
    operator, slug = await auth.operator(), a_slug()
    tenant = await create(auth, operator, slug)
    assert tenant.slug == slug
    assert list((await auth.log_in(slug, "ada@example.com")).user.roles) == ["admin"]
    found = await auth.tenants.GetTenant(getting(tenant.tenant_id), metadata=operator.metadata)
    assert found == tenant


async def test_a_slug_is_taken_once(auth: RunningAuth) -> None:
    operator, slug = await auth.operator(), a_slug()
    await create(auth, operator, slug)
    for taken in (slug, "platform"):
        with refused(StatusCode.ALREADY_EXISTS, "TENANT_SLUG_TAKEN") as refusals:
            await create(auth, operator, taken)
        assert refusals[0].metadata == {"slug": taken}


async def test_the_same_request_id_makes_one_tenant(auth: RunningAuth) -> None:
    operator = await auth.operator()
    request = new_tenant(a_slug())
    request.request_id = new_id()
    first = await auth.tenants.CreateTenant(request, metadata=operator.metadata)
    assert await auth.tenants.CreateTenant(request, metadata=operator.metadata) == first
    assert (await auth.log_in(first.slug, "ada@example.com")).user.roles == ["admin"]


async def test_the_first_admins_address_is_no_password(auth: RunningAuth) -> None:
    operator = await auth.operator()
    with refused(StatusCode.INVALID_ARGUMENT, "PASSWORD_REFUSED") as refusals:
        await auth.tenants.CreateTenant(
            new_tenant(a_slug(), "ada@example.com"), metadata=operator.metadata
        )
    assert list(refusals[0].violations) == ["admin_password"]


async def test_a_missing_tenant_is_not_found(auth: RunningAuth) -> None:
    operator, tenant_id = await auth.operator(), new_id()
    with refused(StatusCode.NOT_FOUND, "TENANT_NOT_FOUND") as refusals:
        await auth.tenants.GetTenant(getting(tenant_id), metadata=operator.metadata)
    assert refusals[0].metadata == {"tenant_id": tenant_id}


async def test_tenants_are_listed_by_slug(auth: RunningAuth) -> None:
    operator = await auth.operator()
    made = [(await create(auth, operator, a_slug())).slug for _ in range(3)]
    slugs = await all_slugs(auth, operator, 2)
    assert slugs == sorted(set(slugs))
    assert {"platform", *made} <= set(slugs)


async def test_an_admin_of_a_tenant_sees_and_makes_no_tenants(auth: RunningAuth) -> None:
    admin = await auth.admin()
    with refused(StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
        await create(auth, admin, a_slug())
    with refused(StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
        await auth.tenants.GetTenant(getting(new_id()), metadata=admin.metadata)
    with refused(StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
        await auth.tenants.ListTenants(
            tenant_service_pb2.ListTenantsRequest(), metadata=admin.metadata
        )


async def test_an_operator_suspends_a_tenant_and_lets_it_back_in(auth: RunningAuth) -> None:
    operator, admin = await auth.operator(), await auth.admin()
    tenant_id = (await auth.auth.authority.verify(token_of(admin))).tenant_id
    suspended = await auth.tenants.SuspendTenant(
        tenant_service_pb2.SuspendTenantRequest(tenant_id=tenant_id), metadata=operator.metadata
    )
    assert suspended.state == auth_pb2.TENANT_STATE_SUSPENDED
    with refused(StatusCode.UNAUTHENTICATED, "TOKEN_INVALID"):
        await auth.tokens.GetIdentity(
            token_service_pb2.GetIdentityRequest(), metadata=admin.metadata
        )
    with refused(StatusCode.PERMISSION_DENIED, "TENANT_SUSPENDED"):
        await auth.log_in(admin.slug, admin.user.email)
    with refused(StatusCode.UNAUTHENTICATED, "CREDENTIALS_WRONG"):
        await auth.log_in(admin.slug, admin.user.email, "wrong horse")
    resumed = await auth.tenants.ResumeTenant(
        tenant_service_pb2.ResumeTenantRequest(tenant_id=tenant_id), metadata=operator.metadata
    )
    assert resumed.state == auth_pb2.TENANT_STATE_ACTIVE
    assert await auth.log_in(admin.slug, admin.user.email)


async def test_a_tenant_goes_when_every_service_has_confirmed(auth: RunningAuth) -> None:
    operator, admin = await auth.operator(), await auth.admin()
    tenant_id = (await auth.auth.authority.verify(token_of(admin))).tenant_id
    deleting = await auth.tenants.DeleteTenant(
        tenant_service_pb2.DeleteTenantRequest(tenant_id=tenant_id), metadata=operator.metadata
    )
    assert deleting.state == auth_pb2.TENANT_STATE_DELETING
    with refused(StatusCode.FAILED_PRECONDITION, "TENANT_DELETING"):
        await auth.tenants.SuspendTenant(
            tenant_service_pb2.SuspendTenantRequest(tenant_id=tenant_id),
            metadata=operator.metadata,
        )
    for service in ("ticket", "search"):
        await confirm(auth, service, tenant_id)
    found = await auth.tenants.GetTenant(getting(tenant_id), metadata=operator.metadata)
    assert list(found.purged_services) == ["search", "ticket"]
    await confirm(auth, "chat", tenant_id)
    with refused(StatusCode.NOT_FOUND, "TENANT_NOT_FOUND"):
        async with asyncio.timeout(5):
            while True:
                await auth.tenants.GetTenant(getting(tenant_id), metadata=operator.metadata)
    assert await create(auth, operator, admin.slug)


async def test_only_services_that_hold_something_confirm(auth: RunningAuth) -> None:
    with refused(StatusCode.PERMISSION_DENIED, "CALLER_NOT_ALLOWED"):
        await confirm(auth, "gateway", "nobody")


async def test_the_platform_itself_can_be_neither_suspended_nor_deleted(auth: RunningAuth) -> None:
    operator = await auth.operator()
    tenant_id = (await auth.auth.authority.verify(token_of(operator))).tenant_id
    with refused(StatusCode.FAILED_PRECONDITION, "TENANT_PROTECTED"):
        await auth.tenants.DeleteTenant(
            tenant_service_pb2.DeleteTenantRequest(tenant_id=tenant_id),
            metadata=operator.metadata,
        )


async def confirm(auth: RunningAuth, service: str, tenant_id: str) -> None:
    async with auth.channel_of(service) as channel:
        await purge_service_pb2_grpc.PurgeServiceStub(channel).ConfirmPurge(
            purge_service_pb2.ConfirmPurgeRequest(tenant_id=tenant_id)
        )


def token_of(person: Person) -> str:
    return person.metadata[0][1].removeprefix("Bearer ")
