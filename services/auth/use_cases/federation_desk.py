"""What the verbs around identity providers share."""

from dataclasses import dataclass

from services.auth.federation import IdentityProvider, IdentityProviderId
from services.auth.federation_ports import ClientRegistration, OpenIdClient, SecretSealer
from services.auth.ports import TenantRecords
from services.auth.use_cases.token_desk import TokenDesk


@dataclass(frozen=True, slots=True)
class FederationDesk:
    tokens: TokenDesk
    openid: OpenIdClient
    sealer: SecretSealer
    public_url: str

    def redirect_uri(self, provider_id: IdentityProviderId) -> str:
        """One for each provider: an answer that comes back on another's is a mix-up."""
        return f"{self.public_url}/oauth/external/{provider_id}/callback"

    async def registration(
        self, records: TenantRecords, provider: IdentityProvider
    ) -> ClientRegistration:
        sealed = await records.sealed_client_secret(provider.identity_provider_id)
        secret = (
            self.sealer.open(sealed, provider.tenant_id, provider.secret_purpose) if sealed else ""
        )
        return ClientRegistration(provider.issuer, provider.client_id, secret, provider.scopes)
