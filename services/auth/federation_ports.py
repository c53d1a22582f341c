"""What federated logins ask of the world; the docstrings are promises, as in `ports`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from services.auth.federation import (
    ExternalIdentity,
    ExternalUser,
    FederatedLogin,
    IdentityProvider,
    IdentityProviderId,
)
from services.mesh.caller import TenantId, UserId


class FederationRecords(Protocol):
    """The part of a tenant's records that is about identity providers."""

    async def add_identity_provider(self, provider: IdentityProvider, sealed_secret: str) -> None:
        """Raises IdentityProviderIssuerTaken."""

    async def identity_provider(self, provider_id: IdentityProviderId) -> IdentityProvider:
        """Raises IdentityProviderNotFound."""

    async def identity_provider_of_issuer(self, issuer: str) -> IdentityProvider | None:
        """There is at most one."""

    async def identity_providers(self, after: str, limit: int) -> list[IdentityProvider]:
        """By id, from behind this one."""

    async def sealed_client_secret(self, provider_id: IdentityProviderId) -> str:
        """As it was kept; empty for a public client."""

    async def replace_identity_provider(
        self, provider: IdentityProvider, sealed_secret: str
    ) -> None:
        """Only what has the revision before this one; else raises IdentityProviderChanged."""

    async def delete_identity_provider(self, provider: IdentityProvider) -> None:
        """With its logins under way and the identities of its issuer. Raises
        IdentityProviderChanged when it is no longer at this revision."""

    async def external_identity(self, issuer: str, subject: str) -> ExternalIdentity | None:
        """Whom a subject of an issuer is tied to."""

    async def is_given_by_providers(self, role: str) -> bool:
        """Whether a rule of any provider names the role."""

    async def has_external_identity(self, user_id: UserId, issuer: str | None = None) -> bool:
        """Whether any subject is tied to the user, of this issuer or of any."""

    async def keep_external_identity(self, identity: ExternalIdentity) -> None:
        """Adds it, or replaces the one of the same subject."""

    async def add_federated_login(self, login: FederatedLogin) -> None:
        """A login begins."""

    async def take_federated_login(self, state_digest: str) -> FederatedLogin | None:
        """Only the first to ask gets it."""


@dataclass(frozen=True, slots=True)
class ClientRegistration:
    """How the helpdesk is known at a provider."""

    issuer: str
    client_id: str
    client_secret: str
    scopes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class LoginSecrets:
    """What ties an answer of a provider to the login that asked for it."""

    state: str
    nonce: str
    code_verifier: str


@dataclass(frozen=True, slots=True)
class AuthorizationAnswer:
    """What a provider sent the browser back with; `issuer` is the `iss` of RFC 9207."""

    code: str
    issuer: str | None


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What a login would find at a provider."""

    problems: tuple[str, ...]
    authorization_endpoint: str = ""
    key_algorithms: tuple[str, ...] = ()


class OpenIdClient(Protocol):
    """Speaks OpenID Connect with providers; raises IdentityProviderUnusable when it cannot."""

    async def check_issuer(self, issuer: str) -> None:
        """Raises IdentityProviderUnusable for what can never be an issuer; asks nobody."""

    async def authorization_url(
        self, client: ClientRegistration, secrets: LoginSecrets, redirect_uri: str
    ) -> str:
        """Where the browser goes to log in."""

    async def redeem(
        self,
        client: ClientRegistration,
        answer: AuthorizationAnswer,
        secrets: LoginSecrets,
        redirect_uri: str,
    ) -> ExternalUser:
        """Whom the answer is about. Raises ExternalTokenInvalid."""

    def claimed_issuer(self, id_token: str) -> str:
        """Whom the token says it is from, believed by nobody yet. Raises ExternalTokenInvalid."""

    async def verify(self, client: ClientRegistration, id_token: str) -> ExternalUser:
        """Whom a token is about that somebody brought. Raises ExternalTokenInvalid."""

    async def diagnose(self, issuer: str) -> Diagnosis:
        """Never raises: what is wrong is the answer."""


class SecretSealer(Protocol):
    """Keeps secrets unreadable in the database."""

    def seal(self, secret: str, tenant_id: TenantId, purpose: str) -> str:
        """Opens for the same tenant and purpose only."""

    def open(self, sealed: str, tenant_id: TenantId, purpose: str) -> str:
        """Raises Internal for what was not sealed for this."""
