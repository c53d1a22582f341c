"""Whether an id_token is believed: OpenID Connect Core, section 3.1.3.7, and nothing looser."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn

import jwt

from services.auth.errors.identity_providers import ExternalTokenInvalid
from services.auth.openid.key_set import ALGORITHMS, KeySet, loaded
from services.auth.openid.strict_json import JsonRefused, json_object

LONGEST = 16 * 1024
LONGEST_SUBJECT = 255
CLOCK_SKEW = timedelta(seconds=30)

# Headers that bring a key, or say where one could be had, or change what a signature means.
_NEVER = frozenset({"jwk", "jku", "x5c", "x5u", "crit", "b64", "enc", "zip"})


@dataclass(frozen=True, slots=True)
class Header:
    algorithm: str
    key_id: str | None


@dataclass(frozen=True, slots=True)
class Expected:
    """`nonce` is None where no login of ours asked for the token."""

    issuer: str
    client_id: str
    nonce: str | None = None
    access_token: str | None = None


def header_of(token: str) -> Header:
    """What says which key to look for; nothing in it is believed. Raises ExternalTokenInvalid."""
    if len(token) > LONGEST or token.count(".") != 2:  # noqa: PLR2004
        _refuse("form")
    header = _part(token, 0)
    algorithm, key_id = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        _refuse("alg")
    if _NEVER & set(header) or not isinstance(key_id, str | None):
        _refuse("header")
    if str(header.get("typ", "JWT")).upper() != "JWT":
        _refuse("typ")
    return Header(algorithm, key_id)


def claimed_issuer(token: str) -> str:
    """Raises ExternalTokenInvalid."""
    header_of(token)
    issuer = _part(token, 1).get("iss")
    if not isinstance(issuer, str):
        _refuse("iss")
    return issuer


def check(token: str, keys: KeySet, expected: Expected, now: datetime) -> Mapping[str, object]:
    """The claims. Raises ExternalTokenInvalid."""
    header = header_of(token)
    fitting = keys.fitting(header.algorithm, header.key_id)
    # With two keys to choose from it would be the token that chooses.
    key = loaded(fitting[0], header.algorithm) if len(fitting) == 1 else None
    if key is None:
        _refuse("key")
    try:
        jwt.api_jws.decode(token, key, algorithms=[header.algorithm])
    except jwt.PyJWTError as error:
        raise ExternalTokenInvalid("signature") from error
    claims = _part(token, 1)
    _check_parties(claims, expected)
    _check_times(claims, now)
    _check_ties(claims, expected, header.algorithm)
    return claims


def _check_parties(claims: Mapping[str, object], expected: Expected) -> None:
    if claims.get("iss") != expected.issuer:
        _refuse("iss")
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if expected.client_id not in audiences:
        _refuse("aud")
    party = claims.get("azp")
    if party != expected.client_id and (party is not None or len(audiences) > 1):
        _refuse("azp")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT or "\0" in subject:
        _refuse("sub")


def _check_times(claims: Mapping[str, object], now: datetime) -> None:
    earliest, latest = (now - CLOCK_SKEW).timestamp(), (now + CLOCK_SKEW).timestamp()
    if _number(claims, "exp") <= earliest:
        _refuse("exp")
    if _number(claims, "iat") > latest:
        _refuse("iat")
    if "nbf" in claims and _number(claims, "nbf") > latest:
        _refuse("nbf")


def _check_ties(claims: Mapping[str, object], expected: Expected, algorithm: str) -> None:
    nonce = claims.get("nonce")
    if expected.nonce is not None and not (
        isinstance(nonce, str) and hmac.compare_digest(nonce.encode(), expected.nonce.encode())
    ):
        _refuse("nonce")
    hashed = claims.get("at_hash")
    if expected.access_token is not None and hashed is not None:
        # Core, section 3.1.3.6: the left half of the hash that the signature uses.
        digest = hashlib.new(_hash_of(algorithm), expected.access_token.encode()).digest()
        half = base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
        if hashed != half:
            _refuse("at_hash")


def _hash_of(algorithm: str) -> str:
    return "sha512" if algorithm == "EdDSA" else f"sha{algorithm[2:]}"


def _number(claims: Mapping[str, object], name: str) -> float:
    value = claims.get(name)
    # A bool is an int to Python; a text that looks like a time is none.
    if isinstance(value, bool) or not isinstance(value, int | float):
        _refuse(name)
    return value


def _part(token: str, index: int) -> dict[str, object]:
    segment = token.split(".")[index]
    try:
        padded = segment + "=" * (-len(segment) % 4)
        return json_object(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, JsonRefused, ValueError) as error:
        raise ExternalTokenInvalid("form") from error


def _refuse(rule: str) -> NoReturn:
    raise ExternalTokenInvalid(rule)
