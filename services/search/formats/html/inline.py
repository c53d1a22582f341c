"""The text within a paragraph, as Markdown."""

import re
from collections.abc import Iterable

from selectolax.lexbor import LexborNode

from services.search.formats.escaping import (
    address_of,
    bracketed,
    code_span,
    escaped,
    without_line_marks,
)

_SPACE = re.compile(r"[ \t\r\n\f\v]+")
_EMPHASIS = {"strong": "**", "b": "**", "em": "*", "i": "*", "del": "~~", "s": "~~", "strike": "~~"}
# Of headings to themselves, and of footnotes back to the text.
_PERMALINKS = {"¶", "#", "§", "🔗", "↑", "↩", ""}
BREAK = "  \n"


def inline(nodes: Iterable[LexborNode]) -> str:
    """White space is folded as a browser folds it; line breaks stay."""
    text = "".join(_piece(node) for node in nodes)
    lines = [_SPACE.sub(" ", line).strip() for line in text.split(BREAK)]
    joined = BREAK.join(lines)
    while joined.startswith(BREAK):
        joined = joined.removeprefix(BREAK)
    while joined.endswith(BREAK):
        joined = joined.removesuffix(BREAK)
    return joined


def paragraph(nodes: Iterable[LexborNode]) -> str:
    """Text that begins like a list or a heading is kept from becoming one."""
    return without_line_marks(inline(nodes))


def _piece(node: LexborNode) -> str:
    tag = node.tag or ""
    if tag == "-text":
        return escaped(_SPACE.sub(" ", node.text_content or ""))
    if alone := _ALONE.get(tag):
        return alone(node)
    if tag.startswith("-"):
        return ""
    inside = "".join(_piece(child) for child in node.iter(include_text=True))
    if tag == "a":
        return _link(node, inside)
    return _emphasised(inside, _EMPHASIS.get(tag, ""))


def image(node: LexborNode) -> str:
    """For its alternative text; one without says nothing."""
    alternative = _SPACE.sub(" ", node.attributes.get("alt") or "").strip()
    if not alternative:
        return ""
    source = address_of(node.attributes.get("src") or "")
    return f"![{bracketed(escaped(alternative))}]({source})"


def _link(node: LexborNode, inside: str) -> str:
    address = address_of(node.attributes.get("href") or "")
    if inside.strip() in _PERMALINKS:
        return ""
    # A link around a picture: links within links are not read, and its text is the picture's.
    if not address or address.startswith("#") or BREAK in inside or "](" in inside:
        return inside
    text = bracketed(inside.strip())
    before = " " if inside[:1] == " " else ""
    behind = " " if inside[-1:] == " " else ""
    return f"{before}[{text}]({address}){behind}"


def _emphasised(inside: str, mark: str) -> str:
    text = inside.strip()
    if not mark or not text or BREAK in inside:
        return inside
    before = " " if inside[:1].isspace() else ""
    behind = " " if inside[-1:].isspace() else ""
    return f"{before}{mark}{text}{mark}{behind}"


def _code(node: LexborNode) -> str:
    return code_span(node.text(deep=True))


def _break(_: LexborNode) -> str:
    return BREAK


_ALONE = {"br": _break, "img": image, **dict.fromkeys(("code", "kbd", "samp", "tt", "var"), _code)}
