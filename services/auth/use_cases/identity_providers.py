"""The identity providers of one tenant, as its admins see them."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from services.auth.domain import ADMIN, first_beyond, missing_roles
from services.auth.errors.identity_providers import (
    IdentityProviderChanged,
    IdentityProviderRefused,
    IdentityProviderUnusable,
)
from services.auth.errors.roles import RoleNotFound, RoleNotGrantable
from services.auth.federation import IdentityProvider, IdentityProviderId
from services.auth.federation_ports import Diagnosis
from services.auth.ports import TenantRecords
from services.auth.use_cases.federation_desk import FederationDesk
from services.mesh.audit import acts_on
from services.mesh.caller import TenantId
from services.mesh.paging import page_size

Change = Callable[[IdentityProvider], IdentityProvider]


@dataclass(frozen=True, slots=True)
class IdentityProviderPage:
    providers: list[IdentityProvider]
    next_cursor: str | None


async def create_identity_provider(
    desk: FederationDesk,
    provider: IdentityProvider,
    client_secret: str,
    permissions: frozenset[str],
) -> IdentityProvider:
    """`permissions` are the author's: nobody gives through a provider what they lack."""
    for field in ("display_name", "issuer", "client_id"):
        _require(provider, field)
    try:
        await desk.openid.check_issuer(provider.issuer)
    except IdentityProviderUnusable as error:
        raise IdentityProviderRefused("issuer", error.problem) from error
    sealed = _sealed(desk, provider, client_secret)
    made = replace(provider, has_client_secret=bool(client_secret))
    async with desk.tokens.store.writing(provider.tenant_id) as records:
        await _check_roles(records, made, permissions)
        await records.add_identity_provider(made, sealed)
        acts_on("identity_provider", made.identity_provider_id)
    return made


async def get_identity_provider(
    desk: FederationDesk, tenant_id: TenantId, provider_id: IdentityProviderId
) -> IdentityProvider:
    async with desk.tokens.store.reading(tenant_id) as records:
        return await records.identity_provider(provider_id)


async def list_identity_providers(
    desk: FederationDesk, tenant_id: TenantId, wanted: int, after: str
) -> IdentityProviderPage:
    length = page_size(wanted)
    async with desk.tokens.store.reading(tenant_id) as records:
        found = await records.identity_providers(after, length + 1)
    page = found[:length]
    has_more = len(found) > length
    return IdentityProviderPage(page, page[-1].identity_provider_id if has_more else None)


async def update_identity_provider(
    desk: FederationDesk,
    tenant_id: TenantId,
    provider_id: IdentityProviderId,
    change: Change,
    *,
    client_secret: str | None,
    etag: str,
    permissions: frozenset[str],
) -> IdentityProvider:
    """`client_secret` is None to leave it as it is."""
    async with desk.tokens.store.writing(tenant_id) as records:
        before = await records.identity_provider(provider_id)
        _check_etag(before, etag)
        after = replace(
            change(before), revision=before.revision + 1, update_time=desk.tokens.clock()
        )
        for field in ("display_name", "client_id"):
            _require(after, field)
        await _check_roles(records, after, permissions)
        if client_secret is None:
            sealed = await records.sealed_client_secret(provider_id)
        else:
            sealed = _sealed(desk, after, client_secret)
        after = replace(after, has_client_secret=bool(sealed))
        await records.replace_identity_provider(after, sealed)
    return after


async def delete_identity_provider(
    desk: FederationDesk, tenant_id: TenantId, provider_id: IdentityProviderId, etag: str
) -> None:
    async with desk.tokens.store.writing(tenant_id) as records:
        provider = await records.identity_provider(provider_id)
        _check_etag(provider, etag)
        await records.delete_identity_provider(provider)


async def diagnose_identity_provider(
    desk: FederationDesk, tenant_id: TenantId, provider_id: IdentityProviderId
) -> Diagnosis:
    provider = await get_identity_provider(desk, tenant_id, provider_id)
    return await desk.openid.diagnose(provider.issuer)


async def _check_roles(
    records: TenantRecords, provider: IdentityProvider, permissions: frozenset[str]
) -> None:
    if ADMIN in provider.default_roles:
        raise IdentityProviderRefused("default_roles", f"{ADMIN} cannot be everybody's role")
    # Behind the lock no role is deleted between this look and the rule that names it.
    await records.lock_policy()
    roles = {role.name: role for role in await records.roles()}
    missing = missing_roles(provider.roles, roles.values())
    if missing:
        raise RoleNotFound(missing[0])
    # To link by address is to speak for any user of the tenant, whatever their role.
    given = roles if provider.links_users_by_email else provider.roles
    beyond = first_beyond((roles[name] for name in sorted(given)), permissions)
    if beyond is not None:
        raise RoleNotGrantable(beyond.name)


def _check_etag(provider: IdentityProvider, etag: str) -> None:
    if etag and etag != provider.etag:
        raise IdentityProviderChanged(provider.etag)


def _require(provider: IdentityProvider, field: str) -> None:
    if not str(getattr(provider, field)).strip():
        raise IdentityProviderRefused(field, "is required")


def _sealed(desk: FederationDesk, provider: IdentityProvider, secret: str) -> str:
    return desk.sealer.seal(secret, provider.tenant_id, provider.secret_purpose) if secret else ""
