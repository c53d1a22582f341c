"""How often chat answers what the demo articles answer, and refuses what they do not.

    python -m tests.eval.support
    python -m tests.eval.support --knowledge FOLDER --answered "…?" --refused "…?"

Search and its encoder are the real ones, in a temporary folder. `--show` prints every miss.
Exits 1 below 90 % of either, or when an answer comes without a citation.
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from services.chat.answer.chain import ComposedAnswer, compose_answer
from services.chat.answer.extractive import ExtractiveModel
from services.chat.domain import AnswerOutcome, DocumentVersion, Passage
from services.chat.ports import ChatParts, FoundPassages
from services.mesh.caller import Caller, TenantId, UserId, acting_as
from services.mesh.clock import utc_now
from services.mesh.database import Database
from services.mesh.ids import new_id
from services.search.domain import DocumentText
from services.search.encoder.onnx import OnnxEncoder
from services.search.errors import DocumentEmpty
from services.search.finding import search_passages
from services.search.server import MIGRATIONS, Parts, assemble, make_index
from services.search.settings import SearchSettings
from services.search.store import SqlDocumentStore
from services.search.use_cases import get_document_version, put_document
from tests.chat.fakes import FakeSessionStore, FakeTicketDesk

DEMO = Path(__file__).parents[2] / "infra" / "demo"
GOAL = 0.9
PASSAGES = 8


@dataclass(frozen=True)
class Question:
    text: str
    tenant: str
    document: str | None
    is_answerable: bool


@dataclass
class Tally:
    answerable: int = 0
    answered: int = 0
    cited_right: int = 0
    unanswerable: int = 0
    refused: int = 0
    uncited: int = 0
    misses: list[str] = field(default_factory=list)

    def count(self, question: Question, answer: ComposedAnswer, cited: set[str]) -> None:
        is_answered = answer.outcome is AnswerOutcome.ANSWERED
        self.uncited += is_answered and not answer.citations
        if question.is_answerable:
            self.answerable += 1
            self.answered += is_answered
            self.cited_right += question.document in cited
        else:
            self.unanswerable += 1
            self.refused += not is_answered
        if is_answered != question.is_answerable:
            self.misses.append(f"{question.tenant}: {question.text}")

    @property
    def is_good(self) -> bool:
        return (
            self.uncited == 0
            and self.answered >= GOAL * self.answerable
            and self.refused >= GOAL * self.unanswerable
        )

    def __str__(self) -> str:
        labelled = f"from the labelled article {self.cited_right}, " if self.cited_right else ""
        return (
            f"answered {self.answered}/{self.answerable}, {labelled}"
            f"refused {self.refused}/{self.unanswerable}, without a citation {self.uncited}"
        )


class DirectKnowledge:
    """Search in this process instead of behind its RPCs."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def find_passages(self, question: str) -> FoundPassages:
        found = await search_passages(self._parts.finder, question, PASSAGES)
        passages = [
            Passage(
                document_id=one.chunk.document_id,
                version=one.chunk.version,
                chunk_id=one.chunk.chunk_id,
                title=one.title,
                headings=tuple(one.chunk.headings),
                text=one.chunk.text,
                start=one.chunk.start,
                end=one.chunk.end,
                score=one.score,
                similarity=one.similarity,
                coverage=one.coverage,
                source_uri=one.source_uri,
            )
            for one in found.passages
        ]
        return FoundPassages(tuple(passages), found.degraded)

    async def get_version(self, document_id: str, version: int) -> DocumentVersion:
        found = await get_document_version(self._parts.finder.store, document_id, version)
        return DocumentVersion(document_id, version, found.title, found.content, found.source_uri)


async def evaluate(knowledge: dict[str, Path], questions: Sequence[Question]) -> Tally:
    tally = Tally()
    async with _search() as parts:
        for tenant, folder in knowledge.items():
            with acting_as(_somebody(tenant)):
                for file in sorted(folder.rglob("*.md")):
                    text = DocumentText(
                        str(file.relative_to(folder)), "", "", file.read_text("utf-8")
                    )
                    with suppress(DocumentEmpty):
                        await put_document(parts.library, text)
        for question in questions:
            with acting_as(_somebody(question.tenant)):
                answer = await _answer(DirectKnowledge(parts), question.text)
            cited = {citation.source_uri.removesuffix(".md") for citation in answer.citations}
            tally.count(question, answer, cited)
    return tally


async def _answer(knowledge: DirectKnowledge, question: str) -> ComposedAnswer:
    parts = ChatParts(
        store=FakeSessionStore(),
        retriever=knowledge,
        versions=knowledge,
        model=ExtractiveModel(),
        desk=FakeTicketDesk(),
        now=utc_now,
        new_id=new_id,
    )
    async for step in compose_answer(parts, question, ()):
        if isinstance(step, ComposedAnswer):
            return step
    raise AssertionError("an answer ends with the whole of it")


@asynccontextmanager
async def _search() -> AsyncIterator[Parts]:
    with tempfile.TemporaryDirectory() as folder:
        settings = SearchSettings(data=Path(folder))
        database = Database(settings.database_url("search"))
        await database.migrate(MIGRATIONS)
        encoder = OnnxEncoder(threads=settings.encoder_threads)
        index = make_index(settings, encoder)
        parts = assemble(SqlDocumentStore(database), index, encoder, utc_now)
        await parts.indexing.compare()
        yield parts
        await index.close()
        await database.close()


def _somebody(tenant: str) -> Caller:
    return Caller("gateway", TenantId(tenant), UserId("somebody"))


def _demo() -> tuple[dict[str, Path], list[Question]]:
    labelled = yaml.safe_load((DEMO / "questions.yaml").read_text("utf-8"))["questions"]
    questions = [
        Question(one["question"], one["tenant"], one["document"], one["document"] is not None)
        for one in labelled
    ]
    return {name: DEMO / name / "knowledge" for name in ("acme", "globex")}, questions


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures when chat answers and when it refuses.")
    parser.add_argument("--knowledge", type=Path, help="a folder of Markdown instead of the demo")
    parser.add_argument("--answered", action="append", default=[], metavar="QUESTION")
    parser.add_argument("--refused", action="append", default=[], metavar="QUESTION")
    parser.add_argument("--show", action="store_true", help="print every miss")
    arguments = parser.parse_args()
    if arguments.knowledge:
        knowledge = {"tenant": arguments.knowledge}
        questions = [Question(text, "tenant", None, True) for text in arguments.answered]
        questions += [Question(text, "tenant", None, False) for text in arguments.refused]
    else:
        knowledge, questions = _demo()
    tally = asyncio.run(evaluate(knowledge, questions))
    lines = [str(tally), *(tally.misses if arguments.show else ())]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.exit(0 if tally.is_good else 1)


if __name__ == "__main__":
    main()
