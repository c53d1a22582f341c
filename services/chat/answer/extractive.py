"""An answer model without words of its own: it chooses statements of the documents."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from services.chat.answer.units import Unit, UnitKind, cut_into_units
from services.chat.answer.words import content_words, rarity
from services.chat.domain import Evidence, Passage, Statement, StatementShape

_MOST_SENTENCES = 4
_MOST_STEPS = 12
_MOST_PASSAGES = 5
_MOST_DOCUMENTS = 2
# A second passage must fit nearly as well as the first, or the answer strays.
_NEAR_THE_BEST = 0.8
_NEAR_THE_BEST_UNIT = 0.55
_HEADING_WEIGHT = 0.5
_PASSAGE_WEIGHT = 0.6
_POSITION_WEIGHT = 0.05
_SHAPES = {
    UnitKind.SENTENCE: StatementShape.SENTENCE,
    UnitKind.BULLET: StatementShape.BULLET,
    UnitKind.STEP: StatementShape.STEP,
    UnitKind.ROW: StatementShape.BULLET,
    UnitKind.CODE: StatementShape.CODE,
}


@dataclass(frozen=True)
class _Candidate:
    passage: Passage
    unit: Unit
    score: float

    @property
    def place(self) -> tuple[str, int]:
        return self.passage.document_id, self.passage.start + self.unit.start

    @property
    def block(self) -> tuple[str, int]:
        return self.passage.chunk_id, self.unit.group


class ExtractiveModel:
    """Stands in for a language model: no words of its own, so nothing it could make up."""

    async def draft(self, question: str, passages: Sequence[Passage]) -> AsyncIterator[Statement]:
        for candidate in choose(question, passages):
            yield _statement(candidate)


def choose(question: str, passages: Sequence[Passage]) -> list[_Candidate]:
    """Returns the best candidates in order of reading: the best document first, then by place."""
    near = _near_the_best(passages)
    candidates = _scored(question, near)
    if not candidates:
        return []
    chosen: list[_Candidate] = []
    floor = max(candidate.score for candidate in candidates) * _NEAR_THE_BEST_UNIT
    for candidate in sorted(candidates, key=lambda each: (-each.score, each.place)):
        if candidate.score < floor or _is_full(chosen):
            break
        chosen += _with_company(candidate, candidates, chosen)
    rank = {passage.document_id: index for index, passage in reversed(list(enumerate(near)))}
    ordered = sorted(chosen, key=lambda each: (rank[each.passage.document_id], each.place[1]))
    return _without_repetition(ordered)


def _near_the_best(passages: Sequence[Passage]) -> list[Passage]:
    ranked = sorted(passages, key=lambda passage: -passage.score)
    near: list[Passage] = []
    for passage in ranked[:_MOST_PASSAGES]:
        documents = {each.document_id for each in near}
        is_near = passage.score >= ranked[0].score * _NEAR_THE_BEST
        if is_near and (passage.document_id in documents or len(documents) < _MOST_DOCUMENTS):
            near.append(passage)
    return near


def _scored(question: str, passages: Sequence[Passage]) -> list[_Candidate]:
    asked = set(content_words(question))
    units = [
        (passage, unit)
        for passage in passages
        for unit in cut_into_units(passage.text, begins_document=passage.start == 0)
    ]
    weights = rarity([content_words(unit.text) for _, unit in units])
    total = sum(weights.get(word, 0.0) for word in asked) or 1.0
    best = max((passage.score for passage in passages), default=0.0) or 1.0
    scored = []
    for passage, unit in units:
        said = set(content_words(unit.text))
        above = set(content_words(unit.heading or " ".join(passage.headings[-1:]))) - said
        overlap = sum(weights.get(word, 0.0) for word in asked & said)
        overlap += _HEADING_WEIGHT * sum(weights.get(word, 0.0) for word in asked & above)
        position = 1 - unit.start / max(1, len(passage.text))
        score = (
            min(1.0, overlap / total)
            + _PASSAGE_WEIGHT * passage.score / best
            + _POSITION_WEIGHT * position
        )
        scored.append(_Candidate(passage, unit, score))
    return scored


def _is_full(chosen: Sequence[_Candidate]) -> bool:
    loose = [each for each in chosen if each.unit.kind is not UnitKind.STEP]
    return len(loose) >= _MOST_SENTENCES or len(chosen) >= _MOST_STEPS


def _with_company(
    candidate: _Candidate, candidates: Sequence[_Candidate], chosen: Sequence[_Candidate]
) -> list[_Candidate]:
    """A step brings its whole procedure, a list its introduction, an introduction its list."""
    if candidate in chosen:
        return []
    blocks = _blocks_in_order(candidates)
    index = next(number for number, block in enumerate(blocks) if candidate in block)
    company = [candidate]
    if _is_procedure(blocks[index]):
        company = blocks[index][:_MOST_STEPS]
    elif candidate.unit.introduces and index + 1 < len(blocks):
        company = [candidate, *blocks[index + 1][:_MOST_STEPS]]
    first = company[0].unit
    before = blocks[index - 1][-1] if index > 0 else None
    if (
        before is not None
        and before.unit.introduces
        and before.passage is candidate.passage
        and first.kind is not UnitKind.SENTENCE
    ):
        company.insert(0, before)
    return [each for each in company if each not in chosen]


def _blocks_in_order(candidates: Sequence[_Candidate]) -> list[list[_Candidate]]:
    return [list(members) for _, members in groupby(candidates, key=lambda each: each.block)]


def _is_procedure(block: Sequence[_Candidate]) -> bool:
    return any(member.unit.kind is UnitKind.STEP for member in block)


def _without_repetition(candidates: Sequence[_Candidate]) -> list[_Candidate]:
    seen: set[str] = set()
    kept = []
    for candidate in candidates:
        reading = " ".join(candidate.unit.text.lower().split())
        if reading not in seen:
            seen.add(reading)
            kept.append(candidate)
    return kept


def _statement(candidate: _Candidate) -> Statement:
    passage, unit = candidate.passage, candidate.unit
    evidence = Evidence(
        document_id=passage.document_id,
        version=passage.version,
        chunk_id=passage.chunk_id,
        start=passage.start + unit.start,
        end=passage.start + unit.end,
        quote=passage.text[unit.start : unit.end],
    )
    return Statement(unit.text, (evidence,), _SHAPES[unit.kind], unit.step_number)
