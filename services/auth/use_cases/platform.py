"""What holds before the first call: the platform's tenant, a signing key, today's roles."""

from collections.abc import Callable
from datetime import timedelta

from services.auth.authorization import USED_CODES_STAY
from services.auth.domain import LOGIN_MEMORY, Role, SigningKey, Tenant
from services.auth.ports import AuthStore, Directory, OperatorSecret, Passwords, TenantRecords
from services.auth.standard_roles import OPERATOR, OPERATOR_EMAIL, PLATFORM_SLUG, roles_of
from services.auth.use_cases.users import NewPerson, a_person
from services.mesh.caller import TenantId
from services.mesh.clock import Clock
from services.mesh.ids import new_id

# Long enough for whoever looks into a theft to see which session it was.
ENDED_SESSIONS_STAY = timedelta(days=7)

_TENANTS_AT_ONCE = 100


async def ensure_platform(
    store: AuthStore, passwords: Passwords, clock: Clock, secret: OperatorSecret
) -> None:
    async with store.reading_directory() as directory:
        if await directory.tenant_with_slug(PLATFORM_SLUG) is not None:
            return
    # The password can be read before its hash is kept: a crash in between loses nothing.
    tenant = Tenant(TenantId(new_id()), PLATFORM_SLUG, "Platform", clock())
    person = NewPerson(OPERATOR_EMAIL, "Platform operator", (OPERATOR.name,), secret.obtain())
    secret_hash = await passwords.hash(person.password)
    async with store.directory() as directory:
        records = directory.records(tenant.tenant_id)
        await records.lock_policy()
        # Another replica may have been faster; they take turns at the lock.
        if await directory.tenant_with_slug(PLATFORM_SLUG) is None:
            await directory.add_tenant(tenant)
            await records.add_roles(roles_of(PLATFORM_SLUG))
            await records.add_user(a_person(tenant.tenant_id, person, clock), secret_hash)


async def ensure_signing_key(
    store: AuthStore, clock: Clock, make_key: Callable[[Clock], SigningKey]
) -> None:
    async with store.directory() as directory:
        keys = await directory.signing_keys()
        if not any(key.signs(clock()) for key in keys):
            await directory.add_signing_key(make_key(clock))


async def update_standard_roles(store: AuthStore) -> None:
    """Gives the tenants of yesterday the permissions of today's contract."""
    after = ""
    while True:
        async with store.directory() as directory:
            tenants = await directory.tenants(after, _TENANTS_AT_ONCE)
            for tenant in tenants:
                await _update_roles(directory, tenant)
        if len(tenants) < _TENANTS_AT_ONCE:
            return
        after = tenants[-1].slug


async def delete_expired(store: AuthStore, clock: Clock) -> int:
    now = clock()
    async with store.directory() as directory:
        under_way = await directory.delete_federated_logins(now)
        under_way += await directory.delete_expired_authorizations(now, now - USED_CODES_STAY)
        return under_way + await directory.delete_expired(
            now - ENDED_SESSIONS_STAY, now - LOGIN_MEMORY
        )


async def _update_roles(directory: Directory, tenant: Tenant) -> None:
    records = directory.records(tenant.tenant_id)
    outdated = await _outdated_roles(records, tenant)
    if outdated:
        await records.add_roles(outdated)


async def _outdated_roles(records: TenantRecords, tenant: Tenant) -> list[Role]:
    known = await records.roles()
    return [role for role in roles_of(tenant.slug) if role not in known]
