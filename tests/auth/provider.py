"""The OpenID provider made of fakes, and what clients and browsers send to it."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

from services.auth.authorization import AuthorizationCode
from services.auth.authorization_parameters import AuthorizationParameters
from services.auth.credentials import digest_of
from services.auth.domain import SessionId, Tenant, User
from services.auth.oauth_clients import GrantType, OAuthClient, command_line_client, web_client
from services.auth.oauth_ports import IdTokenClaims
from services.auth.use_cases.authorization import (
    Browser,
    ConsentNeeded,
    Credentials,
    LoginNeeded,
    Redirect,
    Step,
    begin,
    decide,
    log_in_browser,
)
from services.auth.use_cases.authorization_desk import AuthorizationDesk, ClientProof
from services.auth.use_cases.grants import TokenRequest
from services.mesh.errors import TokenInvalid
from services.mesh.tokens import TokenClaims
from tests.auth.builders import PASSWORD
from tests.auth.desk import Desk
from tests.auth.fake_authorizations import Authorizations

ISSUER = "https://desk.example"
WEB = "https://app.example/callback"
LOGGED_OUT = "https://app.example/goodbye"
VERIFIER = "v" * 43
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
)
CLIENT_SECRET = "robot's secret"
BROWSER = Browser("browser-1")


@dataclass
class FakeIdTokens:
    """Spells an ID token as its session and its nonce."""

    known: dict[str, IdTokenClaims] = field(default_factory=dict)

    async def sign(
        self, code: AuthorizationCode, session_id: SessionId, access_token: str, now: datetime
    ) -> str:
        token = f"{session_id} {code.nonce}"
        self.known[token] = IdTokenClaims(code.user_id, code.tenant_id, code.client_id, session_id)
        return token

    async def recognise(self, token: str) -> IdTokenClaims | None:
        return self.known.get(token)


@dataclass
class FakeAccessTokens:
    claims: dict[str, TokenClaims] = field(default_factory=dict)

    async def verify(self, token: str) -> TokenClaims:
        if token not in self.claims:
            raise TokenInvalid("The access token is not valid.")
        return self.claims[token]


class Provider:
    def __init__(self) -> None:
        self.fakes = Desk()
        self.id_tokens = FakeIdTokens()
        self.access_tokens = FakeAccessTokens()
        self.desk = AuthorizationDesk(
            tokens=self.fakes.tokens,
            id_tokens=self.id_tokens,
            access_tokens=self.access_tokens,
            own_clients=(command_line_client(), web_client((WEB,), (LOGGED_OUT,))),
            issuer=ISSUER,
        )

    @property
    def known(self) -> Authorizations:
        return self.fakes.store.state.authorizations

    def pass_time(self, time: timedelta) -> None:
        self.fakes.clock.advance(time)

    def add_client(self, client: OAuthClient) -> OAuthClient:
        self.known.clients[client.client_id] = client
        return client

    async def log_in(
        self, parameters: AuthorizationParameters, user: str = "ada@example.com"
    ) -> Step:
        """As far as a user gets with the right password."""
        step = await begin(self.desk, parameters, BROWSER)
        assert isinstance(step.next, LoginNeeded), step
        credentials = Credentials("acme", user, PASSWORD)
        return await log_in_browser(self.desk, step.next.request_secret, BROWSER, credentials)

    async def code(self, parameters: AuthorizationParameters, user: str = "ada@example.com") -> str:
        """A code for a user who agrees to everything."""
        step = await self.log_in(parameters, user)
        if isinstance(step.next, ConsentNeeded):
            browser = replace(BROWSER, session_secret=step.session_secret)
            step = await decide(self.desk, step.next.request_secret, browser, approved=True)
        return answer(step)["code"]


def answer(step: Step) -> dict[str, str]:
    """What the client is told at its redirect URI."""
    assert isinstance(step.next, Redirect), step
    return dict(parse_qsl(urlsplit(step.next.location).query))


def asking(**changes: object) -> AuthorizationParameters:
    """A good authorization request of the web app, but for the changes."""
    good = AuthorizationParameters(
        client_id="helpdesk-web",
        redirect_uri=WEB,
        response_type="code",
        scope="openid offline_access helpdesk",
        state="state-1",
        nonce="nonce-1",
        code_challenge=CHALLENGE,
        code_challenge_method="S256",
    )
    return replace(good, **changes)  # type: ignore[arg-type]


def exchanging(code: str, /, **changes: object) -> TokenRequest:
    good = TokenRequest(
        grant_type="authorization_code",
        client=ClientProof("helpdesk-web"),
        code=code,
        redirect_uri=WEB,
        code_verifier=VERIFIER,
    )
    return replace(good, **changes)  # type: ignore[arg-type]


def a_tenants_client(
    tenant: Tenant,
    user: User | None = None,
    grants: Sequence[GrantType] = (GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN),
    secret: str = CLIENT_SECRET,
) -> OAuthClient:
    return OAuthClient(
        client_id=user.user_id if user else "client-1",
        tenant_id=tenant.tenant_id,
        display_name="Robot",
        redirect_uris=(WEB,),
        logout_redirect_uris=(LOGGED_OUT,),
        grants=frozenset(grants),
        secret_hash=digest_of(secret) if secret else "",
    )
