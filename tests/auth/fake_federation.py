"""Identity providers and their users in memory."""

from dataclasses import dataclass, field

from services.auth.errors.identity_providers import (
    IdentityProviderChanged,
    IdentityProviderIssuerTaken,
    IdentityProviderNotFound,
)
from services.auth.federation import (
    ExternalIdentity,
    FederatedLogin,
    IdentityProvider,
    IdentityProviderId,
)
from services.mesh.caller import TenantId, UserId


@dataclass
class FederationState:
    providers: dict[tuple[str, str], tuple[IdentityProvider, str]] = field(default_factory=dict)
    identities: dict[tuple[str, str, str], ExternalIdentity] = field(default_factory=dict)
    logins: dict[tuple[str, str], FederatedLogin] = field(default_factory=dict)


class FakeFederationRecords:
    _federation: FederationState
    _tenant_id: TenantId

    async def add_identity_provider(self, provider: IdentityProvider, sealed_secret: str) -> None:
        if await self.identity_provider_of_issuer(provider.issuer) is not None:
            raise IdentityProviderIssuerTaken(provider.issuer)
        key = self._tenant_id, provider.identity_provider_id
        self._federation.providers[key] = (provider, sealed_secret)

    async def identity_provider(self, provider_id: IdentityProviderId) -> IdentityProvider:
        return self._kept(provider_id)[0]

    async def identity_provider_of_issuer(self, issuer: str) -> IdentityProvider | None:
        found = await self.identity_providers("", 1000)
        return next((provider for provider in found if provider.issuer == issuer), None)

    async def identity_providers(self, after: str, limit: int) -> list[IdentityProvider]:
        return [
            provider
            for (tenant_id, provider_id), (provider, _) in sorted(
                self._federation.providers.items()
            )
            if tenant_id == self._tenant_id and provider_id > after
        ][:limit]

    async def sealed_client_secret(self, provider_id: IdentityProviderId) -> str:
        return self._kept(provider_id)[1]

    async def replace_identity_provider(
        self, provider: IdentityProvider, sealed_secret: str
    ) -> None:
        self._check_revision(provider, provider.revision - 1)
        key = self._tenant_id, provider.identity_provider_id
        self._federation.providers[key] = (provider, sealed_secret)

    async def delete_identity_provider(self, provider: IdentityProvider) -> None:
        self._check_revision(provider, provider.revision)
        del self._federation.providers[self._tenant_id, provider.identity_provider_id]
        self._federation.logins = {
            key: login
            for key, login in self._federation.logins.items()
            if login.identity_provider_id != provider.identity_provider_id
        }
        self._federation.identities = {
            key: identity
            for key, identity in self._federation.identities.items()
            if key[:2] != (self._tenant_id, provider.issuer)
        }

    async def external_identity(self, issuer: str, subject: str) -> ExternalIdentity | None:
        return self._federation.identities.get((self._tenant_id, issuer, subject))

    async def is_given_by_providers(self, role: str) -> bool:
        return any(role in provider.roles for provider in await self.identity_providers("", 1000))

    async def has_external_identity(self, user_id: UserId, issuer: str | None = None) -> bool:
        return any(
            tenant_id == self._tenant_id and issuer in (None, known) and identity.user_id == user_id
            for (tenant_id, known, _), identity in self._federation.identities.items()
        )

    async def keep_external_identity(self, identity: ExternalIdentity) -> None:
        key = self._tenant_id, identity.issuer, identity.subject
        self._federation.identities[key] = identity

    async def add_federated_login(self, login: FederatedLogin) -> None:
        self._federation.logins[self._tenant_id, login.state_digest] = login

    async def take_federated_login(self, state_digest: str) -> FederatedLogin | None:
        return self._federation.logins.pop((self._tenant_id, state_digest), None)

    def _kept(self, provider_id: IdentityProviderId) -> tuple[IdentityProvider, str]:
        found = self._federation.providers.get((self._tenant_id, provider_id))
        if found is None:
            raise IdentityProviderNotFound(provider_id)
        return found

    def _check_revision(self, provider: IdentityProvider, revision: int) -> None:
        found = self._federation.providers.get((self._tenant_id, provider.identity_provider_id))
        if found is None or found[0].revision != revision:
            raise IdentityProviderChanged("")
