"""Mends words of a question that stand nowhere in what its reader may see."""

import re
from collections.abc import Iterator, Set
from string import ascii_lowercase

import numpy as np

from services.search.keywords import Frequencies, term_id
from services.search.words import STOP_WORDS, stem

# Of shorter words too many are one slip away from one another.
SHORTEST_MENDED = 5
LONGEST_MENDED = 24
# A question with more unknown words is not misspelled, it is about something else.
MOST_MENDED = 4

_WORD = re.compile(r"[^\W\d_]+")


def mended(question: str, visible: Frequencies, known_words: Set[str]) -> str:
    """The question with each misspelled word replaced by the commonest visible one a slip away.

    `known_words` are right wherever they stand: that the articles say nothing of Spain makes it
    no slip for `span`. Whoever asks learns of no word that stands in hidden articles alone, since
    those are not counted.
    """
    unknown = [
        word
        for word in dict.fromkeys(match.group() for match in _WORD.finditer(question))
        if _may_be_misspelled(word, visible, known_words)
    ]
    if len(unknown) > MOST_MENDED:
        return question
    right = {word: better for word in unknown if (better := _commonest_near(word, visible))}
    if not right:
        return question
    return _WORD.sub(lambda match: right.get(match.group(), match.group()), question)


def _may_be_misspelled(word: str, visible: Frequencies, known_words: Set[str]) -> bool:
    lower = word.lower()
    return (
        SHORTEST_MENDED <= len(word) <= LONGEST_MENDED
        and lower.isascii()
        # What is written in capitals is a name or a code.
        and not word.isupper()
        and lower not in STOP_WORDS
        and lower not in known_words
        and stem(lower) not in known_words
        and not visible.counts_of(np.array([term_id(stem(lower))], np.uint32))[0]
    )


def _commonest_near(word: str, visible: Frequencies) -> str:
    near = [*dict.fromkeys(_one_slip_away(word.lower()))]
    counts = visible.counts_of(np.array([term_id(stem(one)) for one in near], np.uint32))
    best = int(np.argmax(counts))
    return near[best] if counts[best] else ""


def _one_slip_away(word: str) -> Iterator[str]:
    """Likelier slips first, which decides between words that are equally common."""
    cuts = [(word[:place], word[place:]) for place in range(len(word) + 1)]
    for left, right in cuts:
        if len(right) > 1:
            yield left + right[1] + right[0] + right[2:]
    for left, right in cuts:
        for letter in ascii_lowercase:
            yield left + letter + right
    for left, right in cuts:
        if right:
            yield left + right[1:]
    for left, right in cuts:
        if right:
            for letter in ascii_lowercase:
                yield left + letter + right[1:]
