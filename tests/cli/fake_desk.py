"""Articles, tickets and conversations in memory."""

# ruff: noqa: N802 - RPC methods carry the contract's names

import hashlib
import threading
from collections.abc import Callable, Iterator

import grpc
from google.rpc import code_pb2

from helpdesk.chat.v1 import chat_pb2, chat_service_pb2, chat_service_pb2_grpc
from helpdesk.search.v1 import (
    category_service_pb2,
    category_service_pb2_grpc,
    document_import_service_pb2,
    document_import_service_pb2_grpc,
    publication_pb2,
    readers_pb2,
    search_pb2,
    search_service_pb2,
    search_service_pb2_grpc,
)
from helpdesk.ticket.v1 import ticket_pb2, ticket_service_pb2, ticket_service_pb2_grpc
from tests.cli.fake_people import People
from tests.cli.refuse import refusal

Context = grpc.ServicerContext


def admits_all(readers: readers_pb2.Readers) -> bool:
    return not (readers.roles or readers.user_ids)


class Search(search_service_pb2_grpc.SearchServiceServicer):
    """`before_put` may refuse or wait; it runs before anything is stored."""

    def __init__(self) -> None:
        self.documents: dict[str, search_pb2.KnowledgeDocument] = {}
        self.puts: list[str] = []
        self.lock = threading.Lock()
        self.before_put: Callable[[search_pb2.KnowledgeDocument, Context], None] = (
            lambda document, context: None
        )

    def PutDocument(
        self, request: search_service_pb2.PutDocumentRequest, context: Context
    ) -> search_pb2.KnowledgeDocument:
        return self.put(request.document, context)

    def put(
        self, put: search_pb2.KnowledgeDocument, context: Context
    ) -> search_pb2.KnowledgeDocument:
        self.before_put(put, context)
        with self.lock:
            known = self.documents.get(put.source_uri)
            self.puts.append(put.source_uri)
            stored = search_pb2.KnowledgeDocument(
                document_id=f"document-{put.source_uri}",
                source_uri=put.source_uri,
                title=put.title or put.source_uri,
                category=put.category or (known.category if known else ""),
                content=put.content,
                source_sha256=put.source_sha256,
                version=known.version + 1 if known else 1,
                chunk_count=2,
                state=put.state or publication_pb2.DOCUMENT_STATE_PUBLISHED,
                effective_dates=put.effective_dates if put.effective_dates.ByteSize() else None,
            )
            fields = (stored.source_uri, stored.title, stored.category, stored.content)
            stored.content_hash = hashlib.sha256("\0".join(fields).encode()).hexdigest()
            if put.HasField("readers"):
                stored.readers.CopyFrom(put.readers)
            else:
                stored.readers.CopyFrom(known.readers if known else readers_pb2.Readers())
            stored.restricted = not admits_all(stored.readers)
            if known and known.content_hash == stored.content_hash:
                stored.version = known.version
            self.documents[put.source_uri] = stored
            return stored

    def GetDocument(
        self, request: search_service_pb2.GetDocumentRequest, context: Context
    ) -> search_pb2.KnowledgeDocument:
        for document in self.documents.values():
            if document.document_id == request.document_id:
                return document
        context.abort_with_status(refusal(code_pb2.NOT_FOUND, "DOCUMENT_NOT_FOUND"))
        raise AssertionError

    def ListDocuments(
        self, request: search_service_pb2.ListDocumentsRequest, context: Context
    ) -> search_service_pb2.ListDocumentsResponse:
        listed = []
        for document in sorted(self.documents.values(), key=lambda found: found.source_uri):
            listed.append(search_pb2.KnowledgeDocument())
            listed[-1].CopyFrom(document)
            listed[-1].content = ""
        first = int(request.page_token or 0)
        page = listed[first : first + request.page_size]
        following = str(first + len(page)) if first + len(page) < len(listed) else ""
        return search_service_pb2.ListDocumentsResponse(documents=page, next_page_token=following)

    def SetDocumentReaders(
        self, request: search_service_pb2.SetDocumentReadersRequest, context: Context
    ) -> search_pb2.KnowledgeDocument:
        for document in self.documents.values():
            if document.document_id == request.document_id:
                document.readers.CopyFrom(request.readers)
                document.restricted = not admits_all(request.readers)
                return document
        context.abort_with_status(refusal(code_pb2.NOT_FOUND, "DOCUMENT_NOT_FOUND"))
        raise AssertionError


class Imports(document_import_service_pb2_grpc.DocumentImportServiceServicer):
    """Takes every file for text; `warnings` are those of each file by its path."""

    def __init__(self, search: Search) -> None:
        self.search = search
        self.warnings: dict[str, str] = {}

    def ImportDocument(
        self, request: document_import_service_pb2.ImportDocumentRequest, context: Context
    ) -> document_import_service_pb2.ImportDocumentResponse:
        put = search_pb2.KnowledgeDocument(
            source_uri=request.source_uri,
            content=request.data.decode(errors="replace"),
            category=request.category,
            source_sha256=hashlib.sha256(request.data).hexdigest(),
        )
        if request.HasField("readers"):
            put.readers.CopyFrom(request.readers)
        warning = self.warnings.get(request.source_uri)
        return document_import_service_pb2.ImportDocumentResponse(
            document=self.search.put(put, context),
            warnings=[document_import_service_pb2.ImportWarning(text=warning)] if warning else [],
        )


class Categories(category_service_pb2_grpc.CategoryServiceServicer):
    def __init__(self, search: Search) -> None:
        self.search = search
        self.readers: dict[str, readers_pb2.Readers] = {}

    def ListCategories(
        self, request: category_service_pb2.ListCategoriesRequest, context: Context
    ) -> category_service_pb2.ListCategoriesResponse:
        used = {document.category for document in self.search.documents.values()} - {""}
        names = sorted({*used, *self.readers})
        return category_service_pb2.ListCategoriesResponse(categories=map(self._category, names))

    def SetCategoryReaders(
        self, request: category_service_pb2.SetCategoryReadersRequest, context: Context
    ) -> readers_pb2.Category:
        self.readers[request.category] = request.readers
        return self._category(request.category)

    def _category(self, name: str) -> readers_pb2.Category:
        documents = self.search.documents.values()
        return readers_pb2.Category(
            category=name,
            readers=self.readers.get(name),
            document_count=sum(document.category == name for document in documents),
        )


class Tickets(ticket_service_pb2_grpc.TicketServiceServicer):
    def __init__(self, people: People) -> None:
        self.people = people
        self.tickets: list[ticket_pb2.Ticket] = []
        self.comments: list[ticket_pb2.Comment] = []
        self.presences: list[ticket_pb2.TicketPresence] = []
        self.events: list[ticket_pb2.TicketEvent] = []
        self.tells_presences = True
        self.watched_from: list[int] = []

    def SetPresence(
        self, request: ticket_service_pb2.SetPresenceRequest, context: Context
    ) -> ticket_service_pb2.SetPresenceResponse:
        others = list(self.presences)
        self.presences.append(
            ticket_pb2.TicketPresence(
                ticket_id=request.ticket_id,
                user_id=self.people.caller(context).user_id,
                activity=request.activity,
            )
        )
        return ticket_service_pb2.SetPresenceResponse(others=others)

    def ListPresences(
        self, request: ticket_service_pb2.ListPresencesRequest, context: Context
    ) -> ticket_service_pb2.ListPresencesResponse:
        if not self.tells_presences:
            context.abort_with_status(refusal(code_pb2.PERMISSION_DENIED, "PERMISSION_MISSING"))
        return ticket_service_pb2.ListPresencesResponse(presences=self.presences)

    def WatchTickets(
        self, request: ticket_service_pb2.WatchTicketsRequest, context: Context
    ) -> Iterator[ticket_service_pb2.WatchTicketsResponse]:
        """Breaks off after each event, the first time without a word."""
        self.watched_from.append(request.after_seq)
        yield ticket_service_pb2.WatchTicketsResponse(
            seq=request.after_seq, heartbeat=ticket_service_pb2.WatchHeartbeat()
        )
        for event in self.events:
            if event.seq > request.after_seq:
                yield ticket_service_pb2.WatchTicketsResponse(seq=event.seq, ticket_event=event)
                break
        if len(self.watched_from) == 1:
            context.abort_with_status(refusal(code_pb2.UNAVAILABLE, "UNAVAILABLE"))

    def CreateTicket(
        self, request: ticket_service_pb2.CreateTicketRequest, context: Context
    ) -> ticket_pb2.Ticket:
        ticket = ticket_pb2.Ticket()
        ticket.CopyFrom(request.ticket)
        ticket.number = len(self.tickets) + 1
        ticket.ticket_id = f"ticket-{ticket.number}"
        ticket.status = ticket_pb2.TICKET_STATUS_NEW
        ticket.requester_id = self.people.caller(context).user_id
        self.tickets.append(ticket)
        return ticket

    def ListTickets(
        self, request: ticket_service_pb2.ListTicketsRequest, context: Context
    ) -> ticket_service_pb2.ListTicketsResponse:
        ordered = list(self.tickets)
        if request.order_by != "number":
            ordered.reverse()
        first = int(request.page_token or 0)
        page = ordered[first : first + request.page_size]
        following = str(first + len(page)) if first + len(page) < len(ordered) else ""
        return ticket_service_pb2.ListTicketsResponse(tickets=page, next_page_token=following)

    def ListComments(
        self, request: ticket_service_pb2.ListCommentsRequest, context: Context
    ) -> ticket_service_pb2.ListCommentsResponse:
        written = [found for found in self.comments if found.ticket_id == request.ticket_id]
        return ticket_service_pb2.ListCommentsResponse(comments=written)

    def CreateComment(
        self, request: ticket_service_pb2.CreateCommentRequest, context: Context
    ) -> ticket_pb2.Comment:
        comment = ticket_pb2.Comment()
        comment.CopyFrom(request.comment)
        comment.ticket_id = request.ticket_id
        comment.author_id = self.people.caller(context).user_id
        self.comments.append(comment)
        return comment

    def GetTicket(
        self, request: ticket_service_pb2.GetTicketRequest, context: Context
    ) -> ticket_pb2.Ticket:
        for ticket in self.tickets:
            if ticket.ticket_id == request.ticket_id:
                return ticket
        context.abort_with_status(refusal(code_pb2.NOT_FOUND, "TICKET_NOT_FOUND"))
        raise AssertionError


class Chat(chat_service_pb2_grpc.ChatServiceServicer):
    def __init__(self) -> None:
        self.steps: list[chat_pb2.StreamMessageResponse] = []

    def StreamMessage(
        self, request: chat_service_pb2.StreamMessageRequest, context: Context
    ) -> Iterator[chat_pb2.StreamMessageResponse]:
        yield from self.steps
