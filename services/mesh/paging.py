"""Page sizes and page tokens of lists, as in AIP-158."""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping

from services.mesh.caller import TenantId
from services.mesh.errors import PageTokenInvalid

DEFAULT_PAGE_SIZE = 50
MAX_PAGE_SIZE = 100
_MAX_TOKEN_LENGTH = 2048


def page_size(wanted: int) -> int:
    """Zero means the default, and too many means the most there is."""
    return min(wanted, MAX_PAGE_SIZE) if wanted > 0 else DEFAULT_PAGE_SIZE


def encode_page_token(tenant_id: TenantId, arguments: Mapping[str, str], position: str) -> str:
    """A token that continues after `position` in this list and in no other.

    `arguments` are what the list was asked with: filter, order, parent; not the page size.
    It is a place in a list and no proof of anything: the store still asks by tenant.
    """
    content = json.dumps([_digest(tenant_id, arguments), position], separators=(",", ":"))
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def decode_page_token(tenant_id: TenantId, arguments: Mapping[str, str], token: str) -> str | None:
    """The position, or None for an empty token. Raises PageTokenInvalid for any other list's."""
    if not token:
        return None
    try:
        if len(token) > _MAX_TOKEN_LENGTH:
            raise ValueError("too long")
        padded = token + "=" * (-len(token) % 4)
        digest, position = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if digest != _digest(tenant_id, arguments) or not isinstance(position, str):
            raise ValueError("of another list")
    except (binascii.Error, ValueError, TypeError, RecursionError) as error:
        raise PageTokenInvalid("The page_token was not given out by this list.") from error
    return position


def _digest(tenant_id: TenantId, arguments: Mapping[str, str]) -> str:
    content = json.dumps([tenant_id, sorted(arguments.items())])
    return hashlib.sha256(content.encode()).hexdigest()[:16]
