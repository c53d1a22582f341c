"""Knows a passage that says what another has said already."""

import re
from collections import defaultdict

# Of all words that two passages hold, so many must stand in both.
ALIKE = 0.9

_WORD = re.compile(r"\w+")
# One of these more or less turns a rule into its opposite.
_TURNS = frozenset({"not", "no", "never", "only", "except", "without", "cannot", "don", "t"})


class Shown:
    """The passages of one page of results.

    `coverage` is how much of the question a passage holds: passages that differ in it differ in
    the question's own words, and are both worth reading.
    """

    def __init__(self) -> None:
        self._words: dict[float, list[frozenset[str]]] = defaultdict(list)

    def add(self, text: str, coverage: float) -> bool:
        """False when one that is shown says the same."""
        words, others = _words(text), self._words[coverage]
        if any(_say_the_same(words, other) for other in others):
            return False
        others.append(words)
        return True


def _words(text: str) -> frozenset[str]:
    # What holds no word, such as a picture, is known by its signs.
    return frozenset(_WORD.findall(text.casefold())) or frozenset(text.split())


def _say_the_same(words: frozenset[str], other: frozenset[str]) -> bool:
    if min(len(words), len(other)) < ALIKE * max(len(words), len(other)):
        return False
    differing = words ^ other
    if not differing:
        return True
    # Two procedures may be alike but for a number: a version, a building, an error.
    if differing & _TURNS or any(_holds_digit(word) for word in differing):
        return False
    return len(words & other) >= ALIKE * len(words | other)


def _holds_digit(word: str) -> bool:
    return any(sign.isdigit() for sign in word)
