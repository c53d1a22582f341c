"""Keys and id_tokens of an issuer that is not ours, good ones and every kind of bad one."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from tests.auth.fakes import START

ISSUER = "https://idp.example"
CLIENT_ID = "helpdesk-client"
NONCE = "the-nonce"

Private = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


@dataclass(frozen=True)
class ForeignKey:
    algorithm: str
    key_id: str
    private: Private

    @property
    def public_jwk(self) -> dict[str, Any]:
        public = self.private.public_key()
        if isinstance(public, rsa.RSAPublicKey):
            document: dict[str, Any] = RSAAlgorithm.to_jwk(public, as_dict=True)
        elif isinstance(public, ec.EllipticCurvePublicKey):
            document = ECAlgorithm.to_jwk(public, as_dict=True)
        else:
            document = OKPAlgorithm.to_jwk(public, as_dict=True)
        return {**document, "kid": self.key_id, "alg": self.algorithm, "use": "sig"}

    @property
    def public_pem(self) -> bytes:
        return self.private.public_key().public_bytes(
            Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
        )


@cache
def a_key(algorithm: str = "RS256", key_id: str = "k1", bits: int = 2048) -> ForeignKey:
    curves = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}
    if algorithm in curves:
        return ForeignKey(algorithm, key_id, ec.generate_private_key(curves[algorithm]))
    if algorithm == "EdDSA":
        return ForeignKey(algorithm, key_id, ed25519.Ed25519PrivateKey.generate())
    return ForeignKey(algorithm, key_id, rsa.generate_private_key(65537, bits))


def good_claims(now: datetime = START, **changes: object) -> dict[str, object]:
    """A claim that is changed to None is left out."""
    seconds = int(now.timestamp())
    claims = {
        "iss": ISSUER,
        "aud": CLIENT_ID,
        "sub": "subject-1",
        "iat": seconds,
        "exp": seconds + 300,
        "nonce": NONCE,
        "email": "ada@acme.example",
        "email_verified": True,
        "name": "Ada Lovelace",
        **changes,
    }
    return {name: value for name, value in claims.items() if value is not None}


def signed(
    claims: dict[str, object] | str, key: ForeignKey | None = None, /, **header: object
) -> str:
    """By hand, because libraries refuse to write what an attacker writes."""
    key = key or a_key()
    head = {"alg": key.algorithm, "kid": key.key_id, "typ": "JWT", **header}
    head = {name: value for name, value in head.items() if value is not None}
    payload = claims if isinstance(claims, str) else json.dumps(claims)
    signing_input = f"{encoded(json.dumps(head).encode())}.{encoded(payload.encode())}"
    algorithm = jwt.get_algorithm_by_name(key.algorithm)
    return f"{signing_input}.{encoded(algorithm.sign(signing_input.encode(), key.private))}"


def unsigned(claims: dict[str, object], algorithm: str = "none") -> str:
    head = {"alg": algorithm, "typ": "JWT"}
    return f"{encoded(json.dumps(head).encode())}.{encoded(json.dumps(claims).encode())}."


def signed_with_public_key(claims: dict[str, object], key: ForeignKey) -> str:
    """HS256, with the text of the public key as the secret that everybody has."""
    head = encoded(json.dumps({"alg": "HS256", "kid": key.key_id, "typ": "JWT"}).encode())
    signing_input = f"{head}.{encoded(json.dumps(claims).encode())}"
    mac = hmac.new(key.public_pem, signing_input.encode(), hashlib.sha256).digest()
    return f"{signing_input}.{encoded(mac)}"


def half_hash(text: str, name: str = "sha256") -> str:
    digest = hashlib.new(name, text.encode()).digest()
    return encoded(digest[: len(digest) // 2])


def encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@dataclass
class Issuer:
    """A set of keys, as a provider publishes it."""

    keys: list[ForeignKey] = field(default_factory=lambda: [a_key()])

    @property
    def key_set(self) -> bytes:
        return json.dumps({"keys": [key.public_jwk for key in self.keys]}).encode()
