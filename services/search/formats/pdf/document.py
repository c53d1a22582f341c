"""A PDF as Markdown."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pdfplumber
from pdfminer.pdfdocument import PDFEncryptionError, PDFPasswordIncorrect
from pdfplumber.utils.exceptions import PdfminerException

from services.search.formats.converted import Converted, Refusal, Refused, Remark, WarningKind
from services.search.formats.escaping import bracketed, escaped
from services.search.formats.limits import Limits
from services.search.formats.pdf.blocks import blocks_of, sizes_of
from services.search.formats.pdf.lines import Line, lines_of, words_of
from services.search.formats.pdf.visible import seen
from services.search.formats.pipes import pipe_table

_END = b"%%EOF"
_END_WITHIN = 2048
_MOST_PAGES = 2_000
_MOST_DRAWN = 5_000
_EDGE = 0.08
_OFTEN = 3
_JUNK_TITLE = re.compile(
    r"untitled|microsoft word|\(anonymous\)|\.(?:docx?|indd|tex|pdf)$", re.IGNORECASE
)
_PAGE_NUMBER = re.compile(r"[-\s]*(?:page\s*)?#(?:\s*(?:of|/)\s*#)?[-\s]*\Z", re.IGNORECASE)
_MOST_UNREADABLE = 0.3


@dataclass(frozen=True)
class _Page:
    """`edges` are the lines that may be a running head or foot."""

    pieces: tuple[Line | str, ...]
    edges: frozenset[str]
    figures: tuple[str, ...]
    hidden: int
    has_pictures: bool

    @property
    def is_blank(self) -> bool:
        return not self.pieces and not self.figures


def convert(data: bytes, limits: Limits) -> Converted:
    with _opened(data) as pdf:
        count = _page_count(pdf)
        figures = _alternative_texts(pdf)
        pages = [_read(page, figures.get(page.page_number, ())) for page in pdf.pages]
        title = str((pdf.metadata or {}).get("Title") or "")
    blank = [number for number, page in enumerate(pages, start=1) if page.is_blank]
    if len(blank) == count and any(page.has_pictures for page in pages):
        what = "its only page is a picture" if count == 1 else f"its {count} pages are pictures"
        raise Refusal(
            Refused.ONLY_PICTURES, f"{what} without text; have the text recognised (OCR) first"
        )
    _require_letters([piece for page in pages for piece in page.pieces if isinstance(piece, Line)])
    return Converted(
        "\n\n".join(_blocks(pages)) + "\n",
        "" if _JUNK_TITLE.search(title) else title,
        tuple(_remarks(blank, sum(page.hidden for page in pages))),
    )


def _opened(data: bytes) -> Any:  # noqa: ANN401 - pdfplumber's own
    if _END not in data[-_END_WITHIN:]:
        # Readers make something of what is left; nobody would notice what is not.
        raise Refusal(Refused.DAMAGED, "damaged, its end is missing")
    try:
        return pdfplumber.open(BytesIO(data))
    except PdfminerException as error:
        cause = error.args[0] if error.args else error
        if isinstance(cause, PDFPasswordIncorrect | PDFEncryptionError):
            detail = "encrypted; save it without a password and import it again"
            raise Refusal(Refused.ENCRYPTED, detail) from None
        raise Refusal(Refused.DAMAGED, f"damaged ({cause or type(cause).__name__})") from None


def _page_count(pdf: Any) -> int:  # noqa: ANN401 - pdfplumber's own
    count = len(pdf.pages)
    if not count:
        raise Refusal(Refused.DAMAGED, "damaged, no page of it can be read")
    if count > _MOST_PAGES:
        detail = f"it has {count} pages; {_MOST_PAGES} are the most, split it"
        raise Refusal(Refused.TOO_LARGE, detail)
    return count


def _require_letters(lines: Sequence[Line]) -> None:
    """Some fonts show letters without saying which."""
    words = [word.text for line in lines for word in line.words]
    unreadable = sum("(cid:" in word for word in words)
    if unreadable > _MOST_UNREADABLE * len(words):
        detail = (
            "its fonts do not say which letters they show; have the text recognised (OCR) first"
        )
        raise Refusal(Refused.ONLY_PICTURES, detail)


def _read(page: Any, figures: Sequence[str]) -> _Page:  # noqa: ANN401 - pdfplumber's own
    shown, hidden = seen(page)
    words = words_of(shown, page.hyperlinks)
    # Drawings of many thousand strokes take minutes to search for tables, and are none.
    is_drawing = len(page.lines) + len(page.rects) + len(page.curves) > _MOST_DRAWN
    tables = [] if is_drawing else _tables(shown)
    pieces: list[Line | str] = []
    placed: set[int] = set()
    loose = []
    for word in words:
        table = next((at for at, (box, _) in enumerate(tables) if _is_in(word.middle, box)), None)
        if table is None:
            loose.append(word)
        elif table not in placed:
            placed.add(table)
            pieces += [*lines_of(loose), tables[table][1]]
            loose = []
    pieces += lines_of(loose)
    height = page.height
    edges = {
        _key(piece)
        for piece in pieces
        if isinstance(piece, Line)
        and (piece.bottom < _EDGE * height or piece.top > (1 - _EDGE) * height)
    }
    has_pictures = bool(page.images)
    page.close()
    return _Page(tuple(pieces), frozenset(edges), tuple(figures), hidden, has_pictures)


def _tables(page: Any) -> list[tuple[tuple[float, ...], str]]:  # noqa: ANN401 - pdfplumber's own
    tables = []
    for table in page.find_tables():
        rows = [[escaped(cell or "") for cell in row] for row in table.extract()]
        rows = [row for row in rows if any(cell.strip() for cell in row)]
        # A frame around a paragraph is no table.
        if len(rows) > 1 and max(len(row) for row in rows) > 1:
            tables.append((table.bbox, pipe_table(rows)))
    return tables


def _is_in(point: tuple[float, float], box: tuple[float, ...]) -> bool:
    return box[0] <= point[0] <= box[2] and box[1] <= point[1] <= box[3]


def _key(line: Line) -> str:
    return re.sub(r"\d+", "#", line.text)


def _blocks(pages: Sequence[_Page]) -> Iterator[str]:
    counted = Counter(edge for page in pages for edge in page.edges)
    often = max(_OFTEN, len(pages) / 2)
    running = {
        edge for edge, count in counted.items() if count >= often or _PAGE_NUMBER.match(edge)
    }
    kept = [
        [
            piece
            for piece in page.pieces
            if not (isinstance(piece, Line) and _key(piece) in running & page.edges)
        ]
        for page in pages
    ]
    sizes = sizes_of([piece for pieces in kept for piece in pieces if isinstance(piece, Line)])
    for pieces, page in zip(kept, pages, strict=True):
        yield from blocks_of(pieces, sizes)
        yield from (f"![{bracketed(escaped(figure))}]()" for figure in page.figures)


def _alternative_texts(pdf: Any) -> Mapping[int, list[str]]:  # noqa: ANN401 - pdfplumber's own
    """By page. They are in the tree of tagged files, which is damaged more often than the pages."""
    found: dict[int, list[str]] = {}
    tree: list[Any] = []
    with suppress(Exception):
        tree = list(pdf.structure_tree)
    waiting = [(element, 1) for element in reversed(tree)]
    while waiting:
        element, above = waiting.pop()
        page = element.get("page_number") or above
        text = " ".join(str(element.get("alt_text") or "").split())
        if text:
            found.setdefault(page, []).append(text)
        waiting += [(child, page) for child in reversed(element.get("children", []))]
    return found


def _remarks(blank: Sequence[int], hidden: int) -> Iterator[Remark]:
    if blank:
        shown = ", ".join(map(str, blank[:10])) + (" …" if len(blank) > 10 else "")  # noqa: PLR2004
        are = "page is" if len(blank) == 1 else "pages are"
        text = f"{len(blank)} {are} without text: {shown}"
        yield Remark(WarningKind.PAGES_WITHOUT_TEXT, len(blank), text)
    if hidden:
        text = f"{hidden} hidden {'letter' if hidden == 1 else 'letters'} left out"
        yield Remark(WarningKind.HIDDEN_TEXT, hidden, text)
