"""The citation verifier: what a model claims is shown only when the document itself says so."""

import re
from collections.abc import Sequence

from services.chat.answer.words import content_words
from services.chat.domain import Citation, DocumentVersion, Evidence, Passage, Statement
from services.chat.errors import DocumentVersionMissing
from services.chat.ports import DocumentVersions

# A statement may turn a phrase round, but most of what it says must be in what it quotes.
_LEAST_SHARED_WORDS = 0.6
_NUMBER = re.compile(r"\d+")


class CitationVerifier:
    """Checks the statements of one answer; each document version is fetched once."""

    def __init__(self, versions: DocumentVersions, passages: Sequence[Passage]) -> None:
        self._versions = versions
        self._passages = {passage.chunk_id: passage for passage in passages}
        self._fetched: dict[tuple[str, int], DocumentVersion | None] = {}
        self._citations: dict[Evidence, Citation] = {}

    async def verify(self, statement: Statement) -> tuple[Citation, ...] | None:
        """Returns the citations that hold the statement, or None when one of them fails."""
        if not statement.evidence or not _is_said_by(statement):
            return None
        versions = [await self._version_behind(evidence) for evidence in statement.evidence]
        citations = []
        for evidence, version in zip(statement.evidence, versions, strict=True):
            if version is None:
                return None
            citations.append(self._citation(evidence, version))
        return tuple(citations)

    async def _version_behind(self, evidence: Evidence) -> DocumentVersion | None:
        if not self._is_in_its_passage(evidence):
            return None
        version = await self._fetch(evidence.document_id, evidence.version)
        if version is None or version.content[evidence.start : evidence.end] != evidence.quote:
            return None
        return version

    def _is_in_its_passage(self, evidence: Evidence) -> bool:
        passage = self._passages.get(evidence.chunk_id)
        return (
            passage is not None
            and (passage.document_id, passage.version) == (evidence.document_id, evidence.version)
            and passage.start <= evidence.start < evidence.end <= passage.end
        )

    async def _fetch(self, document_id: str, version: int) -> DocumentVersion | None:
        key = (document_id, version)
        if key not in self._fetched:
            try:
                self._fetched[key] = await self._versions.get_version(document_id, version)
            except DocumentVersionMissing:
                self._fetched[key] = None
        return self._fetched[key]

    def _citation(self, evidence: Evidence, version: DocumentVersion) -> Citation:
        if evidence not in self._citations:
            self._citations[evidence] = Citation(
                number=len(self._citations) + 1,
                document_id=evidence.document_id,
                version=evidence.version,
                chunk_id=evidence.chunk_id,
                title=version.title,
                start=evidence.start,
                end=evidence.end,
                quote=evidence.quote,
                source_uri=version.source_uri,
            )
        return self._citations[evidence]


def _is_said_by(statement: Statement) -> bool:
    quoted = " ".join(evidence.quote for evidence in statement.evidence)
    said = set(content_words(statement.text))
    shared = said & set(content_words(quoted))
    numbers_held = set(_NUMBER.findall(statement.text)) <= set(_NUMBER.findall(quoted))
    return bool(said) and numbers_held and len(shared) >= _LEAST_SHARED_WORDS * len(said)
