"""Signs access tokens as auth would, and as it never would."""

import base64
import time

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from helpdesk.auth.v1 import token_service_pb2

ISSUER = "https://helpdesk.internal"


class SigningKey:
    def __init__(self, kid: str) -> None:
        self.kid = kid
        self._private = ec.generate_private_key(ec.SECP256R1())

    def token(self, **changes: object) -> str:
        """A good token, but for the claims that are given; None leaves a claim out."""
        now = int(time.time())
        claims: dict[str, object] = {
            "iss": ISSUER,
            "aud": "helpdesk",
            "sub": "user-1",
            "tenant_id": "tenant-1",
            "sid": "session-1",
            "jti": "token-1",
            "client_id": "helpdesk",
            "scope": "helpdesk",
            "roles": ["agent"],
            "iat": now,
            "nbf": now,
            "exp": now + 300,
            **changes,
        }
        present = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(
            present, self._private, "ES256", headers={"kid": self.kid, "typ": "at+jwt"}
        )

    def public(self) -> token_service_pb2.JsonWebKey:
        numbers = self._private.public_key().public_numbers()
        return token_service_pb2.JsonWebKey(
            kty="EC",
            use="sig",
            alg="ES256",
            kid=self.kid,
            crv="P-256",
            x=_base64url(numbers.x),
            y=_base64url(numbers.y),
        )


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def _base64url(number: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes(32)).decode().rstrip("=")
