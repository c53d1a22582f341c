"""Cuts the text of a filter into words, strings and signs, each with its place."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.ticket.errors.tickets import FilterInvalid

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<word>\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)? | \d[\d.]*[eE]\+\d+
          | [\w.@][\w.@-]*\*? | \#\d+ | \*)
      | (?P<string>"(?:[^"\\\x00]|\\["\\])*")
      | (?P<sign><=|>=|!=|[=<>:()-])
    )""",
    re.VERBOSE,
)
_ESCAPED = re.compile(r'\\(["\\])')


class Kind(StrEnum):
    WORD = "word"
    STRING = "string"
    SIGN = "sign"
    END = "end"


@dataclass(frozen=True)
class Token:
    """`text` as it is written; `position` counts characters from 1."""

    kind: Kind
    text: str
    position: int

    def is_keyword(self, *words: str) -> bool:
        return self.kind is Kind.WORD and self.text in words

    def is_sign(self, *signs: str) -> bool:
        return self.kind is Kind.SIGN and self.text in signs

    @property
    def meant(self) -> str:
        """Without the quotation marks."""
        if self.kind is Kind.STRING:
            return _ESCAPED.sub(r"\1", self.text[1:-1])
        return self.text


def tokens_of(text: str) -> Sequence[Token]:
    """The last one is the end. Raises FilterInvalid."""
    tokens = []
    place, end = 0, len(text.rstrip())
    while place < end:
        found = _TOKEN.match(text, place)
        if found is None or found.lastgroup is None:
            place += len(text[place:]) - len(text[place:].lstrip())
            raise FilterInvalid("filter", place + 1, "expected a word, a string or a sign")
        kind = found.lastgroup
        tokens.append(Token(Kind(kind), found[kind], found.start(kind) + 1))
        place = found.end()
    return [*tokens, Token(Kind.END, "", end + 1)]
