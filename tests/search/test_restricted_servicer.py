"""Lists over the wire: a real server with every interceptor; only the encoder is made up."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import grpc
import pytest

from helpdesk.search.v1 import (
    category_service_pb2,
    category_service_pb2_grpc,
    readers_pb2,
    search_pb2,
    search_service_pb2,
    search_service_pb2_grpc,
)
from services.auth.standard_roles import ADMIN_PERMISSIONS, AGENT_PERMISSIONS, CUSTOMER_PERMISSIONS
from services.mesh.clock import utc_now
from services.mesh.contract import services_of
from services.mesh.database import Database
from services.mesh.settings import MeshSettings
from services.search.index_edge import EdgeIndex
from services.search.server import MIGRATIONS, assemble
from services.search.store import SqlDocumentStore
from services.search.vectors import Vectors
from tests.search.fakes import FakeEncoder
from tests.support.mesh_server import RunningServer, TestUser, refusal_of, refused, running_server

pytest_plugins = ["tests.support.mesh_server"]

NOT_FOUND = grpc.StatusCode.NOT_FOUND
INVALID = grpc.StatusCode.INVALID_ARGUMENT
DENIED = grpc.StatusCode.PERMISSION_DENIED
AGENTS = readers_pb2.Readers(roles=["agent"])
EVERYBODY = readers_pb2.Readers()
SECRET = "The launch code of the reactor is kept in the red safe.\n"


@dataclass(frozen=True)
class Client:
    documents: "search_service_pb2_grpc.SearchServiceAsyncStub"
    categories: "category_service_pb2_grpc.CategoryServiceAsyncStub"
    user: TestUser

    async def put(
        self, readers: readers_pb2.Readers | None = None, category: str = ""
    ) -> search_pb2.KnowledgeDocument:
        document = search_pb2.KnowledgeDocument(
            source_uri="secret.md", content=SECRET, category=category, readers=readers
        )
        request = search_service_pb2.PutDocumentRequest(document=document)
        return await self.documents.PutDocument(request, metadata=self.user.metadata)

    async def get(self, document_id: str) -> search_pb2.KnowledgeDocument:
        request = search_service_pb2.GetDocumentRequest(document_id=document_id)
        return await self.documents.GetDocument(request, metadata=self.user.metadata)

    async def get_version(self, document_id: str, version: int = 1) -> search_pb2.DocumentVersion:
        request = search_service_pb2.GetDocumentVersionRequest(
            document_id=document_id, version=version
        )
        return await self.documents.GetDocumentVersion(request, metadata=self.user.metadata)

    async def list_documents(self) -> list[search_pb2.KnowledgeDocument]:
        request = search_service_pb2.ListDocumentsRequest()
        reply = await self.documents.ListDocuments(request, metadata=self.user.metadata)
        return list(reply.documents)

    async def finds(self) -> bool:
        request = search_service_pb2.SearchPassagesRequest(query="launch code reactor")
        reply = await self.documents.SearchPassages(request, metadata=self.user.metadata)
        assert not reply.degraded
        return bool(reply.results)

    async def set_readers(
        self, document_id: str, readers: readers_pb2.Readers | None
    ) -> search_pb2.KnowledgeDocument:
        request = search_service_pb2.SetDocumentReadersRequest(
            document_id=document_id, readers=readers
        )
        return await self.documents.SetDocumentReaders(request, metadata=self.user.metadata)

    async def set_category(
        self, category: str, readers: readers_pb2.Readers | None
    ) -> readers_pb2.Category:
        request = category_service_pb2.SetCategoryReadersRequest(category=category, readers=readers)
        return await self.categories.SetCategoryReaders(request, metadata=self.user.metadata)

    async def list_categories(self) -> list[readers_pb2.Category]:
        request = category_service_pb2.ListCategoriesRequest()
        reply = await self.categories.ListCategories(request, metadata=self.user.metadata)
        return list(reply.categories)


@pytest.fixture
async def server(
    mesh_settings: MeshSettings, database_url: str, tmp_path: Path
) -> AsyncIterator[RunningServer]:
    database = Database(database_url)
    await database.migrate(MIGRATIONS)
    encoder = FakeEncoder()
    index = EdgeIndex(tmp_path / "index", Vectors(encoder).recipe, encoder.dimensions)
    parts = assemble(SqlDocumentStore(database), index, encoder, utc_now)
    await parts.indexing.compare()
    areas = services_of("search")
    async with running_server(
        "search", parts.register, areas, mesh_settings, database=database
    ) as server:
        yield server
    await index.close()
    await database.close()


def client_of(
    server: RunningServer, role: str, permissions: frozenset[str], tenant_id: str = "acme"
) -> Client:
    channel = server.channel("gateway")
    return Client(
        search_service_pb2_grpc.SearchServiceStub(channel),
        category_service_pb2_grpc.CategoryServiceStub(channel),
        server.user(tenant_id=tenant_id, permissions=permissions, roles=[role]),
    )


@pytest.fixture
async def dana(server: RunningServer) -> Client:
    return client_of(server, "admin", ADMIN_PERMISSIONS)


@pytest.fixture
async def ray(server: RunningServer) -> Client:
    return client_of(server, "agent", AGENT_PERMISSIONS)


@pytest.fixture
async def joe(server: RunningServer) -> Client:
    return client_of(server, "customer", CUSTOMER_PERMISSIONS)


@pytest.fixture
async def stranger(server: RunningServer) -> Client:
    return client_of(server, "admin", ADMIN_PERMISSIONS, "globex")


async def test_a_restricted_document_is_there_for_its_readers_only(
    dana: Client, ray: Client, joe: Client
) -> None:
    put = await dana.put(AGENTS)
    assert (put.restricted, put.readers) == (True, AGENTS)
    assert await ray.finds()
    assert (await ray.get_version(put.document_id)).content == SECRET
    assert [one.restricted for one in await ray.list_documents()] == [True]
    assert not await joe.finds()


async def test_hidden_and_missing_look_the_same(dana: Client, joe: Client) -> None:
    put = await dana.put(AGENTS)
    for read in (joe.get, joe.get_version):
        refusals = []
        for document_id in (put.document_id, "0199aaaa-0000-7000-8000-000000000000"):
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await read(document_id)
            refusal = refusal_of(caught.value)
            assert refusal.metadata.pop("document_id") == document_id
            refusal.metadata.pop("request_id", None)
            refusals.append(refusal)
        assert refusals[0] == refusals[1]
        assert (refusals[0].code, refusals[0].reason) == (NOT_FOUND, "DOCUMENT_NOT_FOUND")
    with refused(NOT_FOUND, "DOCUMENT_NOT_FOUND"):
        await joe.get_version(put.document_id, 7)


async def test_a_user_may_be_named(dana: Client, ray: Client, joe: Client) -> None:
    put = await dana.put(readers_pb2.Readers(user_ids=[joe.user.user_id]))
    assert await joe.finds()
    assert not await ray.finds()
    with refused(NOT_FOUND, "DOCUMENT_NOT_FOUND"):
        await ray.get(put.document_id)


async def test_only_who_manages_documents_sees_who_else_may_read(dana: Client, ray: Client) -> None:
    put = await dana.put(AGENTS)
    assert (await dana.get(put.document_id)).readers == AGENTS
    seen = await ray.get(put.document_id)
    assert seen.restricted
    assert not seen.HasField("readers")


async def test_a_changed_list_holds_when_the_call_has_answered(dana: Client, joe: Client) -> None:
    put = await dana.put()
    for _ in range(5):
        assert await joe.finds()
        closed = await dana.set_readers(put.document_id, AGENTS)
        assert (closed.restricted, closed.content) == (True, "")
        assert not await joe.finds()
        await dana.set_readers(put.document_id, EVERYBODY)
        assert await joe.finds()
        assert (await dana.set_category("plant", AGENTS)).readers == AGENTS
        await dana.put(category="plant")
        assert not await joe.finds()
        await dana.set_category("plant", EVERYBODY)
    last = await dana.get(put.document_id)
    assert (last.restricted, last.version) == (False, 2)


async def test_a_put_without_readers_leaves_the_list_and_an_empty_one_opens(
    dana: Client, joe: Client
) -> None:
    await dana.put(AGENTS)
    assert (await dana.put()).readers == AGENTS
    assert not await joe.finds()
    opened = await dana.put(EVERYBODY)
    assert (opened.version, opened.restricted, opened.content) == (1, False, SECRET)
    assert await joe.finds()


async def test_categories_are_listed_with_their_lists(dana: Client) -> None:
    await dana.put(category="plant")
    hr = await dana.set_category("hr", AGENTS)
    assert await dana.set_category("hr", AGENTS) == hr
    assert (hr.category, hr.readers, hr.document_count) == ("hr", AGENTS, 0)
    assert await dana.list_categories() == [
        hr,
        readers_pb2.Category(category="plant", readers=EVERYBODY, document_count=1),
    ]


async def test_lists_are_set_by_administrators_of_the_own_tenant_only(
    dana: Client, ray: Client, stranger: Client
) -> None:
    put = await dana.put(AGENTS, "plant")
    with refused(DENIED, "PERMISSION_MISSING"):
        await ray.set_readers(put.document_id, EVERYBODY)
    with refused(DENIED, "PERMISSION_MISSING"):
        await ray.set_category("plant", EVERYBODY)
    with refused(DENIED, "PERMISSION_MISSING"):
        await ray.list_categories()
    with refused(NOT_FOUND, "DOCUMENT_NOT_FOUND"):
        await stranger.set_readers(put.document_id, EVERYBODY)
    await stranger.set_category("plant", readers_pb2.Readers(roles=["nobody"]))
    assert await ray.finds()
    assert await dana.list_categories() == [
        readers_pb2.Category(category="plant", readers=EVERYBODY, document_count=1)
    ]


async def test_lists_that_say_nothing_are_refused(dana: Client) -> None:
    put = await dana.put()
    for readers in (
        None,
        readers_pb2.Readers(roles=["*"]),
        readers_pb2.Readers(roles=["Agent"]),
        readers_pb2.Readers(roles=["agent", "agent"]),
        readers_pb2.Readers(user_ids=[""]),
        readers_pb2.Readers(roles=[f"role{number}" for number in range(51)]),
    ):
        with refused(INVALID, "INVALID_REQUEST"):
            await dana.set_readers(put.document_id, readers)
        with refused(INVALID, "INVALID_REQUEST"):
            await dana.set_category("plant", readers)
    with refused(INVALID, "INVALID_REQUEST"):
        await dana.set_category("", AGENTS)
    assert not (await dana.get(put.document_id)).restricted


async def test_a_role_that_was_taken_away_no_longer_opens(
    dana: Client, ray: Client, server: RunningServer
) -> None:
    put = await dana.put(AGENTS)
    assert await ray.finds()
    # The token still says agent; the policy no longer does.
    server.authority.users[ray.user.token] = replace(ray.user, roles=frozenset())
    assert not await ray.finds()
    with refused(NOT_FOUND, "DOCUMENT_NOT_FOUND"):
        await ray.get_version(put.document_id)
