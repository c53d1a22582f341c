"""Verifies access tokens: one algorithm, one audience, one spelling of everything."""

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NoReturn

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from services.mesh.caller import TenantId, UserId
from services.mesh.clock import Clock, utc_now
from services.mesh.errors import TokenInvalid
from services.mesh.scopes import parse_scope

ALGORITHM = "ES256"
AUDIENCE = "helpdesk"
TOKEN_TYPE = "at+jwt"  # noqa: S105 - the media type of RFC 9068
MAX_TOKEN_LENGTH = 8 * 1024

# Clocks of two machines differ; only the end of a token is taken exactly.
_CLOCK_SKEW = timedelta(seconds=30)
_HEADER = {"alg", "typ", "kid"}
_REQUIRED = (
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "nbf",
    "jti",
    "sid",
    "tenant_id",
    "roles",
    "client_id",
    "scope",
)
# Nothing but base64url: decoders skip signs, and padding would be a second spelling of a token.
_FORM = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+){2}\Z")
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")

FindKey = Callable[[str], EllipticCurvePublicKey | None]


@dataclass(frozen=True)
class TokenClaims:
    tenant_id: TenantId
    user_id: UserId
    session_id: str
    client_id: str
    scope: frozenset[str]
    roles: frozenset[str]
    expires_at: datetime
    token_id: str


class TokenVerifier:
    def __init__(self, issuer: str, find_key: FindKey, clock: Clock = utc_now) -> None:
        self._issuer = issuer
        self._find_key = find_key
        self._clock = clock

    def verify(self, token: str) -> TokenClaims:
        """Raises TokenInvalid without saying which rule the token broke."""
        key = self._find_key(key_id(token))
        if key is None:
            _refuse()
        try:
            jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                issuer=self._issuer,
                # The times are compared below with the clock that this verifier was given.
                options={
                    "require": list(_REQUIRED),
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                },
            )
        except jwt.PyJWTError as error:
            raise _invalid() from error
        return self._claims(_strict_json(token.split(".")[1]))

    def _claims(self, payload: Mapping[str, object]) -> TokenClaims:
        expires_at, issued_at, valid_from = (
            _time(payload.get(name)) for name in ("exp", "iat", "nbf")
        )
        latest_start = self._clock() + _CLOCK_SKEW
        if self._clock() >= expires_at or latest_start < issued_at or latest_start < valid_from:
            _refuse()
        roles = payload.get("roles")
        if payload.get("aud") != AUDIENCE or not isinstance(roles, list):
            _refuse()
        return TokenClaims(
            tenant_id=TenantId(_id(payload.get("tenant_id"))),
            user_id=UserId(_id(payload.get("sub"))),
            session_id=_id(payload.get("sid")),
            client_id=_id(payload.get("client_id")),
            scope=_scope(payload.get("scope")),
            roles=frozenset(_id(role) for role in roles),
            expires_at=expires_at,
            token_id=_id(payload.get("jti")),
        )


def key_id(token: str) -> str:
    """The key that the token names. Raises TokenInvalid for anything but our own kind of header.

    Headers that bring or name a key themselves (jwk, jku, x5c, x5u) or ask for extensions
    (crit) are refused with all others that we never write.
    """
    if len(token) > MAX_TOKEN_LENGTH or not _FORM.match(token):
        _refuse()
    header = _strict_json(token.split(".", maxsplit=1)[0])
    name = header.get("kid")
    if (
        set(header) != _HEADER
        or header["alg"] != ALGORITHM
        or header["typ"] != TOKEN_TYPE
        or not isinstance(name, str)
        or not _KEY_ID.match(name)
    ):
        _refuse()
    return name


def _strict_json(segment: str) -> dict[str, object]:
    try:
        padded = segment + "=" * (-len(segment) % 4)
        content = base64.b64decode(padded, altchars=b"-_", validate=True)
        # Parsers disagree about which of two equal names counts, so two are too many.
        document = json.loads(content.decode(), object_pairs_hook=_no_duplicates)
    except (binascii.Error, ValueError, RecursionError) as error:
        raise _invalid() from error
    if not isinstance(document, dict):
        _refuse()
    return document


def _no_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    names = dict(pairs)
    if len(names) != len(pairs):
        raise ValueError("a name stands twice")
    return names


def _time(value: object) -> datetime:
    # A bool is an int to Python, a string or a fraction is none of ours.
    if type(value) is not int:
        _refuse()
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, OSError, ValueError) as error:
        raise _invalid() from error


def _id(value: object) -> str:
    if not isinstance(value, str) or not _ID.match(value):
        _refuse()
    return value


def _scope(value: object) -> frozenset[str]:
    if not isinstance(value, str):
        _refuse()
    try:
        return parse_scope(value)
    except ValueError as error:
        raise _invalid() from error


def _invalid() -> TokenInvalid:
    return TokenInvalid("The access token is not valid.")


def _refuse() -> NoReturn:
    raise _invalid()
