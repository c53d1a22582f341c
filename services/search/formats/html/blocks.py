"""The blocks of a page as Markdown: headings, paragraphs, lists, code, quotations, tables."""

import re
from collections.abc import Iterator, Sequence

from selectolax.lexbor import LexborNode

from services.search.formats.html.inline import BREAK, inline, paragraph
from services.search.formats.html.tables import is_layout, table_of

_BLOCKS = re.compile(
    r"(?:address|article|aside|blockquote|body|caption|center|dd|details|dialog|div|dl|dt|fieldset"
    r"|figcaption|figure|footer|form|h[1-6]|header|hgroup|hr|html|legend|li|main|menu|ol|p|pre"
    r"|section|summary|table|tbody|td|tfoot|th|thead|tr|ul)\Z"
)
_HEADING = re.compile(r"h([1-6])\Z")
_LANGUAGE = re.compile(
    r"(?:^|\s)(?:language-|lang-|highlight-(?:source-|text-)?|brush:\s*)([A-Za-z0-9+#.-]{1,20})"
)
_LONGEST_NUMBER = 999_999_999


def markdown_of(root: LexborNode) -> str:
    return "\n\n".join(_blocks(root)) + "\n"


def _blocks(node: LexborNode) -> Iterator[str]:
    loose: list[LexborNode] = []
    for child in node.iter(include_text=True):
        if not _is_block(child):
            loose.append(child)
            continue
        yield from _text(loose)
        loose = []
        yield from _block(child)
    yield from _text(loose)


def _is_block(node: LexborNode) -> bool:
    tag = node.tag or ""
    if _BLOCKS.match(tag):
        return True
    # A link or an emphasis around whole paragraphs.
    return not tag.startswith("-") and any(_is_block(child) for child in node.iter())


def _text(nodes: Sequence[LexborNode]) -> Iterator[str]:
    if text := paragraph(nodes):
        yield text


def _block(node: LexborNode) -> Iterator[str]:
    tag = node.tag or ""
    if heading := _HEADING.match(tag):
        yield from _line(node, "#" * int(heading[1]) + " ")
    elif tag in ("ul", "ol", "menu"):
        yield from _list(node)
    elif tag == "pre":
        yield from _code(node)
    elif tag == "table" and not is_layout(node):
        yield from _table(node)
    elif tag == "blockquote":
        yield from _quotation(node)
    elif tag in ("dt", "summary", "caption", "legend"):
        yield from _line(node, "**", "**")
    elif tag == "hr":
        yield "***"
    else:
        yield from _blocks(node)


def _line(node: LexborNode, before: str, behind: str = "") -> Iterator[str]:
    text = inline(node.iter(include_text=True)).replace(BREAK, " ")
    if text:
        yield text if behind and text.startswith(before) else f"{before}{text}{behind}"


def _quotation(node: LexborNode) -> Iterator[str]:
    inside = "\n\n".join(_blocks(node))
    if inside:
        yield "\n".join(f"> {line}".rstrip() for line in inside.split("\n"))


def _list(node: LexborNode) -> Iterator[str]:
    items: list[str] = []
    number = _number(node.attributes.get("start"), 1)
    is_ordered = node.tag == "ol"
    for child in node.iter():
        if child.tag in ("ul", "ol", "menu") and items:
            # Old editors nest a list beside the item that it belongs to.
            width = len(items[-1]) - len(items[-1].lstrip("0123456789.-")) + 1
            items[-1] += "\n" + _indented("\n".join(_list(child)), " " * max(width, 2))
            continue
        parts = list(_blocks(child)) if child.tag == "li" else list(_block(child))
        if not parts:
            continue
        number = _number(child.attributes.get("value"), number)
        mark = f"{number}. " if is_ordered else "- "
        number += 1
        items.append(mark + _indented(_joined(parts), " " * len(mark)).lstrip(" "))
    if items:
        yield ("\n\n" if any("\n\n" in item for item in items) else "\n").join(items)


def _number(said: str | None, otherwise: int) -> int:
    text = (said or "").strip()
    if not text.isascii() or not text.isdigit():
        return otherwise
    return min(int(text[:10]), _LONGEST_NUMBER)


def _joined(parts: Sequence[str]) -> str:
    """A list right below the text of its item makes no paragraphs of the items around it."""
    text = parts[0]
    for part in parts[1:]:
        is_list = re.match(r"(?:- |\d+\. )", part) is not None
        text += ("\n" if is_list else "\n\n") + part
    return text


def _indented(text: str, room: str) -> str:
    return "\n".join(f"{room}{line}" if line else "" for line in text.split("\n"))


def _code(node: LexborNode) -> Iterator[str]:
    text = node.text(deep=True).replace("\r\n", "\n").strip("\n")
    if not text.strip():
        return
    inner = node.css_first("code")
    classes = [node.attributes.get("class")]
    if inner is not None:
        classes.append(inner.attributes.get("class"))
    if node.parent is not None:
        classes.append(node.parent.attributes.get("class"))
    language = next((found[1] for one in classes if one and (found := _LANGUAGE.search(one))), "")
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    yield f"{fence}{language}\n{text}\n{fence}"


def _table(node: LexborNode) -> Iterator[str]:
    for caption in node.iter():
        if caption.tag == "caption":
            yield from _block(caption)
    if table := table_of(node):
        yield table
