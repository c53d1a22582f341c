"""Which format a file is in: its bytes say it, and its name and media type must agree."""

import codecs
import re

from services.search.errors import DocumentEncrypted, FormatMismatch, FormatUnknown
from services.search.formats.kinds import (
    DOCX,
    FORMATS,
    HTML,
    MARKDOWN,
    PDF,
    TEXT,
    Format,
    named_by_suffix,
    stated,
)

_LOOKED_AT = 2048
_PDF_MARK = b"%PDF-"
# Readers of PDF look for the mark this far in, for the sake of mailers that put a line before it.
_PDF_MARK_WITHIN = 1024
_ZIP_MARK = b"PK\x03\x04"
_OLE_MARK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_DOCX_PART = b"word/document.xml"
_ZIP_END = b"PK\x05\x06"
# The end may be followed by a comment, which is at most so long.
_ZIP_END_WITHIN = 22 + 65_535
_ENCRYPTED_PART = "EncryptedPackage".encode("utf-16-le")
_WIDE_MARKS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_HTML_START = re.compile(
    r"\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--.{0,1000}?-->\s*)*<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)
_OTHERS = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"{\\rtf", "RTF"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
)


def format_of(data: bytes, source_uri: str, media_type: str = "") -> Format:
    """Raises FormatMismatch, FormatUnknown, or DocumentEncrypted for Word's way of encrypting."""
    by_name = named_by_suffix(source_uri)
    by_type = stated(media_type)
    found = _found(data, source_uri)
    claims = [("name", by_name), ("media type", by_type)]
    for whose, claim in claims:
        if claim is not None and not _agrees(claim, found):
            says = claim.shown if isinstance(claim, Format) else claim
            is_ = found.shown if isinstance(found, Format) else found
            raise FormatMismatch(source_uri, f"its {whose} says {says}, its bytes are {is_}")
    if isinstance(found, str):
        known = ", ".join(each.shown for each in FORMATS)
        raise FormatUnknown(source_uri, f"{found}; what can be imported is {known}")
    if found.is_marked:
        return found
    claimed = [claim for _, claim in claims if isinstance(claim, Format)]
    return claimed[0] if claimed else found


def _agrees(claim: Format | str, found: Format | str) -> bool:
    if not isinstance(claim, Format) or not isinstance(found, Format):
        return False
    # A piece of a page has no mark of HTML, and no text is a fault in Markdown.
    return claim is found or (found is TEXT and claim in (MARKDOWN, TEXT, HTML))


def _found(data: bytes, source_uri: str) -> Format | str:
    start = data[:_LOOKED_AT]
    if _PDF_MARK in start[:_PDF_MARK_WITHIN]:
        return PDF
    if start.startswith(_ZIP_MARK):
        return _zipped(data)
    if start.startswith(_OLE_MARK):
        if _ENCRYPTED_PART in data:
            raise DocumentEncrypted(
                source_uri, "encrypted; save it without a password and import it again"
            )
        return "a Word, Excel or PowerPoint file of before 2007"
    for mark, shown in _OTHERS:
        if start.startswith(mark):
            return shown
    if not start.startswith(_WIDE_MARKS) and b"\0" in data:
        return "binary, not text"
    return HTML if _HTML_START.match(_readable(start)) else TEXT


def _zipped(data: bytes) -> Format | str:
    """By the names in it, which are never packed; the archive itself is the converter's to read."""
    is_cut_off = _ZIP_END not in data[-_ZIP_END_WITHIN:]
    if _DOCX_PART in data or is_cut_off:
        return DOCX
    return "a ZIP archive that is no Word document"


def _readable(start: bytes) -> str:
    for mark, encoding in (
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF8, "utf-8"),
    ):
        if start.startswith(mark):
            return start[len(mark) :].decode(encoding, "replace")
    return start.decode("ascii", "replace")
