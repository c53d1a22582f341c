"""An answer model without words of its own: it chooses statements of the documents."""

from collections.abc import AsyncIterator, Sequence
from itertools import groupby

from services.chat.answer.near import near_the_best
from services.chat.answer.scoring import Candidate, scored_candidates
from services.chat.answer.units import UnitKind
from services.chat.domain import Evidence, Passage, Statement, StatementShape

_MOST_SENTENCES = 4
_MOST_STEPS = 12
# What stands beside a chosen sentence says more about it; anything else must speak for itself.
_NEAR_THE_BEST_NEIGHBOUR = 0.55
_NEAR_THE_BEST_UNIT = 0.75
_SHAPES = {
    UnitKind.SENTENCE: StatementShape.SENTENCE,
    UnitKind.BULLET: StatementShape.BULLET,
    UnitKind.STEP: StatementShape.STEP,
    UnitKind.ROW: StatementShape.BULLET,
    UnitKind.CODE: StatementShape.CODE,
}


class ExtractiveModel:
    """Stands in for a language model: no words of its own, so nothing it could make up."""

    async def draft(self, question: str, passages: Sequence[Passage]) -> AsyncIterator[Statement]:
        for candidate in choose(question, passages):
            yield _statement(candidate)


def choose(question: str, passages: Sequence[Passage]) -> list[Candidate]:
    """Returns the best candidates in order of reading: the best document first, then by place."""
    near = near_the_best(passages)
    candidates = scored_candidates(question, near)
    if not candidates:
        return []
    best = max(candidate.score for candidate in candidates)
    chosen: list[Candidate] = []
    for candidate in sorted(candidates, key=lambda each: (-each.score, each.place)):
        if _is_full(chosen):
            break
        if candidate.score >= best * _floor(candidate, chosen):
            chosen += _with_company(candidate, candidates, chosen)
    rank = {passage.document_id: index for index, passage in reversed(list(enumerate(near)))}
    ordered = sorted(chosen, key=lambda each: (rank[each.passage.document_id], each.place[1]))
    return _without_loose_introductions(_without_repetition(ordered))


def _floor(candidate: Candidate, chosen: Sequence[Candidate]) -> float:
    is_sentence = candidate.unit.kind is UnitKind.SENTENCE
    if is_sentence and any(candidate.block == each.block for each in chosen):
        return _NEAR_THE_BEST_NEIGHBOUR
    return _NEAR_THE_BEST_UNIT


def _is_full(chosen: Sequence[Candidate]) -> bool:
    loose = [each for each in chosen if each.unit.kind is not UnitKind.STEP]
    return len(loose) >= _MOST_SENTENCES or len(chosen) >= _MOST_STEPS


def _with_company(
    candidate: Candidate, candidates: Sequence[Candidate], chosen: Sequence[Candidate]
) -> list[Candidate]:
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


def _blocks_in_order(candidates: Sequence[Candidate]) -> list[list[Candidate]]:
    return [list(members) for _, members in groupby(candidates, key=lambda each: each.block)]


def _is_procedure(block: Sequence[Candidate]) -> bool:
    return any(member.unit.kind is UnitKind.STEP for member in block)


def _without_repetition(candidates: Sequence[Candidate]) -> list[Candidate]:
    seen: set[str] = set()
    kept = []
    for candidate in candidates:
        reading = " ".join(candidate.unit.text.lower().split())
        if reading not in seen:
            seen.add(reading)
            kept.append(candidate)
    return kept


def _without_loose_introductions(candidates: Sequence[Candidate]) -> list[Candidate]:
    """ "The steps are:" says nothing when what it announces was not chosen."""
    followers = [*candidates[1:], None]
    return [
        candidate
        for candidate, follower in zip(candidates, followers, strict=True)
        if not candidate.unit.introduces
        or (
            follower is not None
            and follower.passage is candidate.passage
            and follower.unit.kind is not UnitKind.SENTENCE
        )
    ]


def _statement(candidate: Candidate) -> Statement:
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
