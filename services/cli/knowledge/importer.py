"""Puts articles, a few at a time, and leaves out what the knowledge base already holds."""

import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import grpc

from helpdesk.search.v1 import (
    document_import_service_pb2,
    readers_pb2,
    search_pb2,
    search_service_pb2,
)
from services.cli.failures import CommandError
from services.cli.gateway import Gateway
from services.cli.knowledge.content_hash import is_same, is_unchanged
from services.cli.knowledge.exported import document_of, is_exported
from services.cli.knowledge.files import Unreadable, read_article
from services.cli.refusals import from_rpc

_PARALLEL_PUTS = 3

# Refusals that say something about the document. All others would meet the next one too.
_FAULTS_OF_THE_DOCUMENT = frozenset(
    {grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.FAILED_PRECONDITION}
)

_TEXTLESS = "DOCUMENT_EMPTY"


@dataclass
class ImportReport:
    """What became of each file; `failed` and `warnings` map the path to what there is to say.

    `textless` are pages that hold nothing but their front matter: no mistake, and nothing to find.
    """

    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    textless: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    warnings: dict[str, list[str]] = field(default_factory=dict)
    passages: int = 0


Progress = Callable[[str], None]


class Importer:
    """Without a category or readers each article's front matter says them."""

    def __init__(
        self,
        gateway: Gateway,
        known: Mapping[str, search_pb2.KnowledgeDocument],
        *,
        category: str = "",
        readers: readers_pb2.Readers | None = None,
    ) -> None:
        self._gateway = gateway
        self._known = known
        self._category = " ".join(category.split())
        self._readers = readers
        self._lock = threading.Lock()
        self.report = ImportReport()

    def run(self, root: Path, paths: Iterable[str], progress: Progress = lambda _: None) -> None:
        """Raises CommandError when going on makes no sense; `report` holds what was done."""
        waiting = iter(paths)
        running: set[Future[str]] = set()
        pool = ThreadPoolExecutor(_PARALLEL_PUTS)
        try:
            while True:
                for path in islice(waiting, _PARALLEL_PUTS - len(running)):
                    running.add(pool.submit(self._bring, root, path))
                if not running:
                    return
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    progress(future.result())
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _bring(self, root: Path, path: str) -> str:
        try:
            data = read_article(root, path)
        except Unreadable as reason:
            self._fail(path, str(reason))
            return path
        if is_exported(data):
            return self._bring_back(path, data)
        known = self._known.get(path)
        if known is not None and self._is_there(known, data):
            with self._lock:
                self.report.unchanged.append(path)
            return path
        try:
            imported = self._gateway.imports.ImportDocument(
                document_import_service_pb2.ImportDocumentRequest(
                    source_uri=path,
                    data=data,
                    category=self._category,
                    readers=self._readers,
                )
            )
        except grpc.RpcError as error:
            self._refused(path, error)
            return path
        self._count(path, known, imported.document)
        if imported.warnings:
            with self._lock:
                self.report.warnings[path] = [warning.text for warning in imported.warnings]
        return path

    def _bring_back(self, path: str, data: bytes) -> str:
        """An article that was exported is put as it was, and nothing of it is read anew."""
        try:
            document = document_of(data, path)
        except Unreadable as reason:
            self._fail(path, str(reason))
            return path
        document.category = self._category or document.category
        if self._readers is not None:
            document.readers.CopyFrom(self._readers)
        known = self._known.get(document.source_uri)
        if known is not None and is_same(known, document):
            with self._lock:
                self.report.unchanged.append(path)
            return path
        try:
            stored = self._gateway.search.PutDocument(
                search_service_pb2.PutDocumentRequest(document=document)
            )
        except grpc.RpcError as error:
            self._refused(path, error)
            return path
        self._count(path, known, stored)
        return path

    def _refused(self, path: str, error: grpc.RpcError) -> None:
        refusal = from_rpc(error, self._gateway.address.url)
        if error.code() not in _FAULTS_OF_THE_DOCUMENT:
            raise _stopped(refusal) from None
        if refusal.code == _TEXTLESS:
            with self._lock:
                self.report.textless.append(path)
        else:
            self._fail(path, refusal.message)

    def _is_there(self, known: search_pb2.KnowledgeDocument, data: bytes) -> bool:
        are_readers_known = self._readers is None or self._readers == known.readers
        return are_readers_known and is_unchanged(known, data, self._category)

    def _fail(self, path: str, reason: str) -> None:
        with self._lock:
            self.report.failed[path] = reason

    def _count(
        self,
        path: str,
        known: search_pb2.KnowledgeDocument | None,
        stored: search_pb2.KnowledgeDocument,
    ) -> None:
        with self._lock:
            if known is not None and known.version == stored.version:
                is_equal = known.readers == stored.readers and known.state == stored.state
                (self.report.unchanged if is_equal else self.report.updated).append(path)
                return
            (self.report.added if known is None else self.report.updated).append(path)
            self.report.passages += stored.chunk_count


def list_documents(gateway: Gateway) -> list[search_pb2.KnowledgeDocument]:
    documents: list[search_pb2.KnowledgeDocument] = []
    token = ""
    while True:
        page = gateway.search.ListDocuments(
            search_service_pb2.ListDocumentsRequest(page_size=100, page_token=token)
        )
        documents += page.documents
        token = page.next_page_token
        if not token:
            return documents


def find_document(gateway: Gateway, name: str) -> str:
    """The id of the document with this source; else the name is taken for the id."""
    listed = (document for document in list_documents(gateway) if document.source_uri == name)
    return next((document.document_id for document in listed), name)


def _stopped(refusal: CommandError) -> CommandError:
    return CommandError(
        f"The import stopped: {refusal.message}",
        hint="run the same command again; what is stored already is skipped",
        code=refusal.code,
        exit_code=refusal.exit_code,
    )
