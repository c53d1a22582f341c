"""The formats that can be imported, and what says so: a name's ending, a media type."""

from dataclasses import dataclass
from pathlib import PurePosixPath


@dataclass(frozen=True)
class Format:
    """`is_marked` are the formats that their bytes tell for certain."""

    name: str
    shown: str
    media_types: tuple[str, ...]
    suffixes: tuple[str, ...]
    is_marked: bool = True

    @property
    def media_type(self) -> str:
        return self.media_types[0]


MARKDOWN = Format(
    "markdown",
    "Markdown",
    ("text/markdown", "text/x-markdown"),
    (".md", ".markdown", ".mdown"),
    is_marked=False,
)
TEXT = Format("text", "plain text", ("text/plain",), (".txt", ".text"), is_marked=False)
HTML = Format("html", "HTML", ("text/html", "application/xhtml+xml"), (".html", ".htm", ".xhtml"))
PDF = Format("pdf", "PDF", ("application/pdf", "application/x-pdf"), (".pdf",))
DOCX = Format(
    "docx",
    "Word (DOCX)",
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document",),
    (".docx",),
)
FORMATS = (MARKDOWN, TEXT, HTML, PDF, DOCX)

_BY_SUFFIX = {suffix: each for each in FORMATS for suffix in each.suffixes}
_BY_MEDIA_TYPE = {media_type: each for each in FORMATS for media_type in each.media_types}
# What senders write who do not know.
_NO_MEDIA_TYPES = {"", "application/octet-stream", "binary/octet-stream"}


def named_by_suffix(source_uri: str) -> Format | None:
    return _BY_SUFFIX.get(PurePosixPath(source_uri).suffix.lower())


def stated(media_type: str) -> Format | str | None:
    """The format, or the media type itself when that is of none; None where it says nothing."""
    plain = media_type.partition(";")[0].strip().lower()
    if plain in _NO_MEDIA_TYPES:
        return None
    return _BY_MEDIA_TYPE.get(plain, plain)
