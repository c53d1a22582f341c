"""Takes out of a page what is not its text, and what its readers would not see."""

from selectolax.lexbor import LexborHTMLParser, LexborNode

from services.search.formats.html.hidden import is_hidden, shades_of
from services.search.formats.html.style_sheets import hidden_by_style_sheets

_NO_TEXT = (
    "script, style, noscript, template, iframe, frame, object, embed, applet, canvas, svg, math,"
    "audio, video, map, head, nav, button, input, select, textarea, datalist, dialog:not([open]),"
    "[role=navigation], [role=search], [role=banner], [role=contentinfo], [role=menu],"
    "[role=menubar]"
)


def clean(tree: LexborHTMLParser) -> int:
    """Returns how many pieces of text were hidden. Those are where instructions to machines go."""
    hidden = hidden_by_style_sheets(tree)
    count = sum(_has_text(node) for node in hidden)
    for node in [*hidden, *tree.css(_NO_TEXT)]:
        node.decompose()
    for node in tree.css("body > footer"):
        node.decompose()
    root = tree.body
    return count + (_without_hidden(root) if root is not None else 0)


def _without_hidden(root: LexborNode) -> int:
    count = 0
    waiting = [(root, shades_of(root, None))]
    while waiting:
        node, shades = waiting.pop()
        if is_hidden(node, shades):
            count += _has_text(node)
            node.decompose()
            continue
        waiting += [(child, shades_of(child, shades)) for child in node.iter()]
    return count


def _has_text(node: LexborNode) -> bool:
    return bool(node.text(strip=True))
