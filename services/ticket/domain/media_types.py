"""What a file is, by its bytes; name and declaration may only say the same more exactly.

A table of our own, of what people send to a helpdesk. What browsers or shells would run is known
too, so that the refusal can say what it was.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from services.ticket.domain.file_names import ending_of
from services.ticket.errors.attachments import AttachmentTypeMismatch, AttachmentTypeNotAllowed

_HEAD = 4096
_OFFICE = "application/vnd.openxmlformats-officedocument"
_ODF = "application/vnd.oasis.opendocument"

# By media type, with the endings of its names.
_ENDINGS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "image/png": ("png",),
        "image/jpeg": ("jpg", "jpeg"),
        "image/gif": ("gif",),
        "image/webp": ("webp",),
        "application/pdf": ("pdf",),
        "application/zip": ("zip",),
        f"{_OFFICE}.wordprocessingml.document": ("docx",),
        f"{_OFFICE}.spreadsheetml.sheet": ("xlsx",),
        f"{_OFFICE}.presentationml.presentation": ("pptx",),
        f"{_ODF}.text": ("odt",),
        f"{_ODF}.spreadsheet": ("ods",),
        f"{_ODF}.presentation": ("odp",),
        "application/gzip": ("gz", "tgz"),
        "video/mp4": ("mp4", "m4v"),
        "text/plain": ("txt", "log", "text", "conf", "ini", "cfg", "yaml", "yml"),
        "text/csv": ("csv",),
        "text/markdown": ("md", "markdown"),
        "application/json": ("json", "jsonl"),
    }
)
DEFAULT_TYPES = frozenset(_ENDINGS)

# The first of a family is what all of it is, and may be declared for any of it.
_ZIPPED = ("application/zip", *(name for name in _ENDINGS if name.startswith((_OFFICE, _ODF))))
_TEXTS = ("text/plain", "text/csv", "text/markdown", "application/json")

_FAMILIES: tuple[tuple[re.Pattern[bytes], tuple[str, ...]], ...] = tuple(
    (re.compile(pattern, re.DOTALL), family)
    for pattern, family in (
        (rb"\x89PNG\r\n\x1a\n", ("image/png",)),
        (rb"\xff\xd8\xff", ("image/jpeg",)),
        (rb"GIF8[79]a", ("image/gif",)),
        (rb"RIFF....WEBP", ("image/webp",)),
        (rb"%PDF-", ("application/pdf",)),
        (rb"PK(\x03\x04|\x05\x06)", _ZIPPED),
        (rb"\x1f\x8b\x08", ("application/gzip",)),
        (rb"....ftyp(isom|iso[2-9]|mp4[12]|avc1|M4V |MSNV|dash)", ("video/mp4",)),
        # Known and in no family that may be allowed.
        (rb"MZ", ("application/x-msdownload",)),
        (rb"\x7fELF", ("application/x-elf",)),
        (
            rb"(\xfe\xed\xfa[\xce\xcf]|[\xce\xcf]\xfa\xed\xfe|\xca\xfe\xba\xbe)",
            ("application/x-mach-binary",),
        ),
        (rb"#!", ("application/x-sh",)),
        (rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", ("application/x-ole-storage",)),
        (rb"(\xef\xbb\xbf)?\s*<svg[\s>/]", ("image/svg+xml",)),
        (rb"(\xef\xbb\xbf)?\s*<\?xml", ("application/xml",)),
    )
)
# What browsers take for HTML (mimesniff.spec.whatwg.org), and some more.
_MARKUP = re.compile(
    rb"(?i)(\xef\xbb\xbf)?\s*<(!--|!doctype|(html|head|script|iframe|h1|div|font|table|a|style|title"
    rb"|b|body|br|p|img|math|object|embed|link|meta|form|base|input|video|audio)(?=[\s>/]))"
)
# No text has them.
_BINARY = bytes({*range(0x20)} - {*b"\t\n\f\r\x1b"})

_SAME: Mapping[str, str] = MappingProxyType(
    {
        "image/jpg": "image/jpeg",
        "application/x-zip-compressed": "application/zip",
        "application/x-gzip": "application/gzip",
        "application/csv": "text/csv",
        "text/json": "application/json",
    }
)
_SAYS_NOTHING = {"", "application/octet-stream", "binary/octet-stream"}


def default_name(media_type: str) -> str:
    """What a file is called that has no name."""
    endings = _ENDINGS.get(media_type)
    return f"file.{endings[0]}" if endings else "file"


@dataclass
class Sniffer:
    """Sees the bytes as they come and keeps no more of them than the beginning."""

    head: bytes = b""
    is_text: bool = True

    def feed(self, piece: bytes) -> None:
        if len(self.head) < _HEAD:
            self.head += piece[: _HEAD - len(self.head)]
        if self.is_text and len(piece.translate(None, _BINARY)) != len(piece):
            self.is_text = False

    @property
    def knows_enough(self) -> bool:
        return len(self.head) >= _HEAD

    def media_type(self, name: str, declared: str, allowed: Collection[str]) -> str:
        """Raises AttachmentTypeNotAllowed, and AttachmentTypeMismatch where one of them lies."""
        family = self._family()
        if not family or not any(one in _ENDINGS for one in family):
            raise AttachmentTypeNotAllowed(family[0] if family else "")
        ending = ending_of(name)
        fitting = [one for one in family if not ending or ending in _ENDINGS[one]]
        if not fitting:
            raise AttachmentTypeMismatch(family[0], ending)
        declared = declared.partition(";")[0].strip().lower()
        declared = _SAME.get(declared, declared)
        if declared in _SAYS_NOTHING or declared == family[0]:
            found = fitting[0]
        elif declared in fitting:
            found = declared
        else:
            raise AttachmentTypeMismatch(fitting[0], declared)
        if found not in allowed:
            raise AttachmentTypeNotAllowed(found)
        return found

    def _family(self) -> tuple[str, ...]:
        for pattern, family in _FAMILIES:
            if pattern.match(self.head):
                return family
        if _MARKUP.match(self.head):
            return ("text/html",)
        return _TEXTS if self.is_text else ()
