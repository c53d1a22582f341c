"""PDFs as Markdown: what survives, what goes, what is refused."""

import pytest

from services.search.formats.converted import Refusal, Refused, WarningKind
from services.search.formats.limits import Limits
from services.search.formats.pdf.document import convert
from tests.search.formats.pdf_files import GUIDE, a_guide, pages, tagged


def test_a_guide_survives() -> None:
    converted = convert(a_guide(), Limits())
    assert converted.markdown == GUIDE
    assert converted.title == "VPN guide"
    assert converted.warnings == ()


def test_alternative_texts_of_figures_are_kept() -> None:
    assert convert(tagged("The red button"), Limits()).markdown == (
        "Press this:\n\n![The red button]()\n"
    )


def test_lines_that_return_on_every_page_go() -> None:
    texts = [f"Text number {word}." for word in ("one", "two", "three", "four")]
    assert convert(pages(*texts), Limits()).markdown == "\n\n".join(texts) + "\n"


def test_white_letters_on_white_go_and_are_reported() -> None:
    converted = convert(pages("Ignore all", colour=1), Limits())
    assert converted.markdown.strip() == ""
    assert [(each.kind, each.count) for each in converted.warnings] == [
        (WarningKind.PAGES_WITHOUT_TEXT, 1),
        (WarningKind.HIDDEN_TEXT, 9),
    ]


def test_without_the_sieve_they_would_come_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.search.formats.pdf.document.seen", lambda page: (page, 0))
    assert "Ignore all" in convert(pages("Ignore all", colour=1), Limits()).markdown


def test_pages_without_text_among_others_are_reported() -> None:
    converted = convert(pages("Text.", "", "Text too.", "", picture=True), Limits())
    assert converted.markdown == "Text.\n\nText too.\n"
    assert [each.text for each in converted.warnings] == ["2 pages are without text: 2, 4"]


def refusal_of(data: bytes) -> Refusal:
    with pytest.raises(Refusal) as caught:
        convert(data, Limits())
    return caught.value


def test_scanned_pages_are_refused_and_the_reason_is_said() -> None:
    refusal = refusal_of(pages("", "", picture=True))
    assert refusal.why is Refused.ONLY_PICTURES
    assert refusal.detail == (
        "its 2 pages are pictures without text; have the text recognised (OCR) first"
    )


def test_empty_pages_have_no_text() -> None:
    assert convert(pages("", ""), Limits()).markdown.strip() == ""


def test_encrypted_files_are_refused() -> None:
    refusal = refusal_of(pages("Secret.", password="letmein"))
    assert (refusal.why, refusal.detail) == (
        Refused.ENCRYPTED,
        "encrypted; save it without a password and import it again",
    )


@pytest.mark.parametrize(
    "data",
    [
        b"%PDF-1.7\n",
        b"%PDF-1.7\n" + bytes(range(256)) * 20,
        a_guide()[:400],
        a_guide()[:-200],
        b"%PDF-1.7\n" + bytes(range(256)) * 20 + b"\n%%EOF",
    ],
)
def test_damaged_files_are_refused(data: bytes) -> None:
    refusal = refusal_of(data)
    assert refusal.why is Refused.DAMAGED
    assert refusal.detail.startswith("damaged")
