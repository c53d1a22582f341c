"""From question to checked answer: retrieve, decide, draft, verify, put into words."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from services.chat.answer.follow_up import lookup_query, own_words
from services.chat.answer.support import nearest_articles, supports_answer
from services.chat.answer.verify import CitationVerifier
from services.chat.answer.wording import Wording, not_found
from services.chat.domain import (
    AnswerDelta,
    AnswerOutcome,
    Citation,
    CitationAdded,
    NearestArticle,
    Passage,
)
from services.chat.ports import AnswerModel, ChatParts


@dataclass(frozen=True)
class ComposedAnswer:
    """The whole answer; its text is what the deltas before it said."""

    text: str
    outcome: AnswerOutcome
    citations: tuple[Citation, ...] = ()
    nearest_articles: tuple[NearestArticle, ...] = ()


AnswerStep = AnswerDelta | CitationAdded | ComposedAnswer


async def compose_answer(
    parts: ChatParts,
    question: str,
    earlier_questions: Sequence[str],
    *,
    verifier: type[CitationVerifier] = CitationVerifier,  # tests show what leaves without it
) -> AsyncIterator[AnswerStep]:
    """Yields what the answer says piece by piece, each piece verified, and the whole at the end."""
    query = lookup_query(question, earlier_questions)
    found = await parts.retriever.find_passages(query)
    text: list[str] = []
    citations: list[Citation] = []
    if supports_answer(query, found, own_words(question, query)):
        async for step in _verified(
            parts.model, verifier(parts.versions, found.passages), query, found.passages
        ):
            if isinstance(step, AnswerDelta):
                text.append(step.text)
            else:
                citations.append(step.citation)
            yield step
    if citations:
        yield ComposedAnswer("".join(text), AnswerOutcome.ANSWERED, tuple(citations))
        return
    near = nearest_articles(found)
    words = not_found(are_near=bool(near), in_another_language=found.in_another_language)
    yield AnswerDelta(words)
    yield ComposedAnswer(words, AnswerOutcome.NOT_FOUND, nearest_articles=near)


async def _verified(
    model: AnswerModel, verifier: CitationVerifier, query: str, passages: Sequence[Passage]
) -> AsyncIterator[AnswerDelta | CitationAdded]:
    wording = Wording()
    shown = 0
    async for statement in model.draft(query, passages):
        citations = await verifier.verify(statement)
        if citations is None:
            continue
        yield AnswerDelta(wording.piece(statement, citations))
        for citation in citations:
            if citation.number > shown:
                shown = citation.number
                yield CitationAdded(citation)
