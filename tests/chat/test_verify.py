"""A model that lies is caught. `_unverified` is the control: what would leave without the check."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from services.chat.answer.verify import CitationVerifier
from services.chat.domain import Citation, Evidence, Passage, Statement
from tests.chat.builders import a_passage, a_statement, a_version
from tests.chat.fakes import FakeKnowledge

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
    "no evidence at all": replace(HONEST, evidence=()),
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


def _unverified(statements: Sequence[Statement]) -> list[str]:
    return [statement.text for statement in statements]


async def test_an_honest_statement_gets_its_citation() -> None:
    [citations] = await _verified([HONEST])

    assert citations is not None
    (citation,) = citations
    assert citation.number == 1
    assert citation.title == "Slack"
    assert citation.source_uri == "doc-slack.md"
    assert VERSION.content[citation.start : citation.end] == citation.quote


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
async def test_a_lie_is_caught_and_would_pass_without_the_verifier(lie: Statement) -> None:
    assert await _verified([lie]) == [None]
    assert _unverified([lie]) == [lie.text]


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
