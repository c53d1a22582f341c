"""A web page as Markdown."""

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from services.search.formats.converted import Converted, Refusal, Refused, Remark, WarningKind
from services.search.formats.decoding import declared_in, decoded
from services.search.formats.html.blocks import markdown_of
from services.search.formats.html.cleaning import clean
from services.search.formats.limits import Limits

_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)")
# Their ends may be left out, or they have none, so that they say nothing about how deep it goes.
_OPEN_ENDED = re.compile(
    r"(?:area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr|p|li|dt|dd|td|th|tr"
    r"|thead|tbody|tfoot|colgroup|option|optgroup|rt|rp|html|head|body)\Z",
    re.IGNORECASE,
)
# Careless pages leave many elements open that their readers never see nested.
_MOST_CLAIMED = 5_000


def convert(data: bytes, limits: Limits) -> Converted:
    text, remarks = decoded(data, declared_in(data))
    return converted_page(text, limits, remarks)


def converted_page(text: str, limits: Limits, remarks: list[Remark]) -> Converted:
    # The parser takes quadratic time for what is nested very deeply, so it is asked before.
    if _claimed_depth(text) > _MOST_CLAIMED:
        raise _too_deep(limits)
    tree = LexborHTMLParser(text)
    root = tree.body or tree.root
    if root is None:
        return Converted("", warnings=tuple(remarks))
    named = tree.css_first("head > title")
    title = named.text() if named is not None else ""
    hidden = clean(tree)
    if _depth(root) > limits.nesting:
        raise _too_deep(limits)
    if hidden:
        of = "piece" if hidden == 1 else "pieces"
        said = f"{hidden} {of} of hidden text left out"
        remarks = [*remarks, Remark(WarningKind.HIDDEN_TEXT, hidden, said)]
    return Converted(
        markdown_of(_main_part(tree) or root),
        title,
        tuple(remarks),
    )


def _main_part(tree: LexborHTMLParser) -> LexborNode | None:
    parts = tree.css("main, [role=main]")
    return parts[0] if len(parts) == 1 and parts[0].text(strip=True) else None


def _claimed_depth(text: str) -> int:
    depth = deepest = 0
    for match in _TAG.finditer(text):
        if not _OPEN_ENDED.match(match[2]):
            depth = max(depth - 1, 0) if match[1] else depth + 1
            deepest = max(deepest, depth)
    return deepest


def _depth(root: LexborNode) -> int:
    depth = deepest = 0
    node: LexborNode | None = root
    while node is not None:
        if node.child is not None:
            node = node.child
            depth += 1
            deepest = max(deepest, depth)
            continue
        while node is not None and depth and node.next is None:
            node = node.parent
            depth -= 1
        if not depth:
            break
        node = node.next if node is not None else None
    return deepest


def _too_deep(limits: Limits) -> Refusal:
    return Refusal(Refused.TOO_LARGE, f"its elements are nested more than {limits.nesting} deep")
