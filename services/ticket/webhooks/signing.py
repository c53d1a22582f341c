"""Signatures after the Standard Webhooks specification."""

import base64
import hmac
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime

_PREFIX = "whsec_"
_BYTES = 32


def new_secret() -> str:
    return f"{_PREFIX}{base64.b64encode(secrets.token_bytes(_BYTES)).decode()}"


def signed_headers(
    message_id: str, time: datetime, body: bytes, signing: Sequence[str]
) -> Mapping[str, str]:
    """With a signature of each secret, so that a receiver may know the old or the new one."""
    timestamp = int(time.timestamp())
    content = f"{message_id}.{timestamp}.".encode() + body
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(_signature(secret, content) for secret in signing),
    }


def _signature(secret: str, content: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    return f"v1,{base64.b64encode(hmac.digest(key, content, 'sha256')).decode()}"
