"""ID tokens (OpenID Connect Core, section 2): who has logged in, told to one client."""

from datetime import datetime

import jwt

from services.auth.authorization import ID_TOKEN_LIFE, AuthorizationCode, half_hash
from services.auth.domain import SessionId
from services.auth.oauth_ports import IdTokenClaims
from services.auth.signing import KeyRing
from services.mesh.caller import TenantId, UserId
from services.mesh.tokens import ALGORITHM, MAX_TOKEN_LENGTH

TOKEN_TYPE = "JWT"  # noqa: S105 - the media type of RFC 7519
_NAMES = ("sub", "tenant_id", "aud", "sid")


class SignedIdTokens:
    def __init__(self, keys: KeyRing, issuer: str) -> None:
        self._keys = keys
        self._issuer = issuer

    async def sign(
        self, code: AuthorizationCode, session_id: SessionId, access_token: str, now: datetime
    ) -> str:
        claims: dict[str, object] = {
            "iss": self._issuer,
            "sub": code.user_id,
            "aud": code.client_id,
            "tenant_id": code.tenant_id,
            "sid": session_id,
            "auth_time": int(code.auth_time.timestamp()),
            "at_hash": half_hash(access_token),
            "iat": int(now.timestamp()),
            "exp": int((now + ID_TOKEN_LIFE).timestamp()),
        }
        if code.nonce:
            claims["nonce"] = code.nonce
        return await self._keys.sign_claims(claims, TOKEN_TYPE, now)

    async def recognise(self, token: str) -> IdTokenClaims | None:
        if len(token) > MAX_TOKEN_LENGTH:
            return None
        try:
            header = jwt.get_unverified_header(token)
            key_id = header.get("kid")
            if header.get("typ") != TOKEN_TYPE or not isinstance(key_id, str):
                return None
            await self._keys.look_for(key_id)
            key = self._keys.find_key(key_id)
            if key is None:
                return None
            claims = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                issuer=self._issuer,
                # A hint may be old (RP-Initiated Logout, section 2), and is for whom it says.
                options={"verify_exp": False, "verify_aud": False, "require": list(_NAMES)},
            )
        except jwt.PyJWTError:
            return None
        user_id, tenant_id, client_id, session_id = (claims[name] for name in _NAMES)
        if not all(isinstance(value, str) for value in (user_id, tenant_id, client_id, session_id)):
            return None
        return IdTokenClaims(UserId(user_id), TenantId(tenant_id), client_id, SessionId(session_id))
