"""Identity providers that are ready to be asked about, and a client that says what a test says."""

from dataclasses import dataclass, field, replace
from typing import Any

from services.auth.domain import Tenant
from services.auth.errors.identity_providers import ExternalTokenInvalid, IdentityProviderUnusable
from services.auth.federation import (
    ExternalIdentity,
    ExternalUser,
    FederatedLogin,
    IdentityProvider,
    IdentityProviderId,
    RoleRule,
)
from services.auth.federation_ports import (
    AuthorizationAnswer,
    ClientRegistration,
    Diagnosis,
    LoginSecrets,
)
from services.auth.ports import AuthStore
from services.auth.use_cases.federation_desk import FederationDesk
from services.mesh.caller import UserId
from services.mesh.ids import new_id
from services.mesh.sealed import Sealer
from tests.auth.desk import Desk
from tests.auth.fakes import START
from tests.auth.foreign_tokens import CLIENT_ID, ISSUER

PUBLIC_URL = "https://desk.example"
SEALER = Sealer({"k1": b"k" * 32})


def a_provider(tenant: Tenant, **changes: Any) -> IdentityProvider:  # noqa: ANN401 - any field
    provider = IdentityProvider(
        tenant_id=tenant.tenant_id,
        identity_provider_id=IdentityProviderId(new_id()),
        display_name="Acme Login",
        issuer=ISSUER,
        client_id=CLIENT_ID,
        has_client_secret=False,
        scopes=("openid", "email"),
        role_rules=(RoleRule("groups", "support", "agent"), RoleRule("groups", "it", "admin")),
        default_roles=("customer",),
        email_domains=("acme.example",),
        creates_users=True,
        links_users_by_email=False,
        exchanges_tokens=True,
        is_enabled=True,
        create_time=START,
        update_time=START,
    )
    return replace(provider, **changes)


async def keep_provider(
    store: AuthStore, provider: IdentityProvider, sealed_secret: str = ""
) -> IdentityProvider:
    async with store.writing(provider.tenant_id) as records:
        await records.add_identity_provider(provider, sealed_secret)
    return provider


def an_identity(tenant: Tenant, user_id: UserId, subject: str = "subject-1") -> ExternalIdentity:
    return ExternalIdentity(tenant.tenant_id, ISSUER, subject, user_id, ("agent",), START, START)


def a_login(provider: IdentityProvider, state_digest: str = "d1") -> FederatedLogin:
    return FederatedLogin(
        provider.tenant_id,
        state_digest,
        "b1",
        provider.identity_provider_id,
        "sealed",
        START,
        START,
    )


def an_external_user(subject: str = "subject-1", /, **claims: object) -> ExternalUser:
    known = {"email": "ada@acme.example", "email_verified": True, "name": "Ada", **claims}
    return ExternalUser(ISSUER, subject, known)


@dataclass
class FakeOpenId:
    """Sends browsers to a made-up address and believes what `user` says, for the right secrets."""

    user: ExternalUser = field(default_factory=an_external_user)
    asked: list[tuple[ClientRegistration, LoginSecrets, str]] = field(default_factory=list)
    redeemed: list[AuthorizationAnswer] = field(default_factory=list)

    async def check_issuer(self, issuer: str) -> None:
        if not issuer.startswith("https://"):
            raise IdentityProviderUnusable("the address must begin with https://")

    async def authorization_url(
        self, client: ClientRegistration, secrets: LoginSecrets, redirect_uri: str
    ) -> str:
        self.asked.append((client, secrets, redirect_uri))
        return f"{client.issuer}/authorize?state={secrets.state}"

    async def redeem(
        self,
        client: ClientRegistration,
        answer: AuthorizationAnswer,
        secrets: LoginSecrets,
        redirect_uri: str,
    ) -> ExternalUser:
        self.redeemed.append(answer)
        if (client, secrets, redirect_uri) not in self.asked:
            raise ExternalTokenInvalid("never asked")
        return self.user

    def claimed_issuer(self, id_token: str) -> str:
        return id_token.partition(" ")[0]

    async def verify(self, client: ClientRegistration, id_token: str) -> ExternalUser:
        if id_token != f"{client.issuer} good":
            raise ExternalTokenInvalid("signature")
        return self.user

    async def diagnose(self, issuer: str) -> Diagnosis:
        return Diagnosis((), f"{issuer}/authorize", ("RS256",))


def a_federation_desk(desk: Desk, openid: FakeOpenId) -> FederationDesk:
    return FederationDesk(desk.tokens, openid, SEALER, PUBLIC_URL)
