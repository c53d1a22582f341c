"""How API keys look: `hdk_`, 43 letters and digits of chance, and 6 that check them.

The prefix lets scanners of repositories find keys that were committed, and the check lets them,
and us, tell a key from something that only looks like one, without asking a database.
"""

import re
import secrets
import string
import zlib

PREFIX = "hdk_"

_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
# 43 of 62 signs hold 256 bits.
_RANDOM_LENGTH = 43
_CHECK_LENGTH = 6
_FORM = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{_RANDOM_LENGTH + _CHECK_LENGTH}}}\Z")


def new_api_key() -> str:
    text = "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM_LENGTH))
    return f"{PREFIX}{text}{_check(text)}"


def is_api_key(text: str) -> bool:
    if not _FORM.match(text):
        return False
    chance = text[len(PREFIX) : -_CHECK_LENGTH]
    return text[-_CHECK_LENGTH:] == _check(chance)


def _check(text: str) -> str:
    number = zlib.crc32(text.encode())
    signs = []
    for _ in range(_CHECK_LENGTH):
        number, rest = divmod(number, len(_ALPHABET))
        signs.append(_ALPHABET[rest])
    return "".join(reversed(signs))
