"""Search's messages ↔ its domain."""

from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp

from helpdesk.search.v1 import (
    category_service_pb2,
    document_import_service_pb2,
    publication_pb2,
    readers_pb2,
    search_pb2,
    search_service_pb2,
    version_pb2,
    version_service_pb2,
)
from services.search.differences import Hunk, Line
from services.search.domain import (
    Category,
    DocumentText,
    DocumentVersion,
    FoundPassage,
    KnowledgeDocument,
)
from services.search.finding import Findings
from services.search.formats.converted import WarningKind
from services.search.formats.importing import File, Imported
from services.search.history import Comparison, VersionPage
from services.search.publication import ALWAYS, DocumentState, Period
from services.search.readers import Readers, current_reader
from services.search.restricting import CategoryPage
from services.search.use_cases import DocumentPage

_WARNING_KINDS = {
    WarningKind.INVISIBLE_CHARACTERS: (
        document_import_service_pb2.IMPORT_WARNING_KIND_INVISIBLE_CHARACTERS
    ),
    WarningKind.HIDDEN_TEXT: document_import_service_pb2.IMPORT_WARNING_KIND_HIDDEN_TEXT,
    WarningKind.ENCODING_GUESSED: document_import_service_pb2.IMPORT_WARNING_KIND_ENCODING_GUESSED,
    WarningKind.PAGES_WITHOUT_TEXT: (
        document_import_service_pb2.IMPORT_WARNING_KIND_PAGES_WITHOUT_TEXT
    ),
}
_STATE = "DOCUMENT_STATE_"


def text_from(message: search_pb2.KnowledgeDocument) -> DocumentText:
    return DocumentText(
        message.source_uri,
        message.title,
        message.category,
        message.content,
        readers_from(message.readers) if message.HasField("readers") else None,
        state=_state_from(message.state),
        period=_period_from(message.effective_dates)
        if message.HasField("effective_dates")
        else None,
    )


def file_from(request: document_import_service_pb2.ImportDocumentRequest) -> File:
    return File(
        request.source_uri,
        request.data,
        request.media_type,
        request.title,
        request.category,
        readers_from(request.readers) if request.HasField("readers") else None,
    )


def imported_to(imported: Imported) -> document_import_service_pb2.ImportDocumentResponse:
    return document_import_service_pb2.ImportDocumentResponse(
        document=document_to(imported.document),
        warnings=[
            document_import_service_pb2.ImportWarning(
                kind=_WARNING_KINDS[warning.kind], count=warning.count, text=warning.text
            )
            for warning in imported.warnings
        ],
    )


def readers_from(message: readers_pb2.Readers) -> Readers:
    return Readers.of(message.roles, message.user_ids)


def readers_to(readers: Readers) -> readers_pb2.Readers:
    return readers_pb2.Readers(roles=readers.roles, user_ids=readers.user_ids)


def category_to(category: Category) -> readers_pb2.Category:
    return readers_pb2.Category(
        category=category.name,
        readers=readers_to(category.readers),
        document_count=category.document_count,
        category_id=category.category_id,
    )


def categories_to(page: CategoryPage) -> category_service_pb2.ListCategoriesResponse:
    return category_service_pb2.ListCategoriesResponse(
        categories=[category_to(category) for category in page.categories],
        next_page_token=page.next_page_token,
    )


def document_to(document: KnowledgeDocument) -> search_pb2.KnowledgeDocument:
    return search_pb2.KnowledgeDocument(
        document_id=document.document_id,
        source_uri=document.source_uri,
        title=document.title,
        category=document.category,
        content=document.content,
        version=document.version,
        content_hash=document.content_hash,
        chunk_count=document.chunk_count,
        create_time=_timestamp(document.create_time),
        update_time=_timestamp(document.update_time),
        # Who else may read is nobody's business but who manages the documents.
        readers=readers_to(document.readers) if current_reader().sees_all else None,
        restricted=document.is_restricted,
        source_media_type=document.original.media_type,
        source_sha256=document.original.sha256,
        state=_state_to(document.state),
        effective_dates=_dates_to(document.period),
        published_version=0 if document.archive_time else document.published_version,
    )


def version_to(version: DocumentVersion) -> search_pb2.DocumentVersion:
    return search_pb2.DocumentVersion(
        document_id=version.document_id,
        version=version.version,
        title=version.title,
        content=version.content,
        create_time=_timestamp(version.create_time),
        source_uri=version.source_uri,
        source_media_type=version.original.media_type,
        source_sha256=version.original.sha256,
        category=version.category,
        content_hash=version.content_hash,
        state=_state_to(version.state),
        effective_dates=_dates_to(version.period),
        publish_time=_timestamp(version.publish_time) if version.publish_time else None,
        restored_version=version.restored_version,
    )


def versions_to(page: VersionPage) -> version_service_pb2.ListDocumentVersionsResponse:
    return version_service_pb2.ListDocumentVersionsResponse(
        versions=[version_to(version) for version in page.versions],
        next_page_token=page.next_page_token,
    )


def comparison_to(compared: Comparison) -> version_service_pb2.DiffDocumentVersionsResponse:
    difference = compared.difference
    return version_service_pb2.DiffDocumentVersionsResponse(
        old=version_to(compared.old),
        new=version_to(compared.new),
        hunks=[_hunk_to(hunk) for hunk in difference.hunks],
        removed_count=difference.removed_count,
        added_count=difference.added_count,
        truncated=difference.is_truncated,
    )


def page_to(page: DocumentPage) -> search_service_pb2.ListDocumentsResponse:
    return search_service_pb2.ListDocumentsResponse(
        documents=[document_to(document) for document in page.documents],
        next_page_token=page.next_page_token,
    )


def findings_to(findings: Findings) -> search_service_pb2.SearchPassagesResponse:
    return search_service_pb2.SearchPassagesResponse(
        results=[_result_to(passage) for passage in findings.passages],
        degraded=findings.degraded,
        question_language=findings.language,
        other_language=findings.is_foreign,
    )


def _result_to(passage: FoundPassage) -> search_pb2.SearchResult:
    chunk = passage.chunk
    return search_pb2.SearchResult(
        document_id=chunk.document_id,
        version=chunk.version,
        chunk_id=chunk.chunk_id,
        title=passage.title,
        headings=chunk.headings,
        text=chunk.text,
        start=chunk.start,
        end=chunk.end,
        score=passage.score,
        similarity=passage.similarity,
        coverage=passage.coverage,
        source_uri=passage.source_uri,
    )


def _hunk_to(hunk: Hunk) -> version_pb2.DiffHunk:
    return version_pb2.DiffHunk(
        old_line=hunk.old_line,
        old_count=hunk.old_count,
        new_line=hunk.new_line,
        new_count=hunk.new_count,
        lines=[_line_to(line) for line in hunk.lines],
    )


def _line_to(line: Line) -> version_pb2.DiffLine:
    kind = version_pb2.DiffLineKind.Value(f"DIFF_LINE_KIND_{line.kind}")
    return version_pb2.DiffLine(kind=kind, text=line.text)


def _state_from(state: publication_pb2.DocumentState.ValueType) -> DocumentState | None:
    if state == publication_pb2.DOCUMENT_STATE_UNSPECIFIED:
        return None
    return DocumentState(publication_pb2.DocumentState.Name(state).removeprefix(_STATE))


def _state_to(state: DocumentState) -> publication_pb2.DocumentState.ValueType:
    return publication_pb2.DocumentState.Value(f"{_STATE}{state}")


def _period_from(message: publication_pb2.EffectiveDates) -> Period:
    return Period(
        message.effective_from.ToDatetime(UTC) if message.HasField("effective_from") else None,
        message.effective_until.ToDatetime(UTC) if message.HasField("effective_until") else None,
    )


def _dates_to(period: Period) -> publication_pb2.EffectiveDates | None:
    if period == ALWAYS:
        return None
    return publication_pb2.EffectiveDates(
        effective_from=_timestamp(period.begin) if period.begin else None,
        effective_until=_timestamp(period.end) if period.end else None,
    )


def _timestamp(moment: datetime) -> Timestamp:
    timestamp = Timestamp()
    timestamp.FromDatetime(moment)
    return timestamp
