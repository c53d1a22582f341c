"""The lines of a page, in the order in which the file tells them."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

_FIXED_WIDTH = re.compile(r"courier|consolas|mono|menlo|monaco|typewriter|cmtt", re.IGNORECASE)
_BOLD = re.compile(r"bold|black|heavy|semibold|demi", re.IGNORECASE)
_SAME_LINE = 0.5
_SPACE = 0.1
# What fonts of signs show has often no letter: almost always the dot before an item.
_SIGN_WITHOUT_LETTER = re.compile(r"\A\(cid:\d+\)\Z")


@dataclass(frozen=True)
class Word:
    text: str
    x0: float
    x1: float
    top: float
    bottom: float
    size: float
    font: str
    address: str = ""

    @property
    def is_fixed(self) -> bool:
        return _FIXED_WIDTH.search(self.font) is not None

    @property
    def is_bold(self) -> bool:
        return _BOLD.search(self.font) is not None

    @property
    def middle(self) -> tuple[float, float]:
        return (self.x0 + self.x1) / 2, (self.top + self.bottom) / 2


@dataclass(frozen=True)
class Line:
    words: tuple[Word, ...]

    @property
    def text(self) -> str:
        return spaced(self.words)

    @property
    def x0(self) -> float:
        return self.words[0].x0

    @property
    def top(self) -> float:
        return min(word.top for word in self.words)

    @property
    def bottom(self) -> float:
        return max(word.bottom for word in self.words)

    @property
    def height(self) -> float:
        return max(self.bottom - self.top, 1.0)

    @property
    def size(self) -> float:
        sizes = Counter[float]()
        for word in self.words:
            sizes[round(word.size * 2) / 2] += len(word.text)
        return sizes.most_common(1)[0][0]

    @property
    def is_code(self) -> bool:
        return all(word.is_fixed for word in self.words)

    @property
    def is_bold(self) -> bool:
        return all(word.is_bold for word in self.words)


def spaced(words: Sequence[Word]) -> str:
    text = words[0].text
    for before, word in pairwise(words):
        text += f"{gap(before, word)}{word.text}"
    return text


def gap(before: Word, word: Word) -> str:
    """Nothing where only the font changes within a word."""
    return " " if word.x0 - before.x1 > _SPACE * word.size or word.top > before.bottom else ""


def words_of(page: Any, links: Sequence[Any]) -> list[Word]:  # noqa: ANN401 - pdfplumber's own
    found = page.extract_words(use_text_flow=True, extra_attrs=["fontname", "size"])
    words = [
        Word(
            _SIGN_WITHOUT_LETTER.sub("•", one["text"]),
            one["x0"],
            one["x1"],
            one["top"],
            one["bottom"],
            one["size"],
            one["fontname"],
        )
        for one in found
    ]
    return [replace(word, address=_address(word, links)) for word in words] if links else words


def lines_of(words: Iterable[Word]) -> list[Line]:
    lines: list[list[Word]] = []
    for word in words:
        if lines and _continues(lines[-1][-1], word):
            lines[-1].append(word)
        else:
            lines.append([word])
    return [Line(tuple(words)) for words in lines]


def _continues(before: Word, word: Word) -> bool:
    overlap = min(before.bottom, word.bottom) - max(before.top, word.top)
    height = min(before.bottom - before.top, word.bottom - word.top)
    return overlap > _SAME_LINE * height and word.x0 >= before.x1 - height


def _address(word: Word, links: Sequence[Any]) -> str:
    x, y = word.middle
    for link in links:
        if link["x0"] <= x <= link["x1"] and link["top"] <= y <= link["bottom"]:
            return str(link.get("uri") or "")
    return ""
