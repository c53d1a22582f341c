"""Secrets that a service must be able to read again, useless to whoever has only the database.

A sealed text is `<key id>.<nonce and ciphertext>`, AES-256-GCM. Tenant and purpose are bound into
it, so that a text moved to another row does not open there.
"""

import base64
import binascii
import json
import os
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.mesh.caller import TenantId
from services.mesh.errors import Internal
from services.mesh.private_file import read_or_write

_KEY_BYTES = 32
_NONCE_BYTES = 12


class Sealer:
    def __init__(self, keys: Mapping[str, bytes]) -> None:
        """By key id, newest first: the first one seals, every one opens."""
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}

    def seal(self, secret: str, tenant_id: TenantId, purpose: str) -> str:
        key_id, cipher = next(iter(self._ciphers.items()))
        nonce = os.urandom(_NONCE_BYTES)
        sealed = cipher.encrypt(nonce, secret.encode(), _bound_to(tenant_id, purpose))
        return f"{key_id}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, tenant_id: TenantId, purpose: str) -> str:
        """Raises Internal for a text that was not sealed for this, or with a key that is gone."""
        key_id, _, content = sealed.partition(".")
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise Internal("A secret was sealed with a key that is not at hand.")
        try:
            data = base64.urlsafe_b64decode(content)
            bound = _bound_to(tenant_id, purpose)
            return cipher.decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], bound).decode()
        except (InvalidTag, binascii.Error, ValueError) as error:
            raise Internal("A sealed secret does not open.") from error


def sealing_keys(file: Path) -> Mapping[str, bytes]:
    """One `<key id> <key>` in each line, newest first; a file that is not there is made.

    Replicas that share a database need the same file.
    """
    keys = {}
    for line in read_or_write(file, _new_line).splitlines():
        key_id, _, key = line.strip().partition(" ")
        keys[key_id] = base64.urlsafe_b64decode(key)
    return keys


def _new_line() -> str:
    return f"{os.urandom(4).hex()} {base64.urlsafe_b64encode(os.urandom(_KEY_BYTES)).decode()}"


def _bound_to(tenant_id: TenantId, purpose: str) -> bytes:
    return json.dumps([tenant_id, purpose]).encode()
