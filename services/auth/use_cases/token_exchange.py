"""RFC 8693: another issuer's id_token for a short token of our own. No service believes theirs."""

import structlog

from services.auth.domain import ACCESS_TOKEN_LIFE, User
from services.auth.errors.identity_providers import ExternalTokenInvalid, ExternalUserRefused
from services.auth.federation import IdentityProvider
from services.auth.federation_ports import ClientRegistration
from services.auth.ports import TenantRecords
from services.auth.use_cases.external_users import let_in
from services.auth.use_cases.federation_desk import FederationDesk
from services.auth.use_cases.sessions import (
    IssuedToken,
    OpenedSession,
    Opening,
    issue,
    open_session,
)
from services.mesh.audit import acting_for

_log = structlog.get_logger(__name__)


async def exchange_token(desk: FederationDesk, tenant_slug: str, subject_token: str) -> IssuedToken:
    """Raises ExternalTokenInvalid, also where there is no such tenant, and ExternalUserRefused."""
    now = desk.tokens.clock()

    async def open_for(records: TenantRecords, user: User) -> OpenedSession:
        opening = Opening(user.user_id, life=ACCESS_TOKEN_LIFE, is_renewable=False)
        return await open_session(records, opening, now)

    try:
        provider, client = await _issuer_of(desk, tenant_slug, subject_token)
        external = await desk.openid.verify(client, subject_token)
        opened = await let_in(desk.tokens, provider, external, open_for)
    except (ExternalTokenInvalid, ExternalUserRefused) as error:
        _log.warning("external_token_refused", tenant=tenant_slug, rule=error.rule)
        raise
    return await issue(desk.tokens, opened, now)


async def _issuer_of(
    desk: FederationDesk, tenant_slug: str, subject_token: str
) -> tuple[IdentityProvider, ClientRegistration]:
    # Not believed, only looked up: the signature is checked with the keys of the provider found.
    issuer = desk.openid.claimed_issuer(subject_token)
    async with desk.tokens.store.reading_directory() as directory:
        tenant = await directory.tenant_with_slug(tenant_slug)
        if tenant is None:
            raise ExternalTokenInvalid("no such tenant")
        acting_for(tenant.tenant_id)
        records = directory.records(tenant.tenant_id)
        provider = await records.identity_provider_of_issuer(issuer)
        if provider is None or not provider.is_enabled or not provider.exchanges_tokens:
            raise ExternalTokenInvalid("no provider that exchanges tokens")
        return provider, await desk.registration(records, provider)
