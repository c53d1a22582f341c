"""What a file may be called, so that its name can be shown, logged and saved everywhere."""

import re
import unicodedata

from services.ticket.errors.attachments import AttachmentNameInvalid

LONGEST_NAME = 200
_MOST_BYTES = 255  # of a name, for most file systems

# Control characters, those that turn the direction of writing or cannot be seen, halves of
# characters, private ones, and the separators of lines.
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_FOLDER = re.compile(r".*[/\\]|[A-Za-z]:|\.+\Z")


def checked_name(name: str) -> str:
    """Returns the name in one spelling. Raises AttachmentNameInvalid."""
    name = unicodedata.normalize("NFC", name)
    if not name.strip():
        raise AttachmentNameInvalid("EMPTY")
    if any(unicodedata.category(sign) in _UNSEEN for sign in name):
        raise AttachmentNameInvalid("UNSEEN_CHARACTER")
    # Also the signs that look like a slash or a dot: some programs write them as these.
    if _FOLDER.match(unicodedata.normalize("NFKC", name)):
        raise AttachmentNameInvalid("FOLDER")
    if len(name) > LONGEST_NAME or len(name.encode()) > _MOST_BYTES:
        raise AttachmentNameInvalid("TOO_LONG")
    if name != name.strip() or name.endswith("."):
        raise AttachmentNameInvalid("SPACE_OR_DOT_AT_THE_END")
    return name


def ending_of(name: str) -> str:
    """In lower case and without the dot; empty where there is none."""
    stem, dot, ending = name.rpartition(".")
    return ending.lower() if dot and stem else ""
