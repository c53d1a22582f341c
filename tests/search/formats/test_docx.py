"""Word documents as Markdown: what survives, what goes, what is refused."""

import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from docx import Document

from services.search.formats.converted import Refusal, Refused, WarningKind
from services.search.formats.docx import archive
from services.search.formats.docx.document import convert
from services.search.formats.limits import MEBIBYTE, Limits
from tests.search.formats.word_files import (
    BODY,
    BOMB,
    ENTITIES,
    GUIDE,
    a_bomb,
    a_guide,
    changed,
    part_of,
    saved,
    with_entities,
    with_hidden_text,
)


def test_a_guide_survives() -> None:
    converted = convert(saved(a_guide()), Limits())
    assert converted.markdown == GUIDE
    assert converted.title == "Template 7"
    assert converted.warnings == ()


def test_numbers_go_on_and_begin_anew_as_word_shows_them() -> None:
    document = Document()
    for text, style in (
        ("One", "List Number"),
        ("Deeper", "List Number 2"),
        ("Two", "List Number"),
        ("Deeper too", "List Number 2"),
    ):
        document.add_paragraph(text, style=style)
    numbers = [
        line.split()[0] for line in convert(saved(document), Limits()).markdown.split("\n") if line
    ]
    assert numbers == ["1.", "1.", "2.", "2."]


def test_headings_keep_the_numbers_that_only_word_shows() -> None:
    document = Document()
    heading = document.add_heading("Open the flap", 2)
    properties = heading._p.get_or_add_pPr()
    number = properties._add_numPr()
    style = document.styles["List Number"].element.pPr.numPr
    number._add_numId().val = style.numId.val
    number._add_ilvl().val = 0
    assert convert(saved(document), Limits()).markdown == "## 1. Open the flap\n"


def test_links_and_inserted_text_survive_and_deleted_text_does_not() -> None:
    data = saved(Document())
    body = (
        b"<w:p><w:ins><w:r><w:t>New </w:t></w:r></w:ins><w:del><w:r><w:delText>Old"
        b"</w:delText></w:r></w:del><w:hyperlink r:id='rId99'><w:r><w:t>guide</w:t></w:r>"
        b"</w:hyperlink></w:p>"
    )
    links = part_of(data, "word/_rels/document.xml.rels").replace(
        b"</Relationships>",
        b'<Relationship Id="rId99" TargetMode="External" Target="https://acme.example/g" Type='
        b'"http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink"/>'
        b"</Relationships>",
    )
    text = part_of(data, BODY).replace(b"<w:body>", b"<w:body>" + body)
    data = changed(data, {BODY: text, "word/_rels/document.xml.rels": links})
    assert convert(data, Limits()).markdown == "New [guide](https://acme.example/g)\n"


def test_hidden_text_goes_and_is_reported() -> None:
    converted = convert(saved(with_hidden_text()), Limits())
    assert converted.markdown == "Seen.\n"
    assert [(each.kind, each.count) for each in converted.warnings] == [
        (WarningKind.HIDDEN_TEXT, 3)
    ]


def test_without_the_sieve_hidden_text_would_come_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "services.search.formats.docx.preparing._is_hidden", lambda *_, is_shaded: False
    )
    assert "Hidden by its font." in convert(saved(with_hidden_text()), Limits()).markdown


def refusal_of(data: bytes, limits: Limits | None = None) -> Refusal:
    with pytest.raises(Refusal) as caught:
        convert(data, limits or Limits())
    return caught.value


def test_a_bomb_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    def unpack(*_: object) -> bytes:
        raise AssertionError("unpacked")

    bomb = a_bomb()
    monkeypatch.setattr(zipfile.ZipFile, "read", unpack)
    by_ratio = refusal_of(bomb)
    assert by_ratio.why is Refused.TOO_LARGE
    assert "times its size; 200 times are the most" in by_ratio.detail
    by_total = refusal_of(bomb, replace(Limits(), unpacked_bytes=8 * MEBIBYTE))
    assert by_total.detail == "it unpacks to 30 MiB; 8 MiB are the most"


def test_without_the_limits_the_bomb_goes_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_require_harmless", lambda *_: None)
    assert len(archive.parts_of(a_bomb(), Limits())[BODY]) > 30 * MEBIBYTE


def test_an_archive_that_lies_about_its_size_is_refused() -> None:
    data = a_bomb()
    size = len(archive.parts_of(saved(Document()), Limits())[BODY]) + len(BOMB)
    packed_size = size.to_bytes(4, "little")
    assert data.count(packed_size) >= 1
    lying = data.replace(packed_size, (1000).to_bytes(4, "little"))
    assert refusal_of(lying).why is Refused.DAMAGED


@pytest.mark.parametrize("entity", ENTITIES.values(), ids=ENTITIES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_refused(entity: bytes, encoding: str) -> None:
    refusal = refusal_of(with_entities(entity, encoding))
    assert refusal.why is Refused.UNSAFE
    assert refusal.detail == "its part word/document.xml declares a document type, as attacks do"


def test_without_the_check_entities_would_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_require_plain_xml", lambda *_: None)
    data = saved(Document())
    text = part_of(data, BODY).replace(b"<w:body>", b"<w:body><w:p><w:r><w:t>&b;</w:t></w:r></w:p>")
    head, mark, rest = text.partition(b"?>")
    data = changed(data, {BODY: head + mark + ENTITIES["laughs"] + rest})
    assert convert(data, Limits()).markdown == "ha" * 8 + "\n"


def test_a_picture_that_names_a_file_of_the_server_brings_nothing(tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    secret.write_text("secret")
    data = saved(a_guide())
    name = "word/_rels/document.xml.rels"
    links = part_of(data, name).replace(
        b'Target="media/image1.png"', f'TargetMode="External" Target="file://{secret}"'.encode()
    )
    assert "secret" not in convert(changed(data, {name: links}), Limits()).markdown


@pytest.mark.parametrize("cut", [30, 3000, -30])
def test_a_damaged_document_is_refused(cut: int) -> None:
    refusal = refusal_of(saved(a_guide())[:cut])
    assert refusal.why is Refused.DAMAGED
    assert refusal.detail.startswith("damaged, not a whole ZIP archive")


def test_parts_that_are_no_xml_are_named() -> None:
    refusal = refusal_of(changed(saved(a_guide()), {BODY: b"<w:document><w:body>"}))
    assert (refusal.why, refusal.detail[:45]) == (
        Refused.DAMAGED,
        "damaged, its part word/document.xml is no XML",
    )


def test_an_empty_document_has_no_text() -> None:
    assert convert(saved(Document()), Limits()).markdown.strip() == ""
