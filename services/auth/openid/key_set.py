"""A provider's public keys, and which one of them a token may be checked with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from services.auth.openid.strict_json import JsonRefused, json_object

LONGEST = 256 * 1024
MOST_KEYS = 100
SHORTEST_RSA = 2048

# What a key must be to serve an algorithm. HMAC has no place here: its "key" would be public.
_KINDS: Mapping[str, tuple[str, str | None]] = {
    "RS256": ("RSA", None),
    "RS384": ("RSA", None),
    "RS512": ("RSA", None),
    "PS256": ("RSA", None),
    "PS384": ("RSA", None),
    "PS512": ("RSA", None),
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "ES512": ("EC", "P-521"),
    "EdDSA": ("OKP", "Ed25519"),
}
ALGORITHMS = frozenset(_KINDS)

Jwk = Mapping[str, object]


class KeySetRefused(ValueError):
    """Says in plain words what is wrong."""


@dataclass(frozen=True, slots=True)
class KeySet:
    keys: tuple[Jwk, ...]

    def fitting(self, algorithm: str, key_id: str | None) -> Sequence[Jwk]:
        return [
            key
            for key in self.keys
            if _serves(key, algorithm) and (key_id is None or key.get("kid") == key_id)
        ]

    @property
    def algorithms(self) -> tuple[str, ...]:
        return tuple(sorted(name for name in ALGORITHMS if self.fitting(name, None)))


def key_set_from(content: bytes) -> KeySet:
    """Raises KeySetRefused."""
    try:
        keys = json_object(content).get("keys")
    except JsonRefused as error:
        raise KeySetRefused(f"its key set {error}") from error
    if not isinstance(keys, list) or len(keys) > MOST_KEYS:
        raise KeySetRefused("its key set holds no list of keys, or far too many")
    return KeySet(tuple(key for key in keys if isinstance(key, dict)))


def loaded(key: Jwk, algorithm: str) -> jwt.PyJWK | None:
    """The key ready to verify with, or None when it cannot be one."""
    try:
        # Only the public members: a set that leaks a private key must not change what is done.
        public = {name: key[name] for name in ("kty", "crv", "x", "y", "n", "e") if name in key}
        ready = jwt.PyJWK(cast("dict[str, str]", public), algorithm)
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    if isinstance(ready.key, RSAPublicKey) and ready.key.key_size < SHORTEST_RSA:
        return None
    return ready


def _serves(key: Jwk, algorithm: str) -> bool:
    kind, curve = _KINDS[algorithm]
    operations = key.get("key_ops", ["verify"])
    return (
        key.get("kty") == kind
        and (curve is None or key.get("crv") == curve)
        and key.get("alg", algorithm) == algorithm
        and key.get("use", "sig") == "sig"
        and isinstance(operations, list)
        and "verify" in operations
    )
