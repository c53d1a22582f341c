import zipfile
from io import BytesIO

import pytest

from services.search.errors import DocumentEncrypted, FormatMismatch, FormatUnknown
from services.search.formats.kinds import DOCX, HTML, MARKDOWN, PDF, TEXT, Format
from services.search.formats.sniffing import format_of


def archive(*names: str) -> bytes:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for name in names:
            file.writestr(name, "x")
    return packed.getvalue()


WORD = archive("[Content_Types].xml", "word/document.xml")
OLD_WORD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000)
SHEET = archive("[Content_Types].xml", "xl/workbook.xml")
PAGE = b"\xef\xbb\xbf\n<!-- made by hand --><!DOCTYPE html><html><body>Hello</body></html>"


@pytest.mark.parametrize(
    ("data", "source_uri", "media_type", "expected"),
    [
        (b"# Start", "start.md", "", MARKDOWN),
        (b"Words", "notes.TXT", "", TEXT),
        (b"Words", "notes", "", TEXT),
        (b"Words", "notes", "text/markdown; charset=utf-8", MARKDOWN),
        (b"<p>A piece of a page", "piece.html", "", HTML),
        (PAGE, "page.html", "text/html", HTML),
        (PAGE, "no-ending", "application/octet-stream", HTML),
        (PAGE.decode("utf-8-sig").encode("utf-16"), "page.htm", "", HTML),
        (b"%PDF-1.7\n", "guide.pdf", "application/pdf", PDF),
        (b"mailed\n%PDF-1.7\n", "guide", "", PDF),
        (WORD, "steps.docx", "", DOCX),
        (WORD, "steps", "", DOCX),
        ("Grüße".encode("utf-16"), "greetings.txt", "", TEXT),
    ],
)
def test_formats_are_told_by_the_bytes(
    data: bytes, source_uri: str, media_type: str, expected: Format
) -> None:
    assert format_of(data, source_uri, media_type) is expected


@pytest.mark.parametrize(
    ("data", "source_uri", "media_type", "says"),
    [
        (PAGE, "guide.pdf", "", "its name says PDF, its bytes are HTML"),
        (b"Words", "guide.pdf", "", "its name says PDF, its bytes are plain text"),
        (b"%PDF-1.7", "guide.docx", "", "its name says Word (DOCX), its bytes are PDF"),
        (PAGE, "page.md", "", "its name says Markdown, its bytes are HTML"),
        (WORD, "steps", "application/pdf", "its media type says PDF, its bytes are Word (DOCX)"),
        (b"Words", "words", "image/png", "its media type says image/png, its bytes are plain text"),
        (b"\x89PNG\r\n", "a.md", "", "its name says Markdown, its bytes are a PNG picture"),
        (SHEET, "a.docx", "", "its bytes are a ZIP archive that is no Word document"),
        (b"a\0b", "a.txt", "", "its name says plain text, its bytes are binary, not text"),
    ],
)
def test_a_name_that_disagrees_with_the_bytes_is_refused_and_both_are_said(
    data: bytes, source_uri: str, media_type: str, says: str
) -> None:
    with pytest.raises(FormatMismatch) as caught:
        format_of(data, source_uri, media_type)
    assert caught.value.message.startswith(f"{source_uri}: ")
    assert says in caught.value.message


@pytest.mark.parametrize("data", [b"\x89PNG\r\n", b"GIF89a", SHEET, b"\0\1\2", OLD_WORD])
def test_what_is_of_no_known_format_is_refused(data: bytes) -> None:
    with pytest.raises(FormatUnknown, match="what can be imported is Markdown, plain text, HTML"):
        format_of(data, "thing")


def test_word_encrypts_in_a_container_of_its_own() -> None:
    data = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le")
    with pytest.raises(DocumentEncrypted, match=r"secret\.docx: encrypted"):
        format_of(data, "secret.docx")
