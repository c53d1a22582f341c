"""Search's RPCs: message in, one use case, message out."""

from dataclasses import asdict
from typing import Any

import grpc

from helpdesk.search.v1 import (
    category_service_pb2,
    category_service_pb2_grpc,
    document_import_service_pb2,
    document_import_service_pb2_grpc,
    grouping_service_pb2,
    grouping_service_pb2_grpc,
    index_service_pb2,
    index_service_pb2_grpc,
    publication_service_pb2,
    publication_service_pb2_grpc,
    readers_pb2,
    search_pb2,
    search_service_pb2,
    search_service_pb2_grpc,
    version_service_pb2,
    version_service_pb2_grpc,
)
from services.search import history, publishing, restricting, use_cases
from services.search.convert import (
    categories_to,
    category_to,
    comparison_to,
    document_to,
    file_from,
    findings_to,
    imported_to,
    page_to,
    readers_from,
    text_from,
    version_to,
    versions_to,
)
from services.search.finding import Finder, search_passages
from services.search.formats.converting import Converter
from services.search.formats.importing import import_document
from services.search.grouping import group_texts
from services.search.index_care import index_status, rebuild_index
from services.search.library import Library

_Context = grpc.aio.ServicerContext[Any, Any]


class SearchServicer(search_service_pb2_grpc.SearchServiceServicer):
    def __init__(self, library: Library, finder: Finder) -> None:
        self._library = library
        self._finder = finder

    async def PutDocument(
        self, request: search_service_pb2.PutDocumentRequest, context: _Context
    ) -> search_pb2.KnowledgeDocument:
        text = text_from(request.document)
        return document_to(await use_cases.put_document(self._library, text))

    async def GetDocument(
        self, request: search_service_pb2.GetDocumentRequest, context: _Context
    ) -> search_pb2.KnowledgeDocument:
        store = self._library.store
        return document_to(await use_cases.get_document(store, request.document_id))

    async def GetDocumentVersion(
        self, request: search_service_pb2.GetDocumentVersionRequest, context: _Context
    ) -> search_pb2.DocumentVersion:
        found = await history.get_document_version(
            self._library.store, request.document_id, request.version
        )
        return version_to(found)

    async def ListDocuments(
        self, request: search_service_pb2.ListDocumentsRequest, context: _Context
    ) -> search_service_pb2.ListDocumentsResponse:
        page = await use_cases.list_documents(
            self._library.store, request.page_size, request.page_token
        )
        return page_to(page)

    async def DeleteDocument(
        self, request: search_service_pb2.DeleteDocumentRequest, context: _Context
    ) -> search_service_pb2.DeleteDocumentResponse:
        await use_cases.delete_document(self._library, request.document_id)
        return search_service_pb2.DeleteDocumentResponse()

    async def SetDocumentReaders(
        self, request: search_service_pb2.SetDocumentReadersRequest, context: _Context
    ) -> search_pb2.KnowledgeDocument:
        readers = readers_from(request.readers)
        changed = await restricting.set_document_readers(
            self._library, request.document_id, readers
        )
        return document_to(changed)

    async def SearchPassages(
        self, request: search_service_pb2.SearchPassagesRequest, context: _Context
    ) -> search_service_pb2.SearchPassagesResponse:
        return findings_to(await search_passages(self._finder, request.query, request.page_size))


class GroupingServicer(grouping_service_pb2_grpc.GroupingServiceServicer):
    def __init__(self, library: Library) -> None:
        self._vectors = library.vectors

    async def GroupTexts(
        self, request: grouping_service_pb2.GroupTextsRequest, context: _Context
    ) -> grouping_service_pb2.GroupTextsResponse:
        groups = await group_texts(self._vectors, request.texts)
        return grouping_service_pb2.GroupTextsResponse(
            groups=[grouping_service_pb2.TextGroup(positions=group) for group in groups]
        )


class IndexServicer(index_service_pb2_grpc.IndexServiceServicer):
    def __init__(self, library: Library) -> None:
        self._library = library

    async def GetIndexStatus(
        self, request: index_service_pb2.GetIndexStatusRequest, context: _Context
    ) -> index_service_pb2.IndexStatus:
        return index_service_pb2.IndexStatus(**asdict(await index_status(self._library)))

    async def RebuildIndex(
        self, request: index_service_pb2.RebuildIndexRequest, context: _Context
    ) -> index_service_pb2.IndexStatus:
        return index_service_pb2.IndexStatus(**asdict(await rebuild_index(self._library)))


class CategoryServicer(category_service_pb2_grpc.CategoryServiceServicer):
    def __init__(self, library: Library) -> None:
        self._library = library

    async def ListCategories(
        self, request: category_service_pb2.ListCategoriesRequest, context: _Context
    ) -> category_service_pb2.ListCategoriesResponse:
        store = self._library.store
        page = await restricting.list_categories(store, request.page_size, request.page_token)
        return categories_to(page)

    async def SetCategoryReaders(
        self, request: category_service_pb2.SetCategoryReadersRequest, context: _Context
    ) -> readers_pb2.Category:
        readers = readers_from(request.readers)
        return category_to(
            await restricting.set_category_readers(self._library, request.category, readers)
        )


class DocumentImportServicer(document_import_service_pb2_grpc.DocumentImportServiceServicer):
    def __init__(self, library: Library, converter: Converter) -> None:
        self._library = library
        self._converter = converter

    async def ImportDocument(
        self, request: document_import_service_pb2.ImportDocumentRequest, context: _Context
    ) -> document_import_service_pb2.ImportDocumentResponse:
        file = file_from(request)
        return imported_to(await import_document(self._library, self._converter, file))


class PublicationServicer(publication_service_pb2_grpc.PublicationServiceServicer):
    def __init__(self, library: Library) -> None:
        self._library = library

    async def PublishDocument(
        self, request: publication_service_pb2.PublishDocumentRequest, context: _Context
    ) -> search_pb2.KnowledgeDocument:
        return document_to(
            await publishing.publish_document(self._library, request.document_id, request.version)
        )

    async def ArchiveDocument(
        self, request: publication_service_pb2.ArchiveDocumentRequest, context: _Context
    ) -> search_pb2.KnowledgeDocument:
        return document_to(await publishing.archive_document(self._library, request.document_id))


class VersionServicer(version_service_pb2_grpc.VersionServiceServicer):
    def __init__(self, library: Library) -> None:
        self._library = library

    async def ListDocumentVersions(
        self, request: version_service_pb2.ListDocumentVersionsRequest, context: _Context
    ) -> version_service_pb2.ListDocumentVersionsResponse:
        page = await history.list_document_versions(
            self._library.store, request.document_id, request.page_size, request.page_token
        )
        return versions_to(page)

    async def DiffDocumentVersions(
        self, request: version_service_pb2.DiffDocumentVersionsRequest, context: _Context
    ) -> version_service_pb2.DiffDocumentVersionsResponse:
        compared = await history.diff_document_versions(
            self._library.store, request.document_id, request.old_version, request.new_version
        )
        return comparison_to(compared)

    async def RollBackDocument(
        self, request: version_service_pb2.RollBackDocumentRequest, context: _Context
    ) -> search_pb2.KnowledgeDocument:
        return document_to(
            await history.roll_back_document(self._library, request.document_id, request.version)
        )
