import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.search.differences import (
    LONGEST_LINE,
    MOST_LINES,
    Difference,
    LineKind,
    difference_of,
)

NUMBERS = "".join(f"{number}\n" for number in range(250_000))
TEXTS = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "\r\n", "é\r", "d\n"]), max_size=30).map(
    "".join
)


def shown(difference: Difference) -> list[str]:
    signs = {LineKind.UNCHANGED: " ", LineKind.REMOVED: "-", LineKind.ADDED: "+"}
    return [signs[line.kind] + line.text for hunk in difference.hunks for line in hunk.lines]


def test_a_changed_line_is_removed_and_added_between_its_neighbours() -> None:
    old = "".join(f"{number}\n" for number in range(20))
    difference = difference_of(old, old.replace("10\n", "ten\n"))
    assert shown(difference) == [" 7", " 8", " 9", "-10", "+ten", " 11", " 12", " 13"]
    (hunk,) = difference.hunks
    assert (hunk.old_line, hunk.old_count, hunk.new_line, hunk.new_count) == (8, 7, 8, 7)
    assert (difference.removed_count, difference.added_count) == (1, 1)


def test_distant_changes_are_hunks_of_their_own_and_near_ones_are_not() -> None:
    old = "".join(f"{number}\n" for number in range(40))
    far = difference_of(old, old.replace("\n5\n", "\n").replace("30\n", "30\nnew\n"))
    assert [(one.old_line, one.new_line) for one in far.hunks] == [(3, 3), (29, 28)]
    near = difference_of(old, old.replace("\n5\n", "\n").replace("\n12\n", "\n"))
    assert len(near.hunks) == 1


def test_the_same_text_has_no_differences() -> None:
    assert difference_of("a\nb\n", "a\nb\n") == Difference([], 0, 0, False)
    assert difference_of("", "") == Difference([], 0, 0, False)


def test_what_is_all_new_follows_line_zero() -> None:
    (hunk,) = difference_of("", "a\nb").hunks
    assert (hunk.old_line, hunk.old_count, hunk.new_line, hunk.new_count) == (0, 0, 1, 2)


def test_a_line_end_is_a_difference_too() -> None:
    assert shown(difference_of("a\n", "a\r\n")) == ["-a", "+a"]
    assert shown(difference_of("a", "a\n")) == ["-a", "+a"]


@given(TEXTS, TEXTS)
def test_the_old_lines_and_the_changes_make_the_new_text(old: str, new: str) -> None:
    difference = difference_of(old, new)
    old_lines = lines_of(old)
    rebuilt: list[str] = []
    at = 0
    for hunk in difference.hunks:
        first = hunk.old_line - (hunk.old_count > 0)
        rebuilt += [line.rstrip("\r\n") for line in old_lines[at:first]]
        assert len(rebuilt) == hunk.new_line - (hunk.new_count > 0)
        rebuilt += [line.text for line in hunk.lines if line.kind is not LineKind.REMOVED]
        kept = [line.text for line in hunk.lines if line.kind is not LineKind.ADDED]
        at = first + hunk.old_count
        assert kept == [line.rstrip("\r\n") for line in old_lines[first:at]]
    rebuilt += [line.rstrip("\r\n") for line in old_lines[at:]]
    assert rebuilt == [line.rstrip("\r\n") for line in lines_of(new)]
    assert (difference.hunks == []) == (old == new)


def lines_of(text: str) -> list[str]:
    return re.findall(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+\Z", text)


def test_a_long_answer_is_cut_and_says_so() -> None:
    difference = difference_of("", "".join(f"{number}\n" for number in range(MOST_LINES + 1)))
    (hunk,) = difference.hunks
    assert (len(hunk.lines), hunk.new_count) == (MOST_LINES, MOST_LINES)
    assert difference.added_count == MOST_LINES + 1
    assert difference.is_truncated
    long_line = difference_of("a", "b" * (LONGEST_LINE + 1))
    assert len(long_line.hunks[0].lines[1].text) == LONGEST_LINE
    assert long_line.is_truncated


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (NUMBERS, "".join(reversed(NUMBERS.splitlines(keepends=True)))),
        ("a\n" * 1_000_000, "b\n" * 1_000_000),
        ("a\nb\n" * 500_000, "b\na\na\n" * 330_000),
        ("x" * 2_000_000, "y" * 2_000_000),
    ],
)
def test_two_mebibytes_that_have_nothing_in_common_take_seconds_at_most(old: str, new: str) -> None:
    begun = time.process_time()
    assert difference_of(old, new).is_truncated
    assert time.process_time() - begun < 10
