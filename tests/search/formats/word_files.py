"""Word documents as tests need them."""

import zipfile
from collections.abc import Mapping
from io import BytesIO

from docx import Document
from docx.document import Document as WordDocument
from docx.shared import Pt, RGBColor
from PIL import Image

from services.search.formats.limits import MEBIBYTE

BODY = "word/document.xml"
BOMB = b"<w:p><w:r><w:t>" + b"0" * 30 * MEBIBYTE + b"</w:t></w:r></w:p>"
ENTITIES = {
    "a file": b'<!DOCTYPE x [<!ENTITY secret SYSTEM "file:///etc/hostname">]>',
    "an address": b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
    "laughs": b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
}


def a_guide() -> WordDocument:
    """With everything that should survive, and some that should not."""
    document = Document()
    document.core_properties.title = "Template 7"
    document.add_heading("Connect to the VPN", 0)
    document.add_heading("Install", 1)
    paragraph = document.add_paragraph("Use the ")
    paragraph.add_run("VPN").bold = True
    paragraph.add_run(", not *stars*.")
    for step in ("Open the shop.", "Choose Gate."):
        document.add_paragraph(step, style="List Number")
    document.add_paragraph("A word between the steps.")
    document.add_paragraph("Press Install.", style="List Number")
    document.add_paragraph("At home", style="List Bullet")
    document.add_paragraph("On the way", style="List Bullet 2")
    table = document.add_table(rows=3, cols=2)
    for row, cells in zip(
        table.rows, [("Code", "Meaning"), ("619", "expired"), ("720", "a|b")], strict=True
    ):
        for cell, text in zip(row.cells, cells, strict=True):
            cell.text = text
    for line in ("sudo gate", "  gate --up"):
        document.add_paragraph().add_run(line).font.name = "Courier New"
    picture = BytesIO()
    Image.new("RGB", (4, 4)).save(picture, "PNG")
    picture.seek(0)
    document.add_picture(picture)
    document.inline_shapes[0]._inline.docPr.set("descr", "The red button")
    return document


GUIDE = """\
# Connect to the VPN

# Install

Use the **VPN**, not \\*stars\\*.

1. Open the shop.
2. Choose Gate.

A word between the steps.

3. Press Install.

- At home
  - On the way

| Code | Meaning |
| --- | --- |
| 619 | expired |
| 720 | a\\|b |

```
sudo gate
  gate --up
```

![The red button]()
"""


def with_hidden_text() -> WordDocument:
    document = Document()
    document.add_paragraph("Seen.")
    document.add_paragraph().add_run("Hidden by its font.").font.hidden = True
    document.add_paragraph().add_run("Hidden by its colour.").font.color.rgb = RGBColor(
        255, 255, 255
    )
    document.add_paragraph().add_run("Hidden by its size.").font.size = Pt(1)
    return document


def an_empty_one() -> bytes:
    return saved(Document())


def saved(document: WordDocument) -> bytes:
    file = BytesIO()
    document.save(file)
    return file.getvalue()


def changed(data: bytes, parts: Mapping[str, bytes]) -> bytes:
    """The same document with other parts, packed as tightly as can be."""
    file = BytesIO()
    with (
        zipfile.ZipFile(BytesIO(data)) as before,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as after,
    ):
        for name in before.namelist():
            after.writestr(name, parts.get(name, before.read(name)))
        for name in parts.keys() - {*before.namelist()}:
            after.writestr(name, parts[name])
    return file.getvalue()


def part_of(data: bytes, name: str) -> bytes:
    with zipfile.ZipFile(BytesIO(data)) as archive:
        return archive.read(name)


def a_bomb() -> bytes:
    data = saved(Document())
    body = part_of(data, BODY).replace(b"<w:body>", b"<w:body>" + BOMB)
    return changed(data, {BODY: body})


def with_entities(entity: bytes = ENTITIES["a file"], encoding: str = "utf-8") -> bytes:
    data = saved(Document())
    text = part_of(data, BODY).partition(b"?>")[2].decode()
    head = f"<?xml version='1.0' encoding='{encoding}'?>"
    return changed(data, {BODY: (head + entity.decode() + text).encode(encoding)})
