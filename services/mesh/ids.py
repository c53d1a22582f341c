"""Ids: UUID version 7 (RFC 9562), so that rows written later sort later."""

import os
import re
import time

_FORM = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")


def new_id() -> str:
    # The twelve bits after the milliseconds hold the fraction of the millisecond (RFC 9562,
    # section 6.2, method 3), which keeps the ids of one process in the order of their making.
    milliseconds, nanoseconds = divmod(time.time_ns(), 1_000_000)
    fraction = nanoseconds * 4096 // 1_000_000
    tail = int.from_bytes(os.urandom(8)) & 0x3FFF_FFFF_FFFF_FFFF
    number = (milliseconds << 80) | (0x7 << 76) | (fraction << 64) | (0b10 << 62) | tail
    digits = f"{number:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def is_id(text: str) -> bool:
    """Whether the text is a UUID in its one canonical spelling."""
    return _FORM.match(text) is not None
