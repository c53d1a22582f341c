"""How well each piece of the passages fits a question: its words, its heading, its place."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from services.chat.answer.units import Unit, UnitKind, cut_into_units
from services.chat.answer.words import content_words, rarity
from services.chat.domain import Passage

_HEADING_WEIGHT = 0.5
_PASSAGE_WEIGHT = 0.6
_POSITION_WEIGHT = 0.05
# Who asks how wants the steps, when the heading says that they are about what was asked.
_STEP_WEIGHT = 0.4
_LEAST_HEADING_SHARE = 0.4
# Who asks for a number wants the sentence that has one of that kind.
_NUMBER_WEIGHT = 0.7
_TIME = r"\b(?:second|minute|hour|day|week|month|year)s?\b|\b\d{1,2}[:.]\d\d\b|\b\d{1,2} ?[ap]m\b"
_ASKED_NUMBERS = (
    (
        re.compile(r"\b(?:how (?:long|soon|often)|when|what time)\b", re.IGNORECASE),
        re.compile(_TIME),
    ),
    (re.compile(r"\bhow (?:many|much|big|large)\b", re.IGNORECASE), re.compile(r"\d")),
)
_ASKS_HOW = re.compile(r"\bhow (?:do|can|could|should|would|to)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Candidate:
    passage: Passage
    unit: Unit
    score: float

    @property
    def place(self) -> tuple[str, int]:
        return self.passage.document_id, self.passage.start + self.unit.start

    @property
    def block(self) -> tuple[str, int]:
        return self.passage.chunk_id, self.unit.group


def scored_candidates(question: str, passages: Sequence[Passage]) -> list[Candidate]:
    """All pieces in the order of the passages."""
    units = [
        (passage, unit)
        for passage in passages
        for unit in cut_into_units(passage.text, begins_document=passage.start == 0)
    ]
    asked = _Asked(question, [unit for _, unit in units])
    best = max((passage.score for passage in passages), default=0.0) or 1.0
    return [
        Candidate(
            passage,
            unit,
            asked.overlap(passage, unit)
            + _PASSAGE_WEIGHT * passage.score / best
            + _POSITION_WEIGHT * (1 - unit.start / max(1, len(passage.text))),
        )
        for passage, unit in units
    ]


class _Asked:
    def __init__(self, question: str, units: Sequence[Unit]) -> None:
        self._words = set(content_words(question))
        self._asks_how = _ASKS_HOW.search(question) is not None
        self._numbers = [number for asks, number in _ASKED_NUMBERS if asks.search(question)]
        self._weights = rarity([content_words(unit.text) for unit in units])
        # A word that no piece says is as telling as any, and no piece may claim to cover it.
        self._rarest = max(self._weights.values(), default=1.0)
        self._total = self._weight(self._words) or 1.0

    def overlap(self, passage: Passage, unit: Unit) -> float:
        said = self._words & set(content_words(unit.text))
        heading = " ".join((passage.title, unit.heading or " ".join(passage.headings[-1:])))
        above = self._words & set(content_words(heading))
        share = self._weight(said) + _HEADING_WEIGHT * self._weight(above - said)
        fits_heading = self._weight(above) >= _LEAST_HEADING_SHARE * self._total
        is_wanted = self._asks_how and unit.kind is UnitKind.STEP and fits_heading
        has_number = any(number.search(unit.text) for number in self._numbers)
        return (
            min(1.0, share / self._total)
            + (_STEP_WEIGHT if is_wanted else 0.0)
            + (_NUMBER_WEIGHT if has_number else 0.0)
        )

    def _weight(self, words: Collection[str]) -> float:
        return sum(self._weights.get(word, self._rarest) for word in words)
