"""Cuts a passage of Markdown into what answers are made of, with the exact place of each piece."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from services.chat.answer.sentences import sentence_spans
from services.chat.answer.visible import is_link_only, visible
from services.chat.answer.words import words


class UnitKind(StrEnum):
    SENTENCE = "SENTENCE"
    BULLET = "BULLET"
    STEP = "STEP"
    ROW = "ROW"
    CODE = "CODE"


@dataclass(frozen=True)
class Unit:
    """A sentence, list item, table row or code block: `passage[start:end]`, and how it reads."""

    start: int
    end: int
    kind: UnitKind
    text: str
    heading: str
    group: int  # pieces of one paragraph, list or table share it
    step_number: int = 0

    @property
    def introduces(self) -> bool:
        return self.kind is UnitKind.SENTENCE and self.text.endswith(":")


_FENCE = re.compile(r"\s*(`{3,}|~{3,})")
_HEADING = re.compile(r"\s{0,3}#{1,6}(?:\s+(.*?))?\s*#*\s*$")
_UNDERLINE = re.compile(r"\s{0,3}(=+|-{2,})\s*$")
_LIST_ITEM = re.compile(r"(\s*)(?:>\s?)*(?:[-*+]|(\d{1,9})[.)])\s+(?:\[[ xX]\]\s+)?(?=\S)")
_QUOTE_MARK = re.compile(r"\s*(?:>\s?)+")
_TABLE_DELIMITER = re.compile(r"\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$")
_NOISE = re.compile(
    r"\s*(?:(?:[-*_]\s*){3,}"
    r"|\{[%{:][^\n]*[%}]?\}"
    r"|<[^\n]*>"
    r"|!\[[^\n]*\]\([^\n]*\)(?:\{[^\n]*\})?"
    r"|\[[^\]\n]+\]:\s*\S[^\n]*)\s*$"
)
_INDENTED_CODE = re.compile(r"(?: {4}|\t)")
_LONGEST_ITEM = 400
_FEWEST_WORDS = 2
_LONGEST_BOLD_HEADING_WORDS = 12


def cut_into_units(passage: str, *, begins_document: bool = False) -> list[Unit]:
    return list(_Scan(passage, begins_document=begins_document).units())


@dataclass
class _Block:
    kind: UnitKind
    start: int
    end: int
    group: int
    heading: str
    step_number: int = 0


@dataclass
class _Scan:
    text: str
    begins_document: bool
    heading: str = ""
    group: int = 0
    in_list: bool = False
    block: _Block | None = None
    blocks: list[_Block] = field(default_factory=list)
    step_numbers: dict[int, int] = field(default_factory=dict)

    def units(self) -> Iterator[Unit]:
        self._scan()
        for block in self.blocks:
            yield from _units_of(self.text, block)

    def _scan(self) -> None:
        lines = _line_spans(self.text)
        index = _front_matter_lines(self.text, lines) if self.begins_document else 0
        while index < len(lines):
            start, end = lines[index]
            line = self.text[start:end]
            if fence := _FENCE.match(line):
                index = self._take_fence(lines, index, fence.group(1))
            elif "|" in line and index + 1 < len(lines) and self._is_delimiter(lines[index + 1]):
                index = self._take_table(lines, index + 2)
            else:
                self._take_line(start, end, line)
                index += 1
        self._close()

    def _take_line(self, start: int, end: int, line: str) -> None:
        if not line.strip():
            self._close()
        elif heading := _HEADING.match(line):
            self._close()
            self._begin_section(heading.group(1) or "")
        elif self._is_open(UnitKind.SENTENCE) and _UNDERLINE.match(line):
            assert self.block is not None  # noqa: S101 - narrows the type
            title, self.block = self.text[self.block.start : self.block.end], None
            self._begin_section(title)
        elif _NOISE.match(line):
            self._close()
        elif item := _LIST_ITEM.match(line):
            self._begin_item(start + item.end(), end, len(item.group(1)), item.group(2))
        elif self.block is not None:
            self.block.end = end
        else:
            self._begin_paragraph(start, end, line)

    def _begin_section(self, title: str) -> None:
        self.heading = visible(title)
        self.in_list = False

    def _begin_item(self, start: int, end: int, indent: int, number: str | None) -> None:
        self._close()
        if not self.in_list:
            self.group += 1
            self.step_numbers.clear()
        self.in_list = True
        for deeper in [depth for depth in self.step_numbers if depth > indent]:
            del self.step_numbers[deeper]
        step_number = 0
        if number is not None:
            step_number = self.step_numbers.get(indent, int(number) - 1) + 1
            self.step_numbers[indent] = step_number
        kind = UnitKind.BULLET if number is None else UnitKind.STEP
        self.block = _Block(kind, start, end, self.group, self.heading, step_number)

    def _begin_paragraph(self, start: int, end: int, line: str) -> None:
        indented = line[0] in " \t"
        if not (self.in_list and indented):
            self.in_list = False
            self.group += 1
        mark = _QUOTE_MARK.match(line)
        is_code = not self.in_list and mark is None and _INDENTED_CODE.match(line)
        kind = UnitKind.CODE if is_code else UnitKind.SENTENCE
        offset = mark.end() if mark else 0
        self.block = _Block(kind, start + offset, end, self.group, self.heading)

    def _take_fence(self, lines: list[tuple[int, int]], index: int, fence: str) -> int:
        self._close()
        if not self.in_list:
            self.group += 1
        closing = re.compile(rf"\s*{re.escape(fence[0])}{{{len(fence)},}}\s*$")
        first = index + 1
        last = first
        while last < len(lines) and not closing.match(self.text[slice(*lines[last])]):
            last += 1
        if last > first:
            start, end = lines[first][0], lines[last - 1][1]
            self.blocks.append(_Block(UnitKind.CODE, start, end, self.group, self.heading))
        return last + 1

    def _take_table(self, lines: list[tuple[int, int]], index: int) -> int:
        self._close()
        self.group += 1
        self.in_list = False
        while index < len(lines) and "|" in self.text[slice(*lines[index])]:
            start, end = lines[index]
            self.blocks.append(_Block(UnitKind.ROW, start, end, self.group, self.heading))
            index += 1
        return index

    def _is_delimiter(self, span: tuple[int, int]) -> bool:
        line = self.text[slice(*span)]
        return "-" in line and _TABLE_DELIMITER.match(line) is not None

    def _is_open(self, kind: UnitKind) -> bool:
        return self.block is not None and self.block.kind is kind

    def _close(self) -> None:
        block, self.block = self.block, None
        if block is None:
            return
        if block.kind is UnitKind.SENTENCE and _is_bold_heading(self.text[block.start : block.end]):
            self.heading = visible(self.text[block.start : block.end])
        else:
            self.blocks.append(block)


def _units_of(text: str, block: _Block) -> Iterator[Unit]:
    if block.kind is UnitKind.CODE:
        start, end = _trim(text, block.start, block.end, "\n\r")
        if text[start:end].strip():
            yield Unit(start, end, block.kind, text[start:end], block.heading, block.group)
        return
    if block.kind is UnitKind.ROW:
        start, end = _trim(text, block.start, block.end, "| \t\r")
        cells = [visible(cell) for cell in text[start:end].split("|")]
        spans, shown = [(start, end)], [" | ".join(cell for cell in cells if cell)]
    else:
        is_item = block.kind is not UnitKind.SENTENCE
        whole = is_item and block.end - block.start <= _LONGEST_ITEM
        start, end = _trim(text, block.start, block.end, None)
        spans = [(start, end)] if whole else list(sentence_spans(text, block.start, block.end))
        shown = [visible(text[first:last]) for first, last in spans]
    kind = block.kind
    for (first, last), reading in zip(spans, shown, strict=True):
        if _says_something(text[first:last], reading):
            number = block.step_number if kind is UnitKind.STEP else 0
            yield Unit(first, last, kind, reading, block.heading, block.group, number)
            # The sentences after the first of a long item follow it without a marker of their own.
            kind = UnitKind.SENTENCE if block.kind is not UnitKind.ROW else kind


def _says_something(markdown: str, reading: str) -> bool:
    return (
        len(words(reading)) >= _FEWEST_WORDS
        and not reading.endswith("?")
        and not is_link_only(markdown)
    )


def _is_bold_heading(markdown: str) -> bool:
    stripped = markdown.strip()
    return (
        stripped[:2] in ("**", "__")
        and stripped[-2:] == stripped[:2]
        and len(words(stripped)) <= _LONGEST_BOLD_HEADING_WORDS
        and stripped[2:-2].rstrip()[-1:] not in (".", "!")
        and stripped[:2] not in stripped[2:-2]
    )


def _trim(text: str, start: int, end: int, signs: str | None) -> tuple[int, int]:
    part = text[start:end]
    start += len(part) - len(part.lstrip(signs))
    return start, max(start, start + len(part.strip(signs)))


def _line_spans(text: str) -> list[tuple[int, int]]:
    """Cuts at line feeds alone; str.splitlines also cuts where Markdown reads on."""
    spans = []
    start = 0
    for line in text.split("\n"):
        spans.append((start, start + len(line.removesuffix("\r"))))
        start += len(line) + 1
    return spans


def _front_matter_lines(text: str, lines: list[tuple[int, int]]) -> int:
    if text[slice(*lines[0])].strip() != "---":
        return 0
    closings = (
        index for index, span in enumerate(lines[1:], 1) if text[slice(*span)].strip() == "---"
    )
    return next(closings, -1) + 1
