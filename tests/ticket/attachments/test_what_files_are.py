"""Names and types of files, whatever anybody makes up."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.mesh.errors import MeshError
from services.ticket.domain.file_names import checked_name
from services.ticket.domain.media_types import DEFAULT_TYPES, Sniffer
from services.ticket.errors.attachments import AttachmentTypeNotAllowed

OFFICE = "application/vnd.openxmlformats-officedocument"
_UNWANTED = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def type_of(content: bytes, name: str, declared: str = "", *, piece: int = 7) -> str:
    sniffer = Sniffer()
    for at in range(0, len(content), piece):
        sniffer.feed(content[at : at + piece])
    return sniffer.media_type(name, declared, DEFAULT_TYPES)


@pytest.mark.parametrize(
    ("content", "name", "declared", "media_type"),
    [
        (b"\x89PNG\r\n\x1a\n", "a.PNG", "", "image/png"),
        (b"\xff\xd8\xff\xe0", "a.jpeg", "image/jpg", "image/jpeg"),
        (b"GIF89a", "a.gif", "image/gif", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "a.webp", "", "image/webp"),
        (b"%PDF-1.7\n%\xe2\xe3", "a.pdf", "application/octet-stream", "application/pdf"),
        (b"PK\x03\x04...", "a.zip", "application/x-zip-compressed", "application/zip"),
        (b"PK\x03\x04...", "a.docx", "", f"{OFFICE}.wordprocessingml.document"),
        (b"PK\x03\x04...", "a.xlsx", "application/zip", f"{OFFICE}.spreadsheetml.sheet"),
        (b"\x1f\x8b\x08\x00", "a.tar.gz", "application/x-gzip", "application/gzip"),
        (b"\x00\x00\x00\x18ftypisom", "a.mp4", "video/mp4", "video/mp4"),
        (b"a;b\n\xe4;\xf6\n", "a.csv", "text/plain", "text/csv"),
        (b"# Hi\n", "README.md", "text/markdown; charset=utf-8", "text/markdown"),
        (b'{"a": 1}', "a.json", "application/json", "application/json"),
        (b"Text.", "LICENSE", "", "text/plain"),
        (b"\xef\xbb\xbfText.", "a.txt", "", "text/plain"),
    ],
)
def test_a_file_is_what_its_bytes_say(
    content: bytes, name: str, declared: str, media_type: str
) -> None:
    assert type_of(content, name, declared) == media_type


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_no_page_passes_for_anything(before: bytes, after: bytes) -> None:
    space = bytes(sign for sign in before if sign in b" \t\r\n")
    for markup in (b"<html", b"<SCRIPT", b"<!DocType html", b"<svg", b"<?xml", b"<!--", b"<iframe"):
        for name in ("a.txt", "a.png", "a.json", "a"):
            with pytest.raises(AttachmentTypeNotAllowed):
                type_of(space + markup + b" " + after, name)


@given(st.binary(min_size=1, max_size=300), st.integers(1, 50))
def test_it_is_the_same_however_the_bytes_come(content: bytes, piece: int) -> None:
    def told(size: int) -> object:
        try:
            return type_of(content, "a", piece=size)
        except MeshError as error:
            return error.reason, error.metadata

    assert told(piece) == told(1000)


@given(st.text(max_size=300))
def test_a_name_that_passes_can_be_saved_anywhere(name: str) -> None:
    try:
        passed = checked_name(name)
    except MeshError:
        return
    assert passed == checked_name(passed)
    assert passed.strip()
    assert not {"/", "\\", "\0"} & {*unicodedata.normalize("NFKC", passed)}
    assert passed not in (".", "..")
    assert not any(unicodedata.category(sign) in _UNWANTED for sign in passed)
    assert len(passed.encode()) <= 255
