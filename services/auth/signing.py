"""The signing keys at work: they sign access tokens and show their public halves."""

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from services.auth.domain import ACCESS_TOKEN_LIFE, Session, SigningKey, User
from services.auth.ports import AccessToken, AuthStore
from services.mesh.clock import Clock
from services.mesh.errors import Internal
from services.mesh.ids import new_id
from services.mesh.scopes import scope_text
from services.mesh.tokens import ALGORITHM, AUDIENCE, TOKEN_TYPE

# Another replica may have made a key: a known set is looked at again after a while, and an
# unknown key id makes us look at once, but not as often as somebody may send one.
_FRESH_FOR = timedelta(minutes=1)
_LOOK_AGAIN_AFTER = timedelta(seconds=1)

_COORDINATE_BYTES = 32


@dataclass(frozen=True, slots=True)
class PublicKey:
    key_id: str
    x: str
    y: str


@dataclass(frozen=True, slots=True)
class LoadedKey:
    stored: SigningKey
    private: EllipticCurvePrivateKey


def make_signing_key(clock: Clock) -> SigningKey:
    pem = generate_private_key(SECP256R1()).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    return SigningKey(new_id(), pem.decode(), clock())


class KeyRing:
    def __init__(self, store: AuthStore, clock: Clock, issuer: str) -> None:
        self._store = store
        self._clock = clock
        self._issuer = issuer
        self._keys: dict[str, LoadedKey] = {}
        self._load_time: datetime | None = None

    async def sign(
        self, user: User, session: Session, scope: frozenset[str], now: datetime
    ) -> AccessToken:
        expire_time = (now + ACCESS_TOKEN_LIFE).replace(microsecond=0)
        claims: dict[str, object] = {
            "iss": self._issuer,
            "aud": AUDIENCE,
            "sub": user.user_id,
            "tenant_id": user.tenant_id,
            "sid": session.session_id,
            "client_id": session.client_id,
            "scope": scope_text(scope),
            "roles": list(user.roles),
            "jti": new_id(),
            "iat": int(now.timestamp()),
            "nbf": int(now.timestamp()),
            "exp": int(expire_time.timestamp()),
        }
        return AccessToken(await self.sign_claims(claims, TOKEN_TYPE, now), expire_time)

    async def sign_claims(self, claims: dict[str, object], token_type: str, now: datetime) -> str:
        """With the newest key. The type keeps one kind of token from passing for another."""
        await self._refresh(_FRESH_FOR)
        key = next((key for key in self._keys.values() if key.stored.signs(now)), None)
        if key is None:
            raise Internal("No signing key is at hand.")
        header = {"typ": token_type, "kid": key.stored.key_id}
        return jwt.encode(claims, key.private, ALGORITHM, header)

    async def public_keys(self) -> list[PublicKey]:
        """Newest first."""
        await self._refresh(_FRESH_FOR)
        return [_public(key) for key in self._keys.values() if key.stored.verifies(self._clock())]

    def forget(self) -> None:
        """Looks into the database before the next use."""
        self._load_time = None

    async def look_for(self, key_id: str) -> None:
        """Looks into the database when the key is not known here."""
        if key_id not in self._keys:
            await self._refresh(_LOOK_AGAIN_AFTER)

    def find_key(self, key_id: str) -> EllipticCurvePublicKey | None:
        key = self._keys.get(key_id)
        return key.private.public_key() if key and key.stored.verifies(self._clock()) else None

    async def _refresh(self, oldest: timedelta) -> None:
        if self._load_time is not None and self._clock() - self._load_time < oldest:
            return
        async with self._store.reading_directory() as directory:
            stored = await directory.signing_keys()
        self._keys = {key.key_id: _load(key) for key in stored}
        self._load_time = self._clock()


def _load(key: SigningKey) -> LoadedKey:
    private = load_pem_private_key(key.private_pem.encode(), password=None)
    if not isinstance(private, EllipticCurvePrivateKey):
        raise Internal("A signing key is not of the expected kind.")
    return LoadedKey(key, private)


def _public(key: LoadedKey) -> PublicKey:
    numbers = key.private.public_key().public_numbers()
    return PublicKey(key.stored.key_id, _coordinate(numbers.x), _coordinate(numbers.y))


def _coordinate(number: int) -> str:
    # RFC 7518, section 6.2.1.2: always the full width of the curve, leading zeros included.
    return base64.urlsafe_b64encode(number.to_bytes(_COORDINATE_BYTES)).decode().rstrip("=")
