"""Authenticator apps (TOTP, RFC 6238): six digits, 30 s, SHA-1, as every app knows them."""

import hmac
import re
from datetime import datetime

import pyotp

from services.auth.domain import Totp, User
from services.auth.ports import NewAuthenticator
from services.mesh.caller import UserId
from services.mesh.sealed import Sealer

STEP_SECONDS = 30

_CODE = re.compile(r"[0-9]{6}\Z")
# Clocks of phones differ, and people need a moment to type.
_NEIGHBOURS = (0, -1, 1)


class SealedAuthenticators:
    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def enrol(self, user: User, tenant_slug: str) -> NewAuthenticator:
        secret = pyotp.random_base32()
        generator = pyotp.TOTP(secret, name=user.email, issuer=f"Helpdesk {tenant_slug}")
        sealed = self._sealer.seal(secret, user.tenant_id, _purpose(user.user_id))
        return NewAuthenticator(secret, generator.provisioning_uri(), sealed)

    def step_of(self, totp: Totp, user: User, code: str, now: datetime) -> int | None:
        digits = re.sub(r"[ -]", "", code)
        if not _CODE.match(digits):
            return None
        secret = self._sealer.open(totp.sealed_secret, user.tenant_id, _purpose(user.user_id))
        generator = pyotp.TOTP(secret)
        current = int(now.timestamp()) // STEP_SECONDS
        for step in (current + neighbour for neighbour in _NEIGHBOURS):
            if hmac.compare_digest(generator.generate_otp(step), digits):
                return step
        return None


def _purpose(user_id: UserId) -> str:
    return f"totp:{user_id}"
