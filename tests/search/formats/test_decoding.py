import codecs

import pytest

from services.search.formats.converted import Refusal, Refused, WarningKind
from services.search.formats.decoding import declared_in, decoded

GERMAN = "Die Grüße aus München kommen für alle Gäste, auch wenn sie spät über die Brücke gehen. "
RUSSIAN = "Чтобы сбросить пароль, откройте страницу входа и нажмите на ссылку Забыли пароль. "


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_decides(encoding: str) -> None:
    assert decoded(GERMAN.encode(encoding), "windows-1251") == (GERMAN, [])


def test_a_mark_of_the_other_byte_order_decides() -> None:
    assert decoded(codecs.BOM_UTF16_BE + GERMAN.encode("utf-16-be")) == (GERMAN, [])


@pytest.mark.parametrize(
    ("said", "encoding"),
    [
        ("<meta charset='windows-1251'>", "cp1251"),
        ('<meta http-equiv=content-type content="text/html; charset=cp866">', "cp866"),
        ('<?xml version="1.0" encoding="UTF-8"?>', "utf-8"),
    ],
)
def test_what_the_page_says_decides(said: str, encoding: str) -> None:
    data = (said + RUSSIAN).encode(encoding)
    assert decoded(data, declared_in(data)) == (said + RUSSIAN, [])


def test_who_says_latin_1_means_windows_1252() -> None:
    assert decoded("“50 €”".encode("cp1252"), "iso-8859-1") == ("“50 €”", [])


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (GERMAN * 5, "cp1252"),
        (RUSSIAN * 5, "cp1251"),
        ("パスワードを変更します。" * 20, "shift_jis"),
    ],
)
def test_what_nobody_says_is_recognised_and_told(text: str, encoding: str) -> None:
    read, remarks = decoded(text.encode(encoding))
    assert read == text
    assert [remark.kind for remark in remarks] == [WarningKind.ENCODING_GUESSED]


@pytest.mark.parametrize("declared", ["", "utf-8"])
def test_mixed_encodings_are_refused_with_the_place(declared: str) -> None:
    data = ("<p>" + GERMAN).encode() + GERMAN.encode("latin-1")
    with pytest.raises(Refusal, match=r"it mixes encodings: .* is not") as caught:
        decoded(data, declared)
    assert caught.value.why is Refused.ENCODING_UNCLEAR


def test_what_is_not_what_it_says_is_refused() -> None:
    with pytest.raises(Refusal, match="it says that it is utf-8, but byte 3 is none"):
        decoded("Tomás Grüße".encode("cp1252"), "utf-8")
    with pytest.raises(Refusal, match="byte order mark says utf-16-le, but byte 2 is none"):
        decoded(codecs.BOM_UTF16_LE + b"a\0b", "")
