"""A record, and the MAC that ties it to the one before.

The MAC is HMAC-SHA-256 over the record's texts in the order of COLUMNS, the first of them the
format's name and the last the MAC of the record before, joined by U+001F. No text may hold that
character, and the number of joints is checked: otherwise a text could be moved over a joint.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any

FORMAT = "helpdesk.audit.v1"
FIRST_PREVIOUS_MAC = "0" * 64

_JOINT = "\x1f"


class Outcome(StrEnum):
    COMMITTED = "COMMITTED"
    ANSWERED = "ANSWERED"
    REPLAYED = "REPLAYED"
    REFUSED = "REFUSED"
    STARTED = "STARTED"


@dataclass(frozen=True, slots=True)
class Content:
    """What is known before the record has its place in a chain."""

    at_microseconds: int
    user_id: str
    session_id: str
    client_id: str
    calling_service: str
    method: str
    resource_kind: str
    resource_id: str
    outcome: Outcome
    code: str
    reason: str
    count: int
    request_id: str
    trace_id: str


@dataclass(frozen=True, slots=True)
class Record:
    """One link of a chain, with its fields in the order of COLUMNS."""

    tenant_id: str
    seq: int
    at_microseconds: int
    user_id: str
    session_id: str
    client_id: str
    calling_service: str
    method: str
    resource_kind: str
    resource_id: str
    outcome: str
    code: str
    reason: str
    count: int
    request_id: str
    trace_id: str
    key_id: str
    mac: str


COLUMNS = tuple(field.name for field in fields(Record))
SEQ, KEY_ID, MAC = COLUMNS.index("seq"), COLUMNS.index("key_id"), COLUMNS.index("mac")
_CONTENT = tuple(field.name for field in fields(Content))
# The format, every column but the MAC, and the MAC before.
_JOINTS = len(COLUMNS)
_TEMPLATE = FORMAT + f"{_JOINT}%s" * _JOINTS

_BLOCK_BYTES = 64
_INNER = bytes(byte ^ 0x36 for byte in range(256))
_OUTER = bytes(byte ^ 0x5C for byte in range(256))


class Unencodable(ValueError):
    """A text of a record holds the character that joins them."""


class MacKey:
    """HMAC-SHA-256 (RFC 2104) with the key's blocks hashed beforehand, for many short texts."""

    def __init__(self, key: bytes) -> None:
        block = key.ljust(_BLOCK_BYTES, b"\0")
        self._inner = hashlib.sha256(block.translate(_INNER))
        self._outer = hashlib.sha256(block.translate(_OUTER))

    def mac(self, text: bytes) -> str:
        inner = self._inner.copy()
        inner.update(text)
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.hexdigest()


def linked(
    tenant_id: str, seq: int, previous_mac: str, content: Content, signing: tuple[str, MacKey]
) -> Record:
    """The record in its place; `signing` is a key's id and the key. Raises Unencodable."""
    key_id, key = signing
    unsigned = Record(tenant_id=tenant_id, seq=seq, **_fields_of(content), key_id=key_id, mac="")
    return replace(unsigned, mac=mac_of(as_row(unsigned), previous_mac, key))


def mac_of(row: Sequence[object], previous_mac: str, key: MacKey) -> str:
    """The MAC that a row, its values in the order of COLUMNS, must carry. Raises Unencodable."""
    text = _TEMPLATE % (*row[:-1], previous_mac)
    if text.count(_JOINT) != _JOINTS:
        raise Unencodable("a text of an audit record holds U+001F")
    return key.mac(text.encode())


def as_row(record: Record) -> tuple[object, ...]:
    return tuple(getattr(record, name) for name in COLUMNS)


def as_values(record: Record) -> dict[str, object]:
    return dict(zip(COLUMNS, as_row(record), strict=True))


def _fields_of(content: Content) -> dict[str, Any]:
    return {name: getattr(content, name) for name in _CONTENT}
