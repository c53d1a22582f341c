"""A Word document as Markdown, by way of HTML."""

import re
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import mammoth
from mammoth.documents import Paragraph, Run, Text, numbering_level
from mammoth.images import img_element
from mammoth.transforms import get_descendants_of_type, paragraph, run

from services.search.formats.converted import Converted, Remark, WarningKind
from services.search.formats.docx.archive import packed, parts_of
from services.search.formats.docx.numbering import read_numbering
from services.search.formats.docx.preparing import MARK_END, MARK_MIDDLE, MARK_START, prepare
from services.search.formats.docx.styles import read_styles
from services.search.formats.docx.words import STRICT, TRANSITIONAL
from services.search.formats.html.page import converted_page
from services.search.formats.limits import Limits

_TEXT_PARTS = re.compile(r"word/(?:document|footnotes|endnotes)\d*\.xml\Z")
_TITLE = "{http://purl.org/dc/elements/1.1/}title"
_CODE_STYLES = ("HTML Preformatted", "Code", "Code Block", "Source Code", "Preformatted Text")
_STYLE_MAP = "\n".join(
    [
        "p[style-name='Title'] => h1:fresh",
        "p[style-name='Quote'] => blockquote > p:fresh",
        "p[style-name='Intense Quote'] => blockquote > p:fresh",
        *(f"p[style-name='{style}'] => pre:separator('\\n')" for style in _CODE_STYLES),
        *(
            f"r[style-name='{style}'] => code"
            for style in ("HTML Code", "Inline Code", "Verbatim Char", "Source Text")
        ),
        *(f"p[style-name='toc {depth}'] => !" for depth in range(1, 10)),
        *(f"p[style-name='Heading {depth}'] => h6:fresh" for depth in range(7, 10)),
    ]
)
_FIXED_WIDTH = re.compile(
    r"courier|consolas|mono|menlo|monaco|source code|typewriter", re.IGNORECASE
)
# Each of them a list of its own, which only looks as if it were within another.
_DEEPER_LIST = re.compile(r"List (?:Number|Bullet) ([2-5])\Z", re.IGNORECASE)
_MARK_OF_ITEM = re.compile(f"<li>{MARK_START}(\\d+){MARK_MIDDLE}[^{MARK_END}]*{MARK_END}")
_MARK = re.compile(f"{MARK_START}\\d+{MARK_MIDDLE}([^{MARK_END}]*){MARK_END}")


def convert(data: bytes, limits: Limits) -> Converted:
    parts = parts_of(data, limits)
    numbering = read_numbering(_root(parts, "word/numbering.xml"))
    styles = read_styles(_root(parts, "word/styles.xml"))
    hidden = 0
    for name in [name for name in parts if _TEXT_PARTS.match(name)]:
        root = _root(parts, name)
        if root is not None:
            hidden += prepare(root, numbering, styles)
            parts[name] = ElementTree.tostring(root, "utf-8")
    page = mammoth.convert_to_html(
        packed(parts),
        style_map=_STYLE_MAP,
        include_embedded_style_map=False,
        convert_image=img_element(lambda _: {"src": ""}),
        transform_document=lambda document: paragraph(_paragraph)(run(_code_run)(document)),
    ).value
    page = _MARK.sub(r"\1 ", _MARK_OF_ITEM.sub(r'<li value="\1">', page))
    remarks = []
    if hidden:
        said = f"{hidden} {'piece' if hidden == 1 else 'pieces'} of hidden text left out"
        remarks.append(Remark(WarningKind.HIDDEN_TEXT, hidden, said))
    converted = converted_page(page, limits, remarks)
    return Converted(converted.markdown, _title(parts), converted.warnings)


def _root(parts: dict[str, bytes], name: str) -> Element | None:
    part = parts.get(name)
    if part is None:
        return None
    # No part with a document type gets here, see `parts_of`.
    return ElementTree.fromstring(part.replace(STRICT, TRANSITIONAL))  # noqa: S314


def _title(parts: dict[str, bytes]) -> str:
    root = _root(parts, "docProps/core.xml")
    found = root.find(_TITLE) if root is not None else None
    return (found.text or "") if found is not None else ""


def _paragraph(element: Paragraph) -> Paragraph:
    deeper = _DEEPER_LIST.match(element.style_name or "")
    if element.numbering is not None and deeper and element.numbering.level_index == "0":
        depth = numbering_level(str(int(deeper[1]) - 1), element.numbering.is_ordered)
        return element.copy(numbering=depth)
    return _code_paragraph(element)


def _code_paragraph(element: Paragraph) -> Paragraph:
    """Whatever its style is called: what is all in letters of one width is code."""
    if element.numbering is not None or element.style_name not in (None, "Normal", "No Spacing"):
        return element
    runs = [one for one in get_descendants_of_type(element, Run) if _has_text(one)]
    if not runs or not all(one.style_name == "Inline Code" for one in runs):
        return element
    plain = [one.copy(style_name=None) if isinstance(one, Run) else one for one in element.children]
    return element.copy(style_name="Code", children=plain)


def _code_run(element: Run) -> Run:
    is_code = element.style_name is None and _FIXED_WIDTH.search(element.font or "")
    return element.copy(style_name="Inline Code") if is_code else element


def _has_text(element: Run) -> bool:
    return any(text.value.strip() for text in get_descendants_of_type(element, Text))
