"""A gateway in this process that keeps everything in memory."""

# ruff: noqa: N802 - RPC methods carry the contract's names

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import grpc
from google.rpc import code_pb2

from helpdesk.auth.v1 import (
    client_service_pb2_grpc,
    identity_provider_service_pb2_grpc,
    tenant_service_pb2_grpc,
    token_service_pb2,
    token_service_pb2_grpc,
    user_service_pb2_grpc,
)
from helpdesk.chat.v1 import chat_service_pb2_grpc
from helpdesk.search.v1 import (
    category_service_pb2_grpc,
    document_import_service_pb2_grpc,
    evaluation_service_pb2_grpc,
    publication_service_pb2_grpc,
    search_service_pb2_grpc,
    version_service_pb2_grpc,
)
from helpdesk.ticket.v1 import ticket_service_pb2_grpc
from tests.cli.fake_audit import AREAS, FakeAudit
from tests.cli.fake_clients import Clients
from tests.cli.fake_desk import Categories, Chat, Imports, Search, Tickets
from tests.cli.fake_evaluations import Evaluations
from tests.cli.fake_history import Publications, Versions
from tests.cli.fake_people import People, Tenants, Users
from tests.cli.fake_providers import IdentityProviders
from tests.cli.refuse import refusal

Context = grpc.ServicerContext
PASSWORD = "correct horse"


class Tokens(token_service_pb2_grpc.TokenServiceServicer):
    def __init__(self, people: People) -> None:
        self.people = people
        self.issued = 0
        self.refreshed = 0
        self.live_refresh_tokens: set[str] = set()
        self.lock = threading.Lock()

    def IssueToken(
        self, request: token_service_pb2.IssueTokenRequest, context: Context
    ) -> token_service_pb2.Token:
        grant = request.password
        if grant.password != self.people.passwords.get(grant.email, PASSWORD):
            context.abort_with_status(refusal(code_pb2.UNAUTHENTICATED, "CREDENTIALS_WRONG"))
        self.issued += 1
        token = self._token()
        self.people.speaker[token.access_token] = grant.email
        return token

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
        return token_service_pb2.Identity(user=self.people.caller(context))

    def _token(self) -> token_service_pb2.Token:
        number = self.issued + self.refreshed
        self.live_refresh_tokens.add(f"refresh-{number}")
        token = token_service_pb2.Token(
            access_token=f"access-{number}", refresh_token=f"refresh-{number}"
        )
        token.expire_time.FromSeconds(int(time.time()) + 300)
        return token


class FakeMesh:
    def __init__(self) -> None:
        # The methods that no test calls answer UNIMPLEMENTED, as the generated base classes do.
        self.people = People()
        self.tokens = Tokens(self.people)  # type: ignore[abstract]
        self.tenants = Tenants(self.people)
        self.clients = Clients()  # type: ignore[abstract]
        self.users = Users(self.people, self.clients)  # type: ignore[abstract]
        self.search = Search()  # type: ignore[abstract]
        self.categories = Categories(self.search)
        self.imports = Imports(self.search)
        self.publications = Publications(self.search)
        self.versions = Versions(self.search)
        self.evaluations = Evaluations()
        self.tickets = Tickets(self.people)  # type: ignore[abstract]
        self.chat = Chat()  # type: ignore[abstract]
        self.identity_providers = IdentityProviders()  # type: ignore[abstract]
        self._server = grpc.server(
            ThreadPoolExecutor(8),
            options=[("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", 8 * 1024**2)],
        )
        token_service_pb2_grpc.add_TokenServiceServicer_to_server(self.tokens, self._server)
        tenant_service_pb2_grpc.add_TenantServiceServicer_to_server(self.tenants, self._server)
        user_service_pb2_grpc.add_UserServiceServicer_to_server(self.users, self._server)
        client_service_pb2_grpc.add_ClientServiceServicer_to_server(self.clients, self._server)
        search_service_pb2_grpc.add_SearchServiceServicer_to_server(self.search, self._server)
        category_service_pb2_grpc.add_CategoryServiceServicer_to_server(
            self.categories, self._server
        )
        document_import_service_pb2_grpc.add_DocumentImportServiceServicer_to_server(
            self.imports, self._server
        )
        publication_service_pb2_grpc.add_PublicationServiceServicer_to_server(
            self.publications, self._server
        )
        version_service_pb2_grpc.add_VersionServiceServicer_to_server(self.versions, self._server)
        evaluation_service_pb2_grpc.add_EvaluationServiceServicer_to_server(
            self.evaluations, self._server
        )
        ticket_service_pb2_grpc.add_TicketServiceServicer_to_server(self.tickets, self._server)
        chat_service_pb2_grpc.add_ChatServiceServicer_to_server(self.chat, self._server)
        identity_provider_service_pb2_grpc.add_IdentityProviderServiceServicer_to_server(
            self.identity_providers, self._server
        )
        self.audits = {area: FakeAudit(area) for area in AREAS}
        for audit in self.audits.values():
            audit.register(self._server)
        port = self._server.add_insecure_port("127.0.0.1:0")
        self.url = f"http://127.0.0.1:{port}"
        self._server.start()

    def stop(self) -> None:
        self._server.stop(None).wait()
