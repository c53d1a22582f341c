"""What a page's own style sheets hide. Sheets in other files are not fetched, and so not known."""

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from services.search.formats.html.hidden import declarations, hides

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_RULE = re.compile(r"([^{}]*)\{([^{}]*)\}")
# Rules for paper or small screens hide what others show.
_CONDITIONAL = re.compile(r"@[^{};]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}")
# States that a reader brings about, and what no element of the text is.
_PSEUDO = re.compile(r":(?!not\()")
_MOST_RULES = 5000


def hidden_by_style_sheets(tree: LexborHTMLParser) -> list[LexborNode]:
    hidden: dict[int, LexborNode] = {}
    for sheet in tree.css("style"):
        media = (sheet.attributes.get("media") or "all").lower()
        if media not in ("all", "screen", ""):
            continue
        text = _CONDITIONAL.sub("", _COMMENT.sub("", sheet.text(deep=True)))
        for selectors, body in _RULE.findall(text)[:_MOST_RULES]:
            if hides(declarations(body)):
                hidden |= {node.mem_id: node for node in _matching(tree, selectors)}
    inside = [node for node in hidden.values() if not _is_within(node, hidden)]
    return [node for node in inside if node.tag not in ("html", "body")]


def _matching(tree: LexborHTMLParser, selectors: str) -> list[LexborNode]:
    if _PSEUDO.search(selectors):
        return []
    try:
        return tree.css(selectors.strip())
    except (ValueError, RuntimeError):
        # Whatever the engine of selectors does not understand matches nothing.
        return []


def _is_within(node: LexborNode, hidden: dict[int, LexborNode]) -> bool:
    """Then it goes with the one around it, and must not be taken out twice."""
    above = node.parent
    while above is not None:
        if above.mem_id in hidden:
            return True
        above = above.parent
    return False
