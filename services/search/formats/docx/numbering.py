"""The numbers that Word shows before paragraphs; they stand nowhere in the text."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from services.search.formats.docx.words import name, path, value

_PLACE = re.compile(r"%([1-9])")
_WITHOUT_NUMBER = {"bullet", "none", ""}
_DEEPEST = 8


@dataclass(frozen=True)
class _Level:
    start: int
    number_format: str
    text: str


@dataclass(frozen=True)
class Mark:
    """`label` is what stands before the paragraph, `2.1` or `Step 3:`."""

    number: int
    label: str


@dataclass
class Numbering:
    """Counts along the paragraphs of one document, in order."""

    _levels: dict[str, dict[int, _Level]] = field(default_factory=dict)
    _lists: dict[str, str] = field(default_factory=dict)
    _restarts: dict[str, dict[int, int]] = field(default_factory=dict)
    _counted: dict[str, dict[int, int]] = field(default_factory=dict)
    _begun: set[tuple[str, int]] = field(default_factory=set)

    def next(self, number_id: str, depth: int) -> Mark | None:
        """None for bullets and for lists that nobody has defined."""
        series = self._lists.get(number_id)
        levels = self._levels.get(series or "", {})
        level = levels.get(depth)
        if series is None or level is None:
            return None
        counts = self._counted.setdefault(series, {})
        restart = self._restarts.get(number_id, {}).get(depth)
        if restart is not None and (number_id, depth) not in self._begun:
            counts[depth] = restart
        else:
            counts[depth] = counts[depth] + 1 if depth in counts else level.start
        self._begun.add((number_id, depth))
        for deeper in [one for one in counts if one > depth]:
            del counts[deeper]
        if level.number_format in _WITHOUT_NUMBER:
            return None
        return Mark(counts[depth], _label(level, levels, counts))


def _label(level: _Level, levels: dict[int, _Level], counts: dict[int, int]) -> str:
    def shown(match: re.Match[str]) -> str:
        depth = int(match[1]) - 1
        of = levels.get(depth)
        number = counts.get(depth, of.start if of else 1)
        return _written(number, of.number_format if of else "")

    return _PLACE.sub(shown, level.text).strip()


def _written(number: int, number_format: str) -> str:
    letters = number_format.removeprefix("lower").removeprefix("upper") == "Letter"
    if letters and 1 <= number <= 26:  # noqa: PLR2004 - the alphabet
        letter = chr(ord("a") + number - 1)
        return letter.upper() if number_format.startswith("upper") else letter
    return str(number)


def read_numbering(root: Element | None) -> Numbering:
    numbering = Numbering()
    if root is None:
        return numbering
    for series in root.findall(name("abstractNum")):
        levels = {_depth(level): _level(level) for level in series.findall(name("lvl"))}
        numbering._levels[series.get(name("abstractNumId"), "")] = levels
    for one in root.findall(name("num")):
        number_id = one.get(name("numId"), "")
        numbering._lists[number_id] = value(one, "abstractNumId")
        numbering._restarts[number_id] = dict(_restarts(one.findall(name("lvlOverride"))))
    return numbering


def number_of(properties: Element | None) -> tuple[str, int] | None:
    """The list and the depth in it that a paragraph's or a style's properties name."""
    found = properties.find(name("numPr")) if properties is not None else None
    if found is None or not (number_id := value(found, "numId")):
        return None
    depth = value(found, "ilvl")
    return number_id, min(int(depth), _DEEPEST) if depth.isdigit() else 0


def _depth(level: Element) -> int:
    said = level.get(name("ilvl"), "0")
    return int(said) if said.isdigit() else 0


def _level(level: Element) -> _Level:
    start = value(level, "start")
    return _Level(
        int(start) if start.isdigit() else 1, value(level, "numFmt"), value(level, "lvlText")
    )


def _restarts(overrides: Iterable[Element]) -> Iterable[tuple[int, int]]:
    for override in overrides:
        start = value(override, "startOverride")
        if start.isdigit():
            yield _depth(override), int(start)
        elif (level := override.find(path("lvl"))) is not None:
            yield _depth(override), _level(level).start
