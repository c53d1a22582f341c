"""Search in this process, with its real encoder, filled from folders of Markdown."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import chain
from pathlib import Path

from services.chat.answer.chain import ComposedAnswer, compose_answer
from services.chat.answer.extractive import ExtractiveModel
from services.chat.domain import DocumentVersion, Passage
from services.chat.ports import ChatParts, FoundPassages
from services.mesh.caller import Caller, TenantId, UserId, acting_as
from services.mesh.clock import utc_now
from services.mesh.ids import new_id
from services.search.domain import DocumentText
from services.search.errors import DocumentEmpty
from services.search.finding import search_passages
from services.search.history import get_document_version
from services.search.server import Parts
from services.search.use_cases import put_document
from tests.chat.fakes import FakeGroups, FakeSessionStore, FakeTicketDesk
from tests.eval.searching import running_search

PASSAGES = 8


class DirectKnowledge:
    """What chat asks of search, answered without RPCs."""

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

    async def answer(self, tenant: str, question: str) -> ComposedAnswer:
        parts = ChatParts(
            store=FakeSessionStore(),
            retriever=self,
            versions=self,
            model=ExtractiveModel(),
            desk=FakeTicketDesk(),
            groups=FakeGroups(),
            now=utc_now,
            new_id=new_id,
        )
        with acting_as(_somebody(tenant)):
            async for step in compose_answer(parts, question, ()):
                if isinstance(step, ComposedAnswer):
                    return step
        raise AssertionError("an answer ends with the whole of it")

    async def found_for(self, tenant: str, question: str) -> FoundPassages:
        with acting_as(_somebody(tenant)):
            return await self.find_passages(question)


@asynccontextmanager
async def knowledge_of(folders: Mapping[str, Sequence[Path]]) -> AsyncIterator[DirectKnowledge]:
    """The folders are the tenants' knowledge bases."""
    async with running_search() as parts:
        for tenant, sources in folders.items():
            with acting_as(_somebody(tenant)):
                for text in chain.from_iterable(_documents(folder) for folder in sources):
                    with suppress(DocumentEmpty):
                        await put_document(parts.library, text)
        yield DirectKnowledge(parts)


def _documents(folder: Path) -> list[DocumentText]:
    return [
        DocumentText(str(file.relative_to(folder.parent)), "", "", file.read_text("utf-8"))
        for file in sorted(folder.rglob("*.md"))
    ]


def _somebody(tenant: str) -> Caller:
    return Caller("gateway", TenantId(tenant), UserId("somebody"))
