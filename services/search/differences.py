"""What changed between two texts, line by line, within limits of time and size."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from io import StringIO
from itertools import islice

CONTEXT = 3
MOST_LINES = 2_000
LONGEST_LINE = 2_000
# Beyond so many changed lines texts have little in common, and looking for it takes long.
MOST_CHANGES = 500


class LineKind(StrEnum):
    UNCHANGED = "UNCHANGED"
    REMOVED = "REMOVED"
    ADDED = "ADDED"


@dataclass(frozen=True)
class Line:
    kind: LineKind
    text: str


@dataclass(frozen=True)
class Hunk:
    """Lines count from 1; where a side has none, it names the line that they would follow."""

    old_line: int
    old_count: int
    new_line: int
    new_count: int
    lines: Sequence[Line]


@dataclass(frozen=True)
class Difference:
    hunks: Sequence[Hunk]
    removed_count: int
    added_count: int
    is_truncated: bool


@dataclass(frozen=True)
class _Change:
    """`old[old_begin:old_end]` has become `new[new_begin:new_end]`."""

    old_begin: int
    old_end: int
    new_begin: int
    new_end: int


def difference_of(old: str, new: str) -> Difference:
    old_lines, new_lines = _lines(old), _lines(new)
    changes = _changes(old_lines, new_lines)
    hunks: list[Hunk] = []
    room, is_truncated = MOST_LINES, False
    for group in _groups(changes):
        every = _shown(group, old_lines, new_lines)
        lines = list(islice(every, room))
        room -= len(lines)
        is_cut = next(every, None) is not None
        is_truncated |= is_cut or any(len(line.text) > LONGEST_LINE for line in lines)
        if lines:
            hunks.append(_hunk(group[0], lines))
        if is_cut:
            break
    return Difference(
        hunks,
        sum(change.old_end - change.old_begin for change in changes),
        sum(change.new_end - change.new_begin for change in changes),
        is_truncated,
    )


def _lines(text: str) -> list[str]:
    return [*StringIO(text, newline="")]


def _changes(old: Sequence[str], new: Sequence[str]) -> list[_Change]:
    begin = _equal(old, new)
    end = min(_equal(old[::-1], new[::-1]), min(len(old), len(new)) - begin)
    steps = _search(old[begin : len(old) - end], new[begin : len(new) - end])
    if steps is None:
        return [_Change(begin, len(old) - end, begin, len(new) - end)]
    changes: list[_Change] = []
    for x, y, is_added in _walk(steps, len(old) - end - begin, len(new) - end - begin):
        step = _Change(begin + x, begin + x + (not is_added), begin + y, begin + y + is_added)
        if changes and _touch(step, changes[-1]):
            last = changes.pop()
            step = _Change(step.old_begin, last.old_end, step.new_begin, last.new_end)
        changes.append(step)
    return changes[::-1]


def _touch(one: _Change, following: _Change) -> bool:
    return (one.old_end, one.new_end) == (following.old_begin, following.new_begin)


def _equal(one: Sequence[str], other: Sequence[str]) -> int:
    """How many lines at the beginning are the same."""
    pairs = enumerate(zip(one, other, strict=False))
    differing = (place for place, (left, right) in pairs if left != right)
    return next(differing, min(len(one), len(other)))


def _search(old: Sequence[str], new: Sequence[str]) -> list[dict[int, int]] | None:
    """Myers' greedy search for the least changes, step by step; None when they are too many."""
    reached = {1: 0}
    steps: list[dict[int, int]] = []
    for changes in range(min(len(old) + len(new), MOST_CHANGES) + 1):
        steps.append(dict(reached))
        for diagonal in range(-changes, changes + 1, 2):
            x = _x_after(reached, diagonal, changes)
            while x < len(old) and x - diagonal < len(new) and old[x] == new[x - diagonal]:
                x += 1
            reached[diagonal] = x
            if x >= len(old) and x - diagonal >= len(new):
                return steps
    return None


def _walk(steps: Sequence[dict[int, int]], x: int, y: int) -> Iterator[tuple[int, int, bool]]:
    """The changed lines from the last to the first: where, and whether the line was added."""
    for changes in range(len(steps) - 1, 0, -1):
        reached, diagonal = steps[changes], x - y
        is_added = _comes_from_below(reached, diagonal, changes)
        before = diagonal + 1 if is_added else diagonal - 1
        x = reached[before]
        y = x - before
        yield x, y, is_added


def _x_after(reached: dict[int, int], diagonal: int, changes: int) -> int:
    if _comes_from_below(reached, diagonal, changes):
        return reached[diagonal + 1]
    return reached[diagonal - 1] + 1


def _comes_from_below(reached: dict[int, int], diagonal: int, changes: int) -> bool:
    if diagonal in (-changes, changes):
        return diagonal == -changes
    return reached[diagonal - 1] < reached[diagonal + 1]


def _groups(changes: Sequence[_Change]) -> list[list[_Change]]:
    groups: list[list[_Change]] = []
    for change in changes:
        if groups and change.old_begin - groups[-1][-1].old_end <= 2 * CONTEXT:
            groups[-1].append(change)
        else:
            groups.append([change])
    return groups


def _shown(group: Sequence[_Change], old: Sequence[str], new: Sequence[str]) -> Iterator[Line]:
    place = max(0, group[0].old_begin - CONTEXT)
    for change in group:
        yield from _of_kind(LineKind.UNCHANGED, old, place, change.old_begin)
        yield from _of_kind(LineKind.REMOVED, old, change.old_begin, change.old_end)
        yield from _of_kind(LineKind.ADDED, new, change.new_begin, change.new_end)
        place = change.old_end
    yield from _of_kind(LineKind.UNCHANGED, old, place, min(place + CONTEXT, len(old)))


def _of_kind(kind: LineKind, lines: Sequence[str], begin: int, end: int) -> Iterator[Line]:
    return (Line(kind, lines[place].rstrip("\r\n")) for place in range(begin, end))


def _hunk(first: _Change, lines: Sequence[Line]) -> Hunk:
    context = min(CONTEXT, first.old_begin)
    of_old = sum(line.kind is not LineKind.ADDED for line in lines)
    of_new = sum(line.kind is not LineKind.REMOVED for line in lines)
    return Hunk(
        first.old_begin - context + (of_old > 0),
        of_old,
        first.new_begin - context + (of_new > 0),
        of_new,
        [Line(line.kind, line.text[:LONGEST_LINE]) for line in lines],
    )
