"""What to look up for a question that leans on the one before it."""

import re
from collections.abc import Sequence

from services.chat.answer.words import content_words, words

_CONTINUES = re.compile(
    r"(?:and|or|but|also|then|what about|how about|what if|same for)\b", re.IGNORECASE
)
_REFERS_BACK = re.compile(
    r"\b(?:it|its|that|this|these|those|them|there|one|ones)\b", re.IGNORECASE
)
# What search takes at most.
LONGEST_QUERY = 4000
_LONGEST_CONTINUATION = 9
_LONGEST_REFERENCE = 6


def leans_on_the_one_before(question: str) -> bool:
    """Whether a question is too short to be looked up alone, as in "and on a Mac?"."""
    length = len(question.split())
    if _CONTINUES.match(question):
        return length <= _LONGEST_CONTINUATION
    return bool(_REFERS_BACK.search(question)) and length <= _LONGEST_REFERENCE


def lookup_query(question: str, earlier_questions: Sequence[str]) -> str:
    """Puts the last question that stands alone in front of one that does not."""
    if not leans_on_the_one_before(question):
        return question
    for earlier in reversed(earlier_questions):
        if words(earlier) and not leans_on_the_one_before(earlier):
            room = LONGEST_QUERY - len(question) - 1
            return f"{earlier[: max(0, room)]} {question}"
    return question


def own_words(question: str, query: str) -> set[str]:
    """The words that a leaning question adds; empty for one that stands alone."""
    return set() if question == query else set(content_words(question))
