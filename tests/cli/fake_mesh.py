"""A gateway in this process that keeps documents and tickets in memory."""

# ruff: noqa: N802 - RPC methods carry the contract's names

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

from helpdesk.auth.v1 import (
    auth_pb2,
    token_service_pb2,
    token_service_pb2_grpc,
    user_service_pb2,
    user_service_pb2_grpc,
)
from helpdesk.chat.v1 import chat_pb2, chat_service_pb2, chat_service_pb2_grpc
from helpdesk.search.v1 import search_pb2, search_service_pb2, search_service_pb2_grpc
from helpdesk.ticket.v1 import ticket_pb2, ticket_service_pb2, ticket_service_pb2_grpc

Context = grpc.ServicerContext
PASSWORD = "correct horse"


def refusal(code: int, reason: str = "", message: str = "", *details: Message) -> grpc.Status:
    """What the mesh puts into a call that it refuses."""
    status = status_pb2.Status(code=code, message=message)
    info = error_details_pb2.ErrorInfo(reason=reason, domain="helpdesk.mesh")
    for detail in ((info,) if reason else ()) + details:
        packed = AnyMessage()
        packed.Pack(detail)
        status.details.append(packed)
    return rpc_status.to_status(status)


class Tokens(token_service_pb2_grpc.TokenServiceServicer):
    def __init__(self) -> None:
        self.issued = 0
        self.refreshed = 0
        self.live_refresh_tokens: set[str] = set()
        self.lock = threading.Lock()

    def IssueToken(
        self, request: token_service_pb2.IssueTokenRequest, context: Context
    ) -> token_service_pb2.Token:
        if request.password.password != PASSWORD:
            context.abort_with_status(refusal(code_pb2.UNAUTHENTICATED, "CREDENTIALS_WRONG"))
        self.issued += 1
        return self._token()

    def RefreshToken(
        self, request: token_service_pb2.RefreshTokenRequest, context: Context
    ) -> token_service_pb2.Token:
        with self.lock:
            if request.refresh_token not in self.live_refresh_tokens:
                # As the real one: a token that is used twice ends the whole family.
                self.live_refresh_tokens.clear()
                context.abort_with_status(
                    refusal(code_pb2.UNAUTHENTICATED, "REFRESH_TOKEN_INVALID")
                )
            self.live_refresh_tokens.remove(request.refresh_token)
            self.refreshed += 1
            return self._token()

    def GetIdentity(
        self, request: token_service_pb2.GetIdentityRequest, context: Context
    ) -> token_service_pb2.Identity:
        return token_service_pb2.Identity(user=auth_pb2.User(user_id="user-1", display_name="Ada"))

    def _token(self) -> token_service_pb2.Token:
        number = self.issued + self.refreshed
        self.live_refresh_tokens.add(f"refresh-{number}")
        token = token_service_pb2.Token(
            access_token=f"access-{number}", refresh_token=f"refresh-{number}"
        )
        token.expire_time.FromSeconds(int(time.time()) + 300)
        return token


class Users(user_service_pb2_grpc.UserServiceServicer):
    def ListUsers(
        self, request: user_service_pb2.ListUsersRequest, context: Context
    ) -> user_service_pb2.ListUsersResponse:
        user = auth_pb2.User(user_id="user-1", email="ada@acme.example", display_name="Ada")
        return user_service_pb2.ListUsersResponse(users=[user])


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
        self.before_put(request.document, context)
        with self.lock:
            put = request.document
            known = self.documents.get(put.source_uri)
            self.puts.append(put.source_uri)
            stored = search_pb2.KnowledgeDocument(
                document_id=f"document-{put.source_uri}",
                source_uri=put.source_uri,
                title=put.source_uri,
                content=put.content,
                version=known.version + 1 if known else 1,
                chunk_count=2,
            )
            fields = (stored.source_uri, stored.title, stored.category, stored.content)
            stored.content_hash = hashlib.sha256("\0".join(fields).encode()).hexdigest()
            if known and known.content_hash == stored.content_hash:
                return known
            self.documents[put.source_uri] = stored
            return stored

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


class Tickets(ticket_service_pb2_grpc.TicketServiceServicer):
    def __init__(self) -> None:
        self.tickets: list[ticket_pb2.Ticket] = []

    def CreateTicket(
        self, request: ticket_service_pb2.CreateTicketRequest, context: Context
    ) -> ticket_pb2.Ticket:
        ticket = ticket_pb2.Ticket()
        ticket.CopyFrom(request.ticket)
        ticket.number = len(self.tickets) + 1
        ticket.ticket_id = f"ticket-{ticket.number}"
        ticket.status = ticket_pb2.TICKET_STATUS_NEW
        ticket.requester_id = "user-1"
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
        return ticket_service_pb2.ListCommentsResponse()

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


class FakeMesh:
    def __init__(self) -> None:
        # The methods that no test calls answer UNIMPLEMENTED, as the generated base classes do.
        self.tokens = Tokens()  # type: ignore[abstract]
        self.users = Users()  # type: ignore[abstract]
        self.search = Search()  # type: ignore[abstract]
        self.tickets = Tickets()  # type: ignore[abstract]
        self.chat = Chat()  # type: ignore[abstract]
        self._server = grpc.server(
            ThreadPoolExecutor(8),
            options=[("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", 8 * 1024**2)],
        )
        token_service_pb2_grpc.add_TokenServiceServicer_to_server(self.tokens, self._server)
        user_service_pb2_grpc.add_UserServiceServicer_to_server(self.users, self._server)
        search_service_pb2_grpc.add_SearchServiceServicer_to_server(self.search, self._server)
        ticket_service_pb2_grpc.add_TicketServiceServicer_to_server(self.tickets, self._server)
        chat_service_pb2_grpc.add_ChatServiceServicer_to_server(self.chat, self._server)
        port = self._server.add_insecure_port("127.0.0.1:0")
        self.url = f"http://127.0.0.1:{port}"
        self._server.start()

    def stop(self) -> None:
        self._server.stop(None).wait()
