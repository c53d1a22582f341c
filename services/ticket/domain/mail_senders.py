"""Who a mail is from, as tickets name people."""

from hashlib import sha256

from services.mesh.caller import UserId

# Says that an answer could not be delivered.
POSTMASTER = UserId("mail:delivery")

_PREFIX = "mail:"
_LONGEST_ID = 64


def sender_id(address: str) -> UserId:
    """Nobody's who can log in. A mail does not prove who sent it."""
    name = f"{_PREFIX}{address}"
    digest = sha256(address.encode()).hexdigest()[:48]
    return UserId(name if len(name) <= _LONGEST_ID else f"{_PREFIX}{digest}")


def is_sender_id(user_id: UserId) -> bool:
    return user_id.startswith(_PREFIX)
