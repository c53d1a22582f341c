"""What the OpenID provider asks of the world, as parts of auth's larger promises."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from services.auth.authorization import (
    AuthorizationCode,
    AuthorizationRequest,
    BrowserSession,
    BrowserSessionId,
    DeviceAuthorization,
)
from services.auth.domain import SessionId
from services.auth.oauth_clients import ClientSettings, OAuthClient, TenantClient
from services.mesh.caller import TenantId, UserId
from services.mesh.tokens import TokenClaims


class AuthorizationRecords(Protocol):
    """What one tenant's users have granted, and the browsers that they are logged in in."""

    async def add_authorization_code(self, code: AuthorizationCode) -> None:
        """Adds a code that nobody has used."""

    async def take_authorization_code(self, digest: str, now: datetime) -> AuthorizationCode | None:
        """The code as it was; from here on it counts as used.

        Of several who take it at once, one sees it unused, and the others wait for what the one
        makes of it.
        """

    async def keep_session_of_code(self, digest: str, session_id: SessionId) -> None:
        """Whoever takes the code again learns which session it has opened."""

    async def add_browser_session(self, session: BrowserSession) -> None:
        """Adds a login."""

    async def end_browser_session(self, browser_session_id: BrowserSessionId) -> list[SessionId]:
        """Forgets the login, and says which sessions its codes have opened."""

    async def granted_scope(self, user_id: UserId, client_id: str) -> frozenset[str]:
        """All that the user has ever let this client have."""

    async def keep_granted_scope(
        self, user_id: UserId, client_id: str, scope: frozenset[str], now: datetime
    ) -> None:
        """Replaces what was known."""


class ClientRecords(Protocol):
    """The clients of one tenant; deleted ones do not exist here."""

    async def tenant_client(self, client_id: UserId) -> TenantClient:
        """Raises ClientNotFound."""

    async def tenant_clients(self, after: str, limit: int) -> list[TenantClient]:
        """By id, from behind this one, which is the order that they were made in."""

    async def put_client_settings(self, client_id: UserId, settings: ClientSettings) -> None:
        """Replaces what was known of a client."""


class AuthorizationDirectory(Protocol):
    """What is known of an authorization before anybody knows the tenant."""

    async def oauth_client(self, client_id: str) -> OAuthClient | None:
        """A tenant's client, unless it is disabled or deleted."""

    async def add_authorization_request(self, request: AuthorizationRequest) -> None:
        """Adds a request that waits."""

    async def authorization_request(self, digest: str) -> AuthorizationRequest | None:
        """As it waits."""

    async def take_authorization_request(self, digest: str) -> bool:
        """Whether it was still there; of several who take it, one is told so."""

    async def tenant_of_authorization_code(self, digest: str) -> TenantId | None:
        """Where a code was issued."""

    async def browser_session(self, digest: str) -> BrowserSession | None:
        """The login behind a browser's secret."""

    async def add_device_authorization(self, device: DeviceAuthorization) -> None:
        """Adds a device that waits."""

    async def lock_device_authorization(self, digest: str) -> DeviceAuthorization | None:
        """The device; until the transaction ends nobody else changes it."""

    async def device_with_user_code(self, user_code_digest: str) -> DeviceAuthorization | None:
        """The device that shows this code."""

    async def keep_device_poll(self, digest: str, time: datetime, interval: timedelta) -> None:
        """The device has asked, and how long it must wait from now on."""

    async def decide_device(self, digest: str, *, approved: bool) -> bool:
        """Whether this was the first decision; only then it counts."""

    async def delete_expired_authorizations(self, now: datetime, codes_before: datetime) -> int:
        """Deletes what has expired; codes, used or not, only if issued before the second time."""


@dataclass(frozen=True, slots=True)
class IdTokenClaims:
    """Of a token that was ours, whether or not it has expired."""

    user_id: UserId
    tenant_id: TenantId
    client_id: str
    session_id: SessionId


class IdTokens(Protocol):
    """Makes ID tokens and knows its own ones again."""

    async def sign(
        self,
        code: AuthorizationCode,
        session_id: SessionId,
        access_token: str,
        now: datetime,
    ) -> str:
        """For the client of the code."""

    async def recognise(self, token: str) -> IdTokenClaims | None:
        """What an earlier ID token of ours says; nothing for anything else."""


class AccessTokens(Protocol):
    """Knows good access tokens from bad ones."""

    async def verify(self, token: str) -> TokenClaims:
        """Raises TokenInvalid, also for a token whose session has ended."""
