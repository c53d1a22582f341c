"""Where the sentences of a paragraph begin and end."""

import re
from collections.abc import Iterator

from services.chat.answer.visible import protected_spans
from services.chat.answer.words import words

_SENTENCE_END = re.compile(
    r"[.!?…]+[\"'”’)*_]*(?=\s+[\"'“‘(\[*_`{<]*[^\W_a-z])"  # noqa: RUF001
)
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:e\.g|i\.e|vs|mr|mrs|ms|dr|st|approx|ext|ex|inc|[a-z])\.$", re.IGNORECASE
)
_TOO_SHORT_WORDS = 3


def sentence_spans(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yields the sentences of text[start:end]; one too short to say anything joins the next."""
    part = text[start:end]
    guarded = protected_spans(part)
    opening = 0
    for match in _SENTENCE_END.finditer(part):
        if any(first < match.start() + 1 <= last and match.end() < last for first, last in guarded):
            continue
        so_far = part[opening : match.end()]
        if _ABBREVIATION.search(so_far.rstrip("\"'”’)*_")):  # noqa: RUF001
            continue
        if len(words(so_far)) < _TOO_SHORT_WORDS:
            continue
        yield from _trimmed(text, start + opening, start + match.end())
        opening = match.end()
    yield from _trimmed(text, start + opening, end)


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    if start < end:
        yield start, end
