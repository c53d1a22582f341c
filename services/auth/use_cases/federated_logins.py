"""Logging in through an identity provider: out with a browser, back with an answer."""

import hmac
import json
from dataclasses import asdict, dataclass
from typing import TypeVar

import structlog

from services.auth.credentials import digest_of, new_secret
from services.auth.domain import TenantState
from services.auth.errors.identity_providers import (
    ExternalTokenInvalid,
    ExternalUserRefused,
    FederatedLoginInvalid,
    IdentityProviderNotFound,
)
from services.auth.federation import (
    LOGIN_LIFE,
    FederatedLogin,
    IdentityProvider,
    IdentityProviderId,
)
from services.auth.federation_ports import AuthorizationAnswer, ClientRegistration, LoginSecrets
from services.auth.use_cases.external_users import Use, let_in
from services.auth.use_cases.federation_desk import FederationDesk
from services.auth.use_cases.token_desk import TokenDesk
from services.mesh.audit import acting_for, bookkeeping

Result = TypeVar("Result")

_PURPOSE = "federated login"
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class StartedLogin:
    authorization_url: str
    display_name: str


@dataclass(frozen=True, slots=True)
class ReturnedBrowser:
    """What came back: on whose redirect URI, with what, and the secret that the browser kept."""

    identity_provider_id: IdentityProviderId
    state: str
    answer: AuthorizationAnswer
    browser_secret: str


async def login_providers(desk: TokenDesk, tenant_slug: str) -> list[IdentityProvider]:
    """Those of a tenant that are in use; none where there is no such tenant."""
    async with desk.store.reading_directory() as directory:
        tenant = await directory.tenant_with_slug(tenant_slug)
        if tenant is None or tenant.state is not TenantState.ACTIVE:
            return []
        found = await directory.records(tenant.tenant_id).identity_providers("", 100)
    return [provider for provider in found if provider.is_enabled]


async def start_federated_login(
    desk: FederationDesk,
    tenant_slug: str,
    provider_id: IdentityProviderId,
    browser_secret: str,
    return_target: str,
) -> StartedLogin:
    """Where to send the browser that keeps the secret; the target comes back at the end.

    Raises IdentityProviderNotFound, also where there is no such tenant.
    """
    async with desk.tokens.store.reading_directory() as directory:
        tenant = await directory.tenant_with_slug(tenant_slug)
        if tenant is None or tenant.state is not TenantState.ACTIVE:
            raise IdentityProviderNotFound(provider_id)
        records = directory.records(tenant.tenant_id)
        provider = await records.identity_provider(provider_id)
        if not provider.is_enabled:
            raise IdentityProviderNotFound(provider_id)
        client = await desk.registration(records, provider)
    secrets = LoginSecrets(new_secret(), new_secret(), new_secret())
    url = await desk.openid.authorization_url(client, secrets, desk.redirect_uri(provider_id))
    now = desk.tokens.clock()
    login = FederatedLogin(
        provider.tenant_id,
        digest_of(secrets.state),
        digest_of(browser_secret),
        provider_id,
        desk.sealer.seal(
            json.dumps([asdict(secrets), return_target]), provider.tenant_id, _PURPOSE
        ),
        now,
        now + LOGIN_LIFE,
    )
    async with desk.tokens.store.writing(provider.tenant_id) as records:
        await records.add_federated_login(login)
    return StartedLogin(url, provider.display_name)


async def complete_federated_login(
    desk: FederationDesk, browser: ReturnedBrowser, use: Use[Result]
) -> tuple[Result, str]:
    """What `use` gives for the user who has logged in, and the target that the login began with.

    Raises FederatedLoginInvalid, ExternalTokenInvalid and ExternalUserRefused.
    """
    try:
        login = await _taken(desk, browser)
        opened = desk.sealer.open(login.sealed_secrets, login.tenant_id, _PURPOSE)
        secrets, return_target = json.loads(opened)
        provider, client = await _provider_in_use(desk, login)
        external = await desk.openid.redeem(
            client,
            browser.answer,
            LoginSecrets(**secrets),
            desk.redirect_uri(provider.identity_provider_id),
        )
        return await let_in(desk.tokens, provider, external, use), return_target
    except (ExternalTokenInvalid, ExternalUserRefused) as error:
        _log.warning(
            "federated_login_refused", provider=browser.identity_provider_id, rule=error.rule
        )
        raise


async def _taken(desk: FederationDesk, browser: ReturnedBrowser) -> FederatedLogin:
    state_digest = digest_of(browser.state)
    async with desk.tokens.store.reading_directory() as directory:
        tenant_id = await directory.tenant_of_federated_login(state_digest)
    if tenant_id is None:
        raise FederatedLoginInvalid
    # Gone from here on, whatever becomes of it: nothing can be tried twice.
    acting_for(tenant_id)
    with bookkeeping():
        async with desk.tokens.store.writing(tenant_id) as records:
            login = await records.take_federated_login(state_digest)
    if (
        login is None
        or desk.tokens.clock() >= login.expire_time
        or login.identity_provider_id != browser.identity_provider_id
        or not hmac.compare_digest(login.browser_digest, digest_of(browser.browser_secret))
    ):
        raise FederatedLoginInvalid
    return login


async def _provider_in_use(
    desk: FederationDesk, login: FederatedLogin
) -> tuple[IdentityProvider, ClientRegistration]:
    async with desk.tokens.store.reading(login.tenant_id) as records:
        provider = await records.identity_provider(login.identity_provider_id)
        if not provider.is_enabled:
            raise FederatedLoginInvalid
        return provider, await desk.registration(records, provider)
