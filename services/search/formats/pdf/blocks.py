"""Lines to Markdown: headings by their size, lists by their signs, code by its letters."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from services.search.formats.escaping import address_of, bracketed, escaped, without_line_marks
from services.search.formats.pdf.lines import Line, Word, gap, spaced

_LARGER = 1.12
_MOST_LEVELS = 4
_LONGEST_HEADING = 200
_BULLET = re.compile(r"^[•‣◦▪▸►\u2013·●○■□❖➢\uf0a7\uf0b7*-]$")
_NUMBER = re.compile(r"^(\d{1,3})[.)]$")
# Behind a link, within the word that it ends with.
_STOP = re.compile(r"[.,;:!?]+\Z")
_NEW_PARAGRAPH = 0.75
_NEW_HEADING = 0.35
_NEW_CODE_BLOCK = 2.5
_NESTED_BY = 8.0


@dataclass(frozen=True)
class Sizes:
    """The size of the body's letters, and the larger ones from the largest down."""

    body: float
    headings: tuple[float, ...]

    def level(self, line: Line) -> int:
        if line.size < self.body * _LARGER or len(line.text) > _LONGEST_HEADING:
            return 0
        return min(sum(size > line.size for size in self.headings) + 1, _MOST_LEVELS)


def sizes_of(lines: Sequence[Line]) -> Sizes:
    count = Counter[float]()
    for line in lines:
        count[line.size] += len(line.text)
    if not count:
        return Sizes(10.0, ())
    body = count.most_common(1)[0][0]
    return Sizes(body, tuple(sorted((s for s in count if s >= body * _LARGER), reverse=True)))


@dataclass
class _Block:
    kind: str
    lines: list[Line]
    level: int = 0


def blocks_of(pieces: Sequence[Line | str], sizes: Sizes) -> Iterator[str]:
    """A piece that is text already, a table, stays where it is."""
    waiting: list[Line] = []
    for piece in pieces:
        if isinstance(piece, Line):
            waiting.append(piece)
            continue
        yield from _written(waiting, sizes)
        waiting = []
        yield piece
    yield from _written(waiting, sizes)


def _written(lines: Sequence[Line], sizes: Sizes) -> Iterator[str]:
    items: list[str] = []
    indents: list[float] = []
    was_numbered = False
    for block in _grouped(lines, sizes):
        is_item = block.kind == "item"
        is_numbered = is_item and _NUMBER.match(block.lines[0].words[0].text) is not None
        is_other = len(indents) < 2 and is_numbered != was_numbered  # noqa: PLR2004 - not nested
        if items and (not is_item or is_other):
            yield "\n".join(items)
            items, indents = [], []
        if is_item:
            items.append(_item(block, indents))
            was_numbered = is_numbered if len(indents) == 1 else was_numbered
            continue
        if block.kind == "code":
            yield _code(block.lines)
        elif block.kind == "heading":
            yield f"{'#' * block.level} {_joined(block.lines, is_heading=True)}"
        else:
            yield without_line_marks(_joined(block.lines))
    if items:
        yield "\n".join(items)


def _grouped(lines: Sequence[Line], sizes: Sizes) -> list[_Block]:
    blocks: list[_Block] = []
    for line in lines:
        kind, level = _kind(line, sizes)
        last = blocks[-1] if blocks else None
        if last is not None and _belongs(line, kind, level, last):
            last.lines.append(line)
        else:
            blocks.append(_Block(kind, [line], level))
    return blocks


def _kind(line: Line, sizes: Sizes) -> tuple[str, int]:
    if line.is_code:
        return "code", 0
    if level := sizes.level(line):
        return "heading", level
    first = line.words[0].text
    is_item = len(line.words) > 1 and (_BULLET.match(first) or _NUMBER.match(first))
    return ("item" if is_item else "text"), 0


def _belongs(line: Line, kind: str, level: int, block: _Block) -> bool:
    before = block.lines[-1]
    gap = line.top - before.bottom
    if gap < -before.height:
        # The next column or page.
        return kind == block.kind == "code"
    if kind == block.kind == "code":
        return gap < _NEW_CODE_BLOCK * line.height
    if kind == block.kind == "heading":
        return level == block.level and gap < _NEW_HEADING * line.height
    if kind != "text" or gap >= _NEW_PARAGRAPH * line.height:
        return False
    if block.kind == "item":
        return line.x0 > block.lines[0].x0 + 1
    # A bold line above others is a heading of its own kind.
    return block.kind == "text" and (line.is_bold or not block.lines[0].is_bold)


def _item(block: _Block, indents: list[float]) -> str:
    first, *others = block.lines
    while indents and first.x0 < indents[-1] - _NESTED_BY:
        indents.pop()
    if not indents or first.x0 > indents[-1] + _NESTED_BY:
        indents.append(first.x0)
    sign = _NUMBER.match(first.words[0].text)
    mark = f"{sign[1]}. " if sign else "- "
    text = _joined([Line(first.words[1:]), *others])
    return "   " * (len(indents) - 1) + mark + text


def _joined(lines: Sequence[Line], *, is_heading: bool = False) -> str:
    text = ""
    for line in lines:
        piece = _inline(line.words, is_heading=is_heading)
        if not text:
            text = piece
        elif re.search(r"[^\W\d_]-$", text) and piece[:1].islower():
            text = text[:-1] + piece
        else:
            text += " " + piece
    return text


def _inline(words: Sequence[Word], *, is_heading: bool) -> str:
    """Runs of words that look alike; in a heading all is bold, so that nothing of it is."""
    written = ""
    last: Word | None = None

    def look(word: Word) -> tuple[str, bool, bool]:
        return word.address, word.is_fixed, word.is_bold and not is_heading

    for (address, is_fixed, is_bold), alike in groupby(words, look):
        run = tuple(alike)
        text, behind = spaced(run), ""
        if address and (match := _STOP.search(text)):
            text, behind = text[: match.start()], match[0]
        if is_fixed and "`" not in text:
            text = f"`{text}`"
        else:
            text = escaped(text)
            text = f"**{text}**" if is_bold else text
        target = address_of(address)
        text = f"[{bracketed(text)}]({target})" if target and text else text
        written += (gap(last, run[0]) if last else "") + text + behind
        last = run[-1]
    return written


def _code(lines: Sequence[Line]) -> str:
    letters = sum(len(word.text) for line in lines for word in line.words)
    width = sum(word.x1 - word.x0 for line in lines for word in line.words) / max(letters, 1)
    left = min(line.x0 for line in lines)
    rows: list[str] = []
    for number, line in enumerate(lines):
        if number and line.top - lines[number - 1].bottom > line.height:
            rows.append("")
        row = ""
        for word in line.words:
            column = round((word.x0 - left) / max(width, 1.0))
            row = row.ljust(column) if column > len(row) or not row else f"{row} "
            row += word.text
        rows.append(row)
    longest = max((len(run) for run in re.findall("`{3,}", "\n".join(rows))), default=2)
    fence = "`" * (longest + 1)
    return "\n".join([fence, *rows, fence])
