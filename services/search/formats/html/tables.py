"""Tables as Markdown's: one line a row, the first one above the rule."""

from collections.abc import Iterator

from selectolax.lexbor import LexborNode

from services.search.formats.html.inline import inline
from services.search.formats.pipes import pipe_table

_MOST_SPANNED = 100


def is_layout(table: LexborNode) -> bool:
    """Tables that only place things on a page: their cells are read one by one."""
    if table.attributes.get("role") in ("presentation", "none") or table.css_first("table table"):
        return True
    rows = list(_rows(table))
    return all(sum(1 for _ in _cells(row)) < 2 for row in rows)  # noqa: PLR2004 - a single column


def table_of(table: LexborNode) -> str:
    """A cell that spans several is repeated in each row, and leaves the others of its row empty."""
    rows: list[list[str]] = []
    hanging: dict[int, tuple[int, str]] = {}
    for row in _rows(table):
        filled: list[str] = []
        for cell in _cells(row):
            _hang(filled, hanging)
            text = _cell_text(cell)
            across, down = _span(cell, "colspan"), _span(cell, "rowspan")
            for offset in range(across):
                shown = text if offset == 0 else ""
                if down > 1:
                    hanging[len(filled)] = (down, shown)
                filled.append(shown)
        _hang(filled, hanging)
        hanging = {place: (left - 1, text) for place, (left, text) in hanging.items() if left > 1}
        rows.append(filled)
    return pipe_table(rows)


def _hang(filled: list[str], hanging: dict[int, tuple[int, str]]) -> None:
    while len(filled) in hanging:
        filled.append(hanging[len(filled)][1])


def _rows(table: LexborNode) -> Iterator[LexborNode]:
    for child in table.iter():
        if child.tag == "tr":
            yield child
        elif child.tag in ("thead", "tbody", "tfoot"):
            yield from (row for row in child.iter() if row.tag == "tr")


def _cells(row: LexborNode) -> Iterator[LexborNode]:
    return (cell for cell in row.iter() if cell.tag in ("td", "th"))


def _span(cell: LexborNode, name: str) -> int:
    said = (cell.attributes.get(name) or "").strip()
    return min(max(int(said[:4]), 1), _MOST_SPANNED) if said.isascii() and said.isdigit() else 1


def _cell_text(cell: LexborNode) -> str:
    return " ".join(_texts(cell)).strip()


def _texts(node: LexborNode) -> Iterator[str]:
    loose: list[LexborNode] = []
    for child in node.iter(include_text=True):
        if child.tag in ("p", "div", "ul", "ol", "li", "pre", "blockquote", "dl", "dt", "dd", "h4"):
            yield inline(loose)
            loose = []
            yield from _texts(child)
        else:
            loose.append(child)
    yield inline(loose)
