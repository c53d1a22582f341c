"""PDFs as tests need them."""

from collections.abc import Sequence
from io import BytesIO

from PIL import Image
from reportlab.lib import colors, pdfencrypt
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    ListFlowable,
    PageBreak,
    Paragraph,
    Preformatted,
    SimpleDocTemplate,
    Table,
    TableStyle,
)

STYLES = getSampleStyleSheet()


def a_guide() -> bytes:
    grid = TableStyle(
        [
            ("GRID", (0, 0), (-1, -1), 0.5, colors.black),
            ("BACKGROUND", (0, 0), (-1, 0), colors.navy),
            ("TEXTCOLOR", (0, 0), (-1, 0), colors.white),
        ]
    )
    long = "Choose Gate and press Install, then wait until all of it has come, which takes a while."
    story = [
        Paragraph("Connect to the VPN", STYLES["Title"]),
        Paragraph("Install the client", STYLES["Heading2"]),
        Paragraph(
            "Use the <b>VPN</b> at home, see <a href='https://acme.example/g'>the guide</a>. " * 2,
            STYLES["BodyText"],
        ),
        ListFlowable(
            [Paragraph("Open the shop.", STYLES["BodyText"]), Paragraph(long, STYLES["BodyText"])],
            bulletType="1",
            bulletFormat="%s.",
            start=3,
        ),
        ListFlowable([Paragraph("apples", STYLES["BodyText"])], bulletType="bullet"),
        Table([["Code", "Meaning"], ["619", "expired"], ["720", "a|b"]], style=grid),
        Preformatted("sudo gate\n  gate --up\n\nexit", STYLES["Code"]),
        PageBreak(),
        Paragraph("Call the desk.", STYLES["BodyText"]),
    ]
    file = BytesIO()

    def foot(canvas: Canvas, template: SimpleDocTemplate) -> None:
        canvas.drawString(100, 20, f"Page {template.page}")

    SimpleDocTemplate(file, title="VPN guide").build(story, onFirstPage=foot, onLaterPages=foot)
    return file.getvalue()


GUIDE = """\
# Connect to the VPN

## Install the client

Use the **VPN** at home, see [the guide](https://acme.example/g). Use the **VPN** at home, see \
[the guide](https://acme.example/g).

3. Open the shop.
4. Choose Gate and press Install, then wait until all of it has come, which takes a while.

- apples

| Code | Meaning |
| --- | --- |
| 619 | expired |
| 720 | a\\|b |

```
sudo gate
  gate --up

exit
```

Call the desk.
"""


def pages(*texts: str, password: str = "", picture: bool = False, colour: float = 0) -> bytes:
    """A page for each text; on each a picture if so wished."""
    file = BytesIO()
    encrypt = pdfencrypt.StandardEncryption(password, strength=128) if password else None
    canvas = Canvas(file, encrypt=encrypt)
    for text in texts:
        if picture:
            drawn = ImageReader(Image.new("RGB", (60, 80), "grey"))
            canvas.drawImage(drawn, 100, 100, 200, 300)
        canvas.setFillGray(colour)
        canvas.drawString(100, 700, text)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def tagged(alternative_text: str) -> bytes:
    """A figure with an alternative text, written by hand: nothing here writes tags."""
    return _built(
        [
            b"<</Type/Catalog/Pages 2 0 R/StructTreeRoot 6 0 R/MarkInfo<</Marked true>>>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Contents 4 0 R/StructParents 0"
            b"/Resources<</Font<</F 5 0 R>>>>>>",
            _stream(
                b"/P<</MCID 0>>BDC BT /F 12 Tf 50 250 Td (Press this:) Tj ET EMC "
                b"/Figure<</MCID 1>>BDC 50 50 20 20 re f EMC"
            ),
            b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
            b"<</Type/StructTreeRoot/K[7 0 R 8 0 R]/ParentTree 9 0 R>>",
            b"<</Type/StructElem/S/P/P 6 0 R/Pg 3 0 R/K 0>>",
            b"<</Type/StructElem/S/Figure/P 6 0 R/Pg 3 0 R/K 1/Alt("
            + alternative_text.encode("ascii")
            + b")>>",
            b"<</Nums[0[7 0 R 8 0 R]]>>",
        ]
    )


def _stream(content: bytes) -> bytes:
    return b"<</Length %d>>stream\n%s\nendstream" % (len(content), content)


def _built(objects: Sequence[bytes]) -> bytes:
    file = b"%PDF-1.7\n"
    places = []
    for number, content in enumerate(objects, start=1):
        places.append(len(file))
        file += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(file)
    file += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    file += b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF"
    return file + trailer % (len(objects) + 1, start)
