"""Cuts a document into passages along its headings, paragraphs, lists, tables and code."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from services.search.markdown import Block, BlockKind, plain

PASSAGE_SIZE = 160
LONGEST_WHOLE_BLOCK = 300
SMALL_REST = 40
LONGEST_OVERLAP = 40
LONGEST_WORD = 1_000
CHARACTERS_PER_WORD = 12
LONGEST_HEADING = 200

_SENTENCE = re.compile(r"\S(?:.*?[.!?][\"')\]]{0,4}(?=\s)|.*\Z)", re.DOTALL)
_LINE = re.compile(r"[^\r\n]*\S[^\r\n]*")
_WORD = re.compile(rf"\S{{1,{LONGEST_WORD}}}")


@dataclass(frozen=True)
class Passage:
    """A piece of a document: `content[start:end]`, with the headings above it.

    `lead` is what a reader needs to understand it besides: the header row of a table cut in two.
    """

    start: int
    end: int
    headings: tuple[str, ...]
    lead: str = ""


@dataclass(frozen=True)
class _Unit:
    start: int
    end: int
    size: int
    is_paragraph: bool = False
    lead: str = ""


def passages_of(content: str, blocks: Sequence[Block]) -> list[Passage]:
    """The passages in order; every non-blank character but headings with a text is in one."""
    passages: list[Passage] = []
    for headings, section in _sections(blocks):
        units = [unit for block in section for unit in _units(content, block)]
        for group in _packed(units):
            start, end = group[0].start, group[-1].end
            passages.append(Passage(start, end, headings, group[0].lead))
    return passages


def size_of(text: str) -> int:
    """Words, or as many as the characters would make where there are few spaces."""
    return max(len(text.split()), -(-len(text) // CHARACTERS_PER_WORD))


def _sections(blocks: Sequence[Block]) -> Iterator[tuple[tuple[str, ...], list[Block]]]:
    path: list[Block] = []
    section: list[Block] = []
    # Headings with nothing under them are themselves what is said under the one above.
    outline: list[Block] = []
    for block in blocks:
        if block.kind is not BlockKind.HEADING:
            if outline:
                yield _texts(path[:-1]), outline
                outline = []
            section.append(block)
            continue
        above = [heading for heading in path if heading.level < block.level]
        if not section and path and block.level <= path[-1].level:
            outline.append(path[-1])
        if section:
            yield _texts(path), section
            section = []
        elif outline and above != path[:-1]:
            yield _texts(path[:-1]), outline
            outline = []
        path = [*above, block]
    if section:
        yield _texts(path), section
    elif path:
        yield _texts(path[:-1]), [*outline, path[-1]]


def _texts(path: Sequence[Block]) -> tuple[str, ...]:
    return tuple(heading.heading[:LONGEST_HEADING] for heading in path if heading.heading)


def _units(content: str, block: Block) -> Iterator[_Unit]:
    whole = _trimmed(content, block.start, block.end)
    if whole is None:
        return
    is_paragraph = block.kind is BlockKind.PARAGRAPH
    limit = PASSAGE_SIZE if is_paragraph else LONGEST_WHOLE_BLOCK
    if whole.size <= limit:
        yield replace(whole, is_paragraph=is_paragraph)
    elif block.parts:
        lead = _header(content, block)
        edges = [block.start, *block.parts[1:], block.end]
        for start, end in pairwise(edges):
            if part := _trimmed(content, start, end):
                yield from _split(content, replace(part, lead=lead if start > block.start else ""))
    else:
        yield from _split(content, whole)


def _header(content: str, block: Block) -> str:
    if block.kind is not BlockKind.TABLE or len(block.parts) == 1:
        return ""
    return plain(content[block.parts[0] : block.parts[1]])


def _split(content: str, unit: _Unit) -> Iterator[_Unit]:
    """Cuts a unit that is too long at the coarsest border that makes it fit."""
    pieces = [unit]
    for border in (_LINE, _SENTENCE, _WORD):
        if all(piece.size <= PASSAGE_SIZE for piece in pieces):
            break
        pieces = [
            smaller
            for piece in pieces
            for smaller in (_cut(content, piece, border) if piece.size > PASSAGE_SIZE else [piece])
        ]
    yield from pieces


def _cut(content: str, unit: _Unit, border: re.Pattern[str]) -> Iterator[_Unit]:
    for match in border.finditer(content, unit.start, unit.end):
        if piece := _trimmed(content, match.start(), match.end()):
            yield replace(piece, lead=unit.lead)


def _trimmed(content: str, start: int, end: int) -> _Unit | None:
    text = content[start:end]
    shown = text.strip()
    if not shown:
        return None
    first = text.index(shown[0])
    # The indentation of the first line stays: it is part of code.
    line = max(text.rfind("\n", 0, first), text.rfind("\r", 0, first)) + 1
    return _Unit(start + line, start + first + len(shown), size_of(shown))


def _packed(units: Sequence[_Unit]) -> list[list[_Unit]]:
    groups: list[list[_Unit]] = []
    size = 0
    for unit in units:
        if groups and size + unit.size <= PASSAGE_SIZE:
            groups[-1].append(unit)
            size += unit.size
            continue
        overlap = _overlap(groups[-1], unit) if groups else []
        groups.append([*overlap, unit])
        size = sum(member.size for member in groups[-1])
    return _without_small_rest(groups)


def _overlap(before: Sequence[_Unit], unit: _Unit) -> list[_Unit]:
    last = before[-1]
    fits = last.is_paragraph and last.size <= min(LONGEST_OVERLAP, LONGEST_WHOLE_BLOCK - unit.size)
    return [last] if fits and len(before) > 1 else []


def _without_small_rest(groups: list[list[_Unit]]) -> list[list[_Unit]]:
    if len(groups) < 2:  # noqa: PLR2004  # two groups are what it takes to join two
        return groups
    before, rest = groups[-2], groups[-1]
    new = [unit for unit in rest if unit not in before]
    size = sum(unit.size for unit in [*before, *new])
    if sum(unit.size for unit in new) <= SMALL_REST and size <= PASSAGE_SIZE + SMALL_REST:
        return [*groups[:-2], [*before, *new]]
    return groups
