"""A browser's way out of its login page, through an identity provider, and back."""

from dataclasses import dataclass

from services.auth.domain import User
from services.auth.errors.identity_providers import FederatedLoginInvalid
from services.auth.federation import IdentityProviderId
from services.auth.ports import TenantRecords
from services.auth.use_cases.authorization import (
    Browser,
    LoginNeeded,
    Step,
    inspect,
    let_browser_in,
)
from services.auth.use_cases.authorization_desk import AuthorizationDesk
from services.auth.use_cases.federated_logins import (
    ReturnedBrowser,
    StartedLogin,
    complete_federated_login,
    start_federated_login,
)
from services.auth.use_cases.federation_desk import FederationDesk
from services.mesh.audit import acts_on


@dataclass(frozen=True, slots=True)
class ExternalDoor:
    authorization: AuthorizationDesk
    federation: FederationDesk


async def go_out(
    door: ExternalDoor,
    request_secret: str,
    browser: Browser,
    tenant_slug: str,
    provider_id: IdentityProviderId,
) -> StartedLogin:
    """Raises AuthorizationExpired for a page of another browser, and IdentityProviderNotFound."""
    page = (await inspect(door.authorization, request_secret, browser, tenant_slug)).next
    if not isinstance(page, LoginNeeded):
        raise FederatedLoginInvalid
    # The page's tenant, for a tenant's client lets nobody in from elsewhere.
    return await start_federated_login(
        door.federation, page.tenant_slug, provider_id, browser.secret, request_secret
    )


async def come_back(door: ExternalDoor, browser: Browser, returned: ReturnedBrowser) -> Step:
    user, request_secret = await complete_federated_login(door.federation, returned, _themselves)
    return await let_browser_in(door.authorization, request_secret, browser, user)


async def _themselves(records: TenantRecords, user: User) -> User:
    acts_on("user", user.user_id)
    return user
