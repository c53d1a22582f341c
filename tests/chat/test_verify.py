"""A model that lies is caught. BelievingVerifier is the control: with it every lie gets through."""

from collections.abc import Sequence
from dataclasses import asdict, replace

import pytest

from services.chat.answer.chain import ComposedAnswer, compose_answer
from services.chat.answer.verify import CitationVerifier
from services.chat.domain import AnswerOutcome, Citation, Evidence, Passage, Statement
from tests.chat.builders import a_passage, a_statement, a_version
from tests.chat.fakes import FakeKnowledge, ScriptedModel
from tests.chat.world import World

VERSION = a_version()
FOREIGN = a_version("Foreign secret number 42.", document_id="doc-foreign")
PASSAGE = a_passage(VERSION)
HONEST = a_statement("New hires are given full Slack access.", PASSAGE)


def _lie(**changes: object) -> Statement:
    (evidence,) = HONEST.evidence
    return replace(HONEST, evidence=(replace(evidence, **changes),))  # type: ignore[arg-type]


def _foreign() -> Statement:
    text = FOREIGN.content
    evidence = Evidence(FOREIGN.document_id, 1, PASSAGE.chunk_id, 0, len(text), text)
    return Statement(text, (evidence,))


LIES = {
    "a range that begins one character early": _lie(start=HONEST.evidence[0].start - 1),
    "a range that ends one character late": _lie(end=HONEST.evidence[0].end + 1),
    "an empty range": _lie(end=HONEST.evidence[0].start, quote=""),
    "a range beyond the document": _lie(start=10_000, end=10_038),
    "a range counted from behind": _lie(start=-38, end=-1),
    "an altered quote": _lie(quote="New hires are given no Slack access."),
    "a document that was not found": _foreign(),
    "a version that was not found": _lie(version=2),
    "a passage that was not found": _lie(chunk_id="chunk-of-somebody-else"),
    "a real quote under other words": replace(HONEST, text="Dial the night porter instead."),
    "a real quote with another number": replace(
        HONEST, text="New hires have Slack access in 9 days."
    ),
    "one true and one false evidence": replace(
        HONEST, evidence=HONEST.evidence + _lie(quote="New hires wait.").evidence
    ),
}


async def _verified(
    statements: Sequence[Statement], passages: Sequence[Passage] = (PASSAGE,)
) -> list[tuple[Citation, ...] | None]:
    knowledge = FakeKnowledge(versions=[VERSION, FOREIGN])
    verifier = CitationVerifier(knowledge, passages)
    return [await verifier.verify(statement) for statement in statements]


class BelievingVerifier(CitationVerifier):
    async def verify(self, statement: Statement) -> tuple[Citation, ...] | None:
        claims = enumerate(statement.evidence, 1)
        return tuple(Citation(number=n, title="", source_uri="", **asdict(it)) for n, it in claims)


async def _answered(
    world: World, lie: Statement, verifier: type[CitationVerifier]
) -> ComposedAnswer:
    parts = world.parts(ScriptedModel(lie))
    question = "How do new hires get Slack access?"
    *_, answer = [step async for step in compose_answer(parts, question, (), verifier=verifier)]
    assert isinstance(answer, ComposedAnswer)
    return answer


async def test_an_honest_statement_gets_its_citation() -> None:
    [citations] = await _verified([HONEST])

    assert citations is not None
    (citation,) = citations
    assert citation.number == 1
    assert citation.title == "Slack"
    assert citation.source_uri == "doc-slack.md"
    assert VERSION.content[citation.start : citation.end] == citation.quote


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
async def test_a_lie_is_caught_and_leaves_without_the_verifier(
    world: World, lie: Statement
) -> None:
    assert await _verified([lie]) == [None]

    checked = await _answered(world, lie, CitationVerifier)
    believed = await _answered(world, lie, BelievingVerifier)

    assert (checked.outcome, checked.citations) == (AnswerOutcome.NOT_FOUND, ())
    assert lie.text in believed.text


async def test_a_statement_without_evidence_is_dropped() -> None:
    assert await _verified([replace(HONEST, evidence=())]) == [None]


async def test_a_version_that_is_gone_supports_nothing() -> None:
    verifier = CitationVerifier(FakeKnowledge(), [PASSAGE])

    assert await verifier.verify(HONEST) is None


async def test_a_passage_that_search_cut_wrongly_is_caught() -> None:
    shifted = replace(PASSAGE, start=PASSAGE.start + 1, end=PASSAGE.end + 1)
    statement = a_statement("New hires are given full Slack access.", shifted)

    assert await _verified([statement], [shifted]) == [None]


async def test_numbers_count_up_and_the_same_place_keeps_its_number() -> None:
    other = a_statement("Ask the help desk when the page stays blank.", PASSAGE)

    verified = await _verified([HONEST, LIES["an altered quote"], other, HONEST])

    numbers = [[each.number for each in citations] if citations else None for citations in verified]
    assert numbers == [[1], None, [2], [1]]


async def test_each_version_is_fetched_once() -> None:
    knowledge = FakeKnowledge(versions=[VERSION])
    verifier = CitationVerifier(knowledge, [PASSAGE])

    for _ in range(3):
        await verifier.verify(HONEST)

    assert knowledge.fetched == [("doc-slack", 1)]
