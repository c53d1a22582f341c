"""Codes of authenticator apps, and the recovery codes for when an app is lost."""

import base64
import secrets

from services.auth.credentials import digest_of
from services.auth.domain import Totp, User
from services.auth.use_cases.token_desk import TokenDesk
from services.mesh.audit import bookkeeping
from services.mesh.caller import UserId

RECOVERY_CODES = 10

# 80 bits: out of reach of guesses, all the more as these are counted.
_RECOVERY_BYTES = 10
_GROUP_LENGTH = 4


async def use_code(desk: TokenDesk, user: User, totp: Totp, code: str) -> bool:
    """Whether it is a code of the app or a recovery code; if so, it is used up."""
    step = desk.authenticators.step_of(totp, user, code, desk.clock())
    with bookkeeping():
        async with desk.store.writing(user.tenant_id) as records:
            if step is not None:
                return await records.use_totp_step(user.user_id, step)
            return await records.take_recovery_code(
                user.user_id, recovery_digest(user.user_id, code)
            )


def new_recovery_code() -> str:
    text = base64.b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode().lower()
    groups = range(0, len(text), _GROUP_LENGTH)
    return "-".join(text[start : start + _GROUP_LENGTH] for start in groups)


def recovery_digest(user_id: UserId, code: str) -> str:
    letters = "".join(sign for sign in code.lower() if sign.isalnum())
    return digest_of(f"recovery\n{user_id}\n{letters}")
