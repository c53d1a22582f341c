"""The OpenID provider's part of the store in memory."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from services.auth.authorization import (
    AuthorizationCode,
    AuthorizationRequest,
    BrowserSession,
    BrowserSessionId,
    DeviceAuthorization,
)
from services.auth.domain import SessionId
from services.auth.oauth_clients import ClientSettings, OAuthClient
from services.mesh.caller import TenantId, UserId

Key = tuple[str, str]


@dataclass
class Authorizations:
    clients: dict[str, OAuthClient] = field(default_factory=dict)
    settings: dict[Key, ClientSettings] = field(default_factory=dict)
    requests: dict[str, AuthorizationRequest] = field(default_factory=dict)
    codes: dict[Key, AuthorizationCode] = field(default_factory=dict)
    browsers: dict[Key, BrowserSession] = field(default_factory=dict)
    consents: dict[tuple[str, str, str], frozenset[str]] = field(default_factory=dict)
    devices: dict[str, DeviceAuthorization] = field(default_factory=dict)


class FakeAuthorizationRecords:
    def __init__(self, authorizations: Authorizations, tenant_id: TenantId) -> None:
        self._known = authorizations
        self._of = tenant_id

    async def add_authorization_code(self, code: AuthorizationCode) -> None:
        self._known.codes[self._of, code.digest] = code

    async def take_authorization_code(self, digest: str, now: datetime) -> AuthorizationCode | None:
        code = self._known.codes.get((self._of, digest))
        if code is not None and code.use_time is None:
            self._known.codes[self._of, digest] = replace(code, use_time=now)
        return code

    async def keep_session_of_code(self, digest: str, session_id: SessionId) -> None:
        code = self._known.codes[self._of, digest]
        self._known.codes[self._of, digest] = replace(code, session_id=session_id)

    async def add_browser_session(self, session: BrowserSession) -> None:
        self._known.browsers[self._of, session.browser_session_id] = session

    async def end_browser_session(self, browser_session_id: BrowserSessionId) -> list[SessionId]:
        self._known.browsers.pop((self._of, browser_session_id), None)
        return [
            code.session_id
            for (tenant_id, _), code in self._known.codes.items()
            if tenant_id == self._of
            and code.browser_session_id == browser_session_id
            and code.session_id is not None
        ]

    def forget_browsers(self, user_id: UserId | None = None) -> None:
        known, users = self._known, {user_id}
        known.browsers = {
            key: browser
            for key, browser in known.browsers.items()
            if key[0] != self._of or (user_id and browser.user_id not in users)
        }
        known.codes = {
            key: code
            for key, code in known.codes.items()
            if key[0] != self._of or code.use_time or (user_id and code.user_id not in users)
        }

    async def granted_scope(self, user_id: UserId, client_id: str) -> frozenset[str]:
        return self._known.consents.get((self._of, user_id, client_id), frozenset())

    async def keep_granted_scope(
        self, user_id: UserId, client_id: str, scope: frozenset[str], now: datetime
    ) -> None:
        del now
        self._known.consents[self._of, user_id, client_id] = scope


class FakeAuthorizationDirectory:
    def __init__(self, authorizations: Authorizations) -> None:
        self._known = authorizations

    async def oauth_client(self, client_id: str) -> OAuthClient | None:
        return self._known.clients.get(client_id)

    async def add_authorization_request(self, request: AuthorizationRequest) -> None:
        self._known.requests[request.digest] = request

    async def authorization_request(self, digest: str) -> AuthorizationRequest | None:
        return self._known.requests.get(digest)

    async def take_authorization_request(self, digest: str) -> bool:
        return self._known.requests.pop(digest, None) is not None

    async def tenant_of_authorization_code(self, digest: str) -> TenantId | None:
        for code in self._known.codes.values():
            if code.digest == digest:
                return code.tenant_id
        return None

    async def browser_session(self, digest: str) -> BrowserSession | None:
        for browser in self._known.browsers.values():
            if browser.digest == digest:
                return browser
        return None

    async def add_device_authorization(self, device: DeviceAuthorization) -> None:
        self._known.devices[device.digest] = device

    async def lock_device_authorization(self, digest: str) -> DeviceAuthorization | None:
        return self._known.devices.get(digest)

    async def device_with_user_code(self, user_code_digest: str) -> DeviceAuthorization | None:
        for device in self._known.devices.values():
            if device.user_code_digest == user_code_digest:
                return device
        return None

    async def keep_device_poll(self, digest: str, time: datetime, interval: timedelta) -> None:
        device = self._known.devices[digest]
        self._known.devices[digest] = replace(device, poll_time=time, interval=interval)

    async def decide_device(self, digest: str, *, approved: bool) -> bool:
        device = self._known.devices.get(digest)
        if device is None or device.decision is not None:
            return False
        self._known.devices[digest] = replace(device, decision=approved)
        return True

    async def delete_expired_authorizations(self, now: datetime, codes_before: datetime) -> int:
        known = self._known
        before = _count(known)
        known.requests = {k: v for k, v in known.requests.items() if v.expire_time >= now}
        known.devices = {k: v for k, v in known.devices.items() if v.expire_time >= now}
        known.browsers = {k: v for k, v in known.browsers.items() if v.expire_time >= now}
        known.codes = {k: v for k, v in known.codes.items() if v.issue_time >= codes_before}
        return before - _count(known)


def _count(known: Authorizations) -> int:
    return len(known.requests) + len(known.devices) + len(known.browsers) + len(known.codes)
