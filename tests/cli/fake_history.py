"""Versions of articles in memory: as many as were put since this was made."""

# ruff: noqa: N802 - RPC methods carry the contract's names

import grpc
from google.rpc import code_pb2

from helpdesk.search.v1 import (
    publication_pb2,
    publication_service_pb2,
    publication_service_pb2_grpc,
    search_pb2,
    version_pb2,
    version_service_pb2,
    version_service_pb2_grpc,
)
from tests.cli.fake_desk import Search
from tests.cli.refuse import refusal

Context = grpc.ServicerContext


def find(search: Search, document_id: str, context: Context) -> search_pb2.KnowledgeDocument:
    for document in search.documents.values():
        if document.document_id == document_id:
            return document
    context.abort_with_status(refusal(code_pb2.NOT_FOUND, "DOCUMENT_NOT_FOUND"))
    raise AssertionError


class Publications(publication_service_pb2_grpc.PublicationServiceServicer):
    def __init__(self, search: Search) -> None:
        self.search = search

    def PublishDocument(
        self, request: publication_service_pb2.PublishDocumentRequest, context: Context
    ) -> search_pb2.KnowledgeDocument:
        document = find(self.search, request.document_id, context)
        if request.version not in (0, document.version):
            context.abort_with_status(
                refusal(code_pb2.ABORTED, "VERSION_NOT_NEWEST", version=str(request.version))
            )
        document.state = publication_pb2.DOCUMENT_STATE_PUBLISHED
        return document

    def ArchiveDocument(
        self, request: publication_service_pb2.ArchiveDocumentRequest, context: Context
    ) -> search_pb2.KnowledgeDocument:
        document = find(self.search, request.document_id, context)
        document.state = publication_pb2.DOCUMENT_STATE_ARCHIVED
        return document


class Versions(version_service_pb2_grpc.VersionServiceServicer):
    """`versions` are those of every document, newest first."""

    def __init__(self, search: Search) -> None:
        self.search = search
        self.versions: list[search_pb2.DocumentVersion] = []
        self.compared: list[tuple[int, int]] = []

    def ListDocumentVersions(
        self, request: version_service_pb2.ListDocumentVersionsRequest, context: Context
    ) -> version_service_pb2.ListDocumentVersionsResponse:
        find(self.search, request.document_id, context)
        first = int(request.page_token or 0)
        page = self.versions[first : first + request.page_size]
        end = first + len(page)
        return version_service_pb2.ListDocumentVersionsResponse(
            versions=page, next_page_token=str(end) if end < len(self.versions) else ""
        )

    def DiffDocumentVersions(
        self, request: version_service_pb2.DiffDocumentVersionsRequest, context: Context
    ) -> version_service_pb2.DiffDocumentVersionsResponse:
        find(self.search, request.document_id, context)
        self.compared.append((request.old_version, request.new_version))
        by_number = {version.version: version for version in self.versions}
        lines = [
            version_pb2.DiffLine(kind=version_pb2.DIFF_LINE_KIND_UNCHANGED, text="# Press"),
            version_pb2.DiffLine(kind=version_pb2.DIFF_LINE_KIND_REMOVED, text="Ten\x1b[31m."),
            version_pb2.DiffLine(kind=version_pb2.DIFF_LINE_KIND_ADDED, text="Forty."),
        ]
        hunk = version_pb2.DiffHunk(old_line=1, old_count=2, new_line=1, new_count=2, lines=lines)
        is_same = request.old_version == request.new_version
        return version_service_pb2.DiffDocumentVersionsResponse(
            old=by_number[request.old_version],
            new=by_number[request.new_version],
            hunks=[] if is_same else [hunk],
            removed_count=1,
            added_count=1,
        )

    def RollBackDocument(
        self, request: version_service_pb2.RollBackDocumentRequest, context: Context
    ) -> search_pb2.KnowledgeDocument:
        document = find(self.search, request.document_id, context)
        document.version += 1
        return document
