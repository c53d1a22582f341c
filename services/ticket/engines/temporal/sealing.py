"""Seals all that Temporal keeps, so that it reads nothing and nobody without the key writes."""

import os
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    PayloadCodec,
)

from services.mesh.audit.keys import AuditKeys, KeyMissing

_PURPOSE = b"helpdesk.ticket.temporal.v1"
_ENCODING = b"binary/sealed"
_NONCE_BYTES = 12


class PayloadNotSealed(Exception):
    """It does not come from us, or was altered."""


class SealingCodec(PayloadCodec):
    """The newest key of the folder seals, every one of them opens."""

    def __init__(self, folder: Path) -> None:
        self._keys = AuditKeys(folder)

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        key_id, key = self._keys.signing()
        cipher = _cipher(key.mac(_PURPOSE))
        return [self._sealed(payload, key_id, cipher) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Raises PayloadNotSealed."""
        return [self._opened(payload) for payload in payloads]

    @staticmethod
    def _sealed(payload: Payload, key_id: str, cipher: AESGCM) -> Payload:
        nonce = os.urandom(_NONCE_BYTES)
        sealed = cipher.encrypt(nonce, payload.SerializeToString(), key_id.encode())
        metadata = {"encoding": _ENCODING, "key": key_id.encode()}
        return Payload(metadata=metadata, data=nonce + sealed)

    def _opened(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != _ENCODING:
            raise PayloadNotSealed
        key_id = payload.metadata.get("key", b"").decode("ascii", "replace")
        nonce, sealed = payload.data[:_NONCE_BYTES], payload.data[_NONCE_BYTES:]
        try:
            cipher = _cipher(self._keys.find(key_id).mac(_PURPOSE))
            return Payload.FromString(cipher.decrypt(nonce, sealed, key_id.encode()))
        except (InvalidTag, KeyMissing, ValueError):
            raise PayloadNotSealed from None


def sealing_converter(folder: Path) -> DataConverter:
    return DataConverter(
        payload_codec=SealingCodec(folder),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )


def _cipher(key: str) -> AESGCM:
    return AESGCM(bytes.fromhex(key))
