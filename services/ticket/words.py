"""The words of a ticket and how much of it each is, in any language that puts spaces between them.

The weight is that of BM25, by a usual length in place of the tenant's mean one: what is written
down with a ticket then holds however many others come. How rare a word is counts when it is asked
for.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from itertools import islice

# A long ticket has said what it is about by then.
MOST_WORDS = 200
LONGEST_WORD = 40
SHORTEST_WORD = 2
FULL_WEIGHT = 1000

_USUAL_LENGTH = 40
_SATURATION = 1.2
_LENGTH_COUNTS = 0.75

_WORD = re.compile(r"[^\W_]+")


def weights_of(subject: str, body: str) -> Mapping[str, int]:
    """By word, in the order of the text; a word that comes once in a ticket of usual length weighs
    FULL_WEIGHT."""
    counts = Counter(words_of(f"{subject}\n{body}"))
    length = 1 - _LENGTH_COUNTS + _LENGTH_COUNTS * counts.total() / _USUAL_LENGTH
    return {
        word: round(FULL_WEIGHT * count * (_SATURATION + 1) / (count + _SATURATION * length))
        for word, count in islice(counts.items(), MOST_WORDS)
    }


def words_of(text: str) -> list[str]:
    """As they are kept and compared, in the order of the text."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    found = (match.group()[:LONGEST_WORD] for match in _WORD.finditer(plain))
    return [word for word in found if len(word) >= SHORTEST_WORD]


def rarity(with_word: int, all_tickets: int) -> float:
    """How far a word sets tickets apart: BM25's, which is never below 0."""
    without = max(all_tickets - with_word, 0)
    return math.log(1 + (without + 0.5) / (with_word + 0.5))
