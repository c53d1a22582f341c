"""What auth knows of an authorization under way, and the rules that hold for it."""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType
from urllib.parse import quote, urlsplit

from services.auth.domain import SessionId, Tenant, User
from services.auth.oauth_clients import OAuthClient
from services.mesh.caller import TenantId, UserId

BrowserSessionId = NewType("BrowserSessionId", str)

REQUEST_LIFE = timedelta(minutes=10)
CODE_LIFE = timedelta(seconds=60)
BROWSER_SESSION_LIFE = timedelta(hours=12)
DEVICE_LIFE = timedelta(minutes=10)
DEVICE_INTERVAL = timedelta(seconds=5)
ID_TOKEN_LIFE = timedelta(minutes=5)
# Longer than a browser session, whose end ends what its codes have opened.
USED_CODES_STAY = timedelta(hours=24)

# No vowels, so that no code spells a word, and nothing that is read for something else.
USER_CODE_ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
USER_CODE_LENGTH = 8

OPENID = "openid"
OFFLINE_ACCESS = "offline_access"

_CODE_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}\Z")
_CODE_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}\Z")


class Prompt(StrEnum):
    NONE = "none"
    LOGIN = "login"
    CONSENT = "consent"
    SELECT_ACCOUNT = "select_account"


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """Waits for its user in one browser. `device_digest` stands in for a redirect URI."""

    digest: str
    browser_digest: str
    client_id: str
    redirect_uri: str
    scope: frozenset[str]
    state: str
    nonce: str
    code_challenge: str
    prompts: frozenset[Prompt]
    max_age: int | None
    tenant_slug: str
    device_digest: str
    create_time: datetime
    expire_time: datetime


@dataclass(frozen=True, slots=True)
class AuthorizationCode:
    """What a user has granted to a client; a device's code is one, too."""

    tenant_id: TenantId
    digest: str
    client_id: str
    user_id: UserId
    redirect_uri: str
    scope: frozenset[str]
    nonce: str
    code_challenge: str
    auth_time: datetime
    browser_session_id: BrowserSessionId
    issue_time: datetime
    expire_time: datetime
    use_time: datetime | None = None
    session_id: SessionId | None = None


@dataclass(frozen=True, slots=True)
class BrowserSession:
    """A user who has logged in in one browser."""

    tenant_id: TenantId
    browser_session_id: BrowserSessionId
    digest: str
    user_id: UserId
    auth_time: datetime
    expire_time: datetime


@dataclass(frozen=True, slots=True)
class SignedIn:
    session: BrowserSession
    user: User
    tenant: Tenant


@dataclass(frozen=True, slots=True)
class DeviceAuthorization:
    """A device that waits for its user. `decision` is None until there is one."""

    digest: str
    user_code_digest: str
    client_id: str
    scope: frozenset[str]
    interval: timedelta
    create_time: datetime
    expire_time: datetime
    poll_time: datetime | None = None
    decision: bool | None = None


def is_answered_by(
    request: AuthorizationRequest, client: OAuthClient, signed_in: SignedIn, now: datetime
) -> bool:
    """Whether this login will do, or the user has to log in once more."""
    session = signed_in.session
    if client.tenant_id not in (None, session.tenant_id):
        return False
    if session.auth_time >= request.create_time:
        return True
    if request.prompts & {Prompt.LOGIN, Prompt.SELECT_ACCOUNT}:
        return False
    if request.max_age is not None and now - session.auth_time > timedelta(seconds=request.max_age):
        return False
    return request.tenant_slug in ("", signed_in.tenant.slug)


def asks_for_consent(
    request: AuthorizationRequest, client: OAuthClient, granted_before: frozenset[str]
) -> bool:
    if request.device_digest or Prompt.CONSENT in request.prompts:
        return True
    if client.must_always_ask(request.redirect_uri):
        return True
    return client.needs_consent and not request.scope <= granted_before


def is_code_challenge(text: str) -> bool:
    """Of S256: the digest of something, in base64url."""
    return _CODE_CHALLENGE.match(text) is not None


def proves(verifier: str, challenge: str) -> bool:
    """RFC 7636, section 4.6, for S256."""
    if not _CODE_VERIFIER.match(verifier):
        return False
    digest = hashlib.sha256(verifier.encode()).digest()
    return hmac.compare_digest(_base64url(digest), challenge)


def half_hash(access_token: str) -> str:
    """`at_hash` of OpenID Connect Core, section 3.1.3.6, for ES256."""
    digest = hashlib.sha256(access_token.encode()).digest()
    return _base64url(digest[: len(digest) // 2])


def normal_user_code(typed: str) -> str:
    """People add hyphens and spaces and write small letters."""
    return "".join(sign for sign in typed.upper() if sign.isalnum())


def shown_user_code(code: str) -> str:
    middle = len(code) // 2
    return f"{code[:middle]}-{code[middle:]}"


def with_parameters(uri: str, parameters: Iterable[tuple[str, str]]) -> str:
    """Adds what has a value to the query of an address that may have one already."""
    added = "&".join(f"{name}={quote(value, safe='')}" for name, value in parameters if value)
    if not added:
        return uri
    return f"{uri}{'&' if urlsplit(uri).query else '?'}{added}"


def _base64url(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
