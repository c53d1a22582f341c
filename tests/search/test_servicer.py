"""A real server with every interceptor, a real database and index; only the encoder is made up."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest

from helpdesk.search.v1 import search_pb2, search_service_pb2, search_service_pb2_grpc
from services.mesh.clock import utc_now
from services.mesh.contract import services_of
from services.mesh.database import Database
from services.mesh.database_address import AnyAddress
from services.mesh.settings import MeshSettings
from services.search.index_edge import EdgeIndex
from services.search.server import MIGRATIONS, assemble
from services.search.store import SqlDocumentStore
from services.search.vectors import Vectors
from tests.search.builders import VPN_ARTICLE
from tests.search.fakes import FakeEncoder
from tests.support.mesh_server import RunningServer, TestUser, refused, running_server

pytest_plugins = ["tests.support.mesh_server"]

EVERYTHING = {
    "search.documents.put",
    "search.documents.get",
    "search.documents.list",
    "search.documents.delete",
    "search.passages.search",
}
NOT_FOUND = grpc.StatusCode.NOT_FOUND
INVALID = grpc.StatusCode.INVALID_ARGUMENT


@dataclass(frozen=True)
class Client:
    stub: "search_service_pb2_grpc.SearchServiceAsyncStub"
    user: TestUser

    async def put(
        self, content: str = VPN_ARTICLE, source_uri: str = "network/vpn.md", title: str = ""
    ) -> search_pb2.KnowledgeDocument:
        document = search_pb2.KnowledgeDocument(source_uri=source_uri, content=content, title=title)
        request = search_service_pb2.PutDocumentRequest(document=document)
        return await self.stub.PutDocument(request, metadata=self.user.metadata)

    async def get(self, document_id: str) -> search_pb2.KnowledgeDocument:
        request = search_service_pb2.GetDocumentRequest(document_id=document_id)
        return await self.stub.GetDocument(request, metadata=self.user.metadata)

    async def get_version(self, document_id: str, version: int) -> search_pb2.DocumentVersion:
        request = search_service_pb2.GetDocumentVersionRequest(
            document_id=document_id, version=version
        )
        return await self.stub.GetDocumentVersion(request, metadata=self.user.metadata)

    async def list_documents(
        self, page_size: int = 0, page_token: str = ""
    ) -> search_service_pb2.ListDocumentsResponse:
        request = search_service_pb2.ListDocumentsRequest(
            page_size=page_size, page_token=page_token
        )
        return await self.stub.ListDocuments(request, metadata=self.user.metadata)

    async def delete(self, document_id: str) -> None:
        request = search_service_pb2.DeleteDocumentRequest(document_id=document_id)
        await self.stub.DeleteDocument(request, metadata=self.user.metadata)

    async def search(
        self, query: str, page_size: int = 0
    ) -> search_service_pb2.SearchPassagesResponse:
        request = search_service_pb2.SearchPassagesRequest(query=query, page_size=page_size)
        return await self.stub.SearchPassages(request, metadata=self.user.metadata)


@pytest.fixture
async def server(
    mesh_settings: MeshSettings, database_url: AnyAddress, tmp_path: Path
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


def client_of(server: RunningServer, tenant_id: str = "acme") -> Client:
    stub = search_service_pb2_grpc.SearchServiceStub(server.channel("gateway"))
    return Client(stub, server.user(tenant_id=tenant_id, permissions=EVERYTHING))


@pytest.fixture
async def ann(server: RunningServer) -> Client:
    return client_of(server)


@pytest.fixture
async def stranger(server: RunningServer) -> Client:
    return client_of(server, "globex")


async def test_put_get_and_list_agree(ann: Client) -> None:
    put = await ann.put()
    assert (put.title, put.category, put.version) == ("Connect to the VPN", "network", 1)
    assert await ann.get(put.document_id) == put
    assert (await ann.put()).update_time == put.update_time
    listed = await ann.list_documents()
    put.ClearField("content")
    assert list(listed.documents) == [put]


async def test_a_passage_is_cut_from_the_version_it_names(ann: Client) -> None:
    await ann.put()
    response = await ann.search("error 619, has my password expired?", 2)
    assert not response.degraded
    best = response.results[0]
    version = await ann.get_version(best.document_id, best.version)
    assert best.text == version.content[best.start : best.end]
    assert list(best.headings) == ["When it does not connect"]
    assert (version.title, version.source_uri) == (best.title, best.source_uri)
    assert 0 < best.score <= 1
    assert 0 < best.similarity <= 1
    assert 0 < best.coverage <= 1


async def test_offsets_count_code_points(ann: Client) -> None:
    content = "# 🚀 Ümläut\n\nFirst 😀 line.\n\n## Zwölf\n\nThe naïve 🖨️ printer café.\n"
    await ann.put(content)
    best = (await ann.search("printer", 1)).results[0]
    assert best.text == content[best.start : best.end] == "The naïve 🖨️ printer café."


async def test_lists_are_paged(ann: Client) -> None:
    for name in ("b.md", "a.md", "c.md"):
        await ann.put(source_uri=name)
    first = await ann.list_documents(page_size=2)
    second = await ann.list_documents(page_size=2, page_token=first.next_page_token)
    names = [one.source_uri for one in [*first.documents, *second.documents]]
    assert (names, second.next_page_token) == (["a.md", "b.md", "c.md"], "")


async def test_a_deleted_document_leaves_only_its_versions(ann: Client) -> None:
    put = await ann.put()
    await ann.delete(put.document_id)
    assert not (await ann.search("vpn password")).results
    with refused(NOT_FOUND, "DOCUMENT_NOT_FOUND"):
        await ann.get(put.document_id)
    assert (await ann.get_version(put.document_id, 1)).content == VPN_ARTICLE


async def test_a_document_of_two_mebibytes_is_taken(ann: Client) -> None:
    line = "The printer on floor seven prints on yellow paper only. " * 8 + "\n\n"
    content = (line * (2_097_152 // len(line) + 1))[: 2_097_152 - 20] + "\n\nZebra crossing.\n"
    put = await ann.put(content)
    assert put.chunk_count > 1000
    assert (await ann.search("zebra crossing", 1)).results[0].end == len(content) - 1


async def test_refusals_name_their_reason(ann: Client) -> None:
    put = await ann.put()
    with refused(NOT_FOUND, "DOCUMENT_NOT_FOUND") as refusals:
        await ann.get("no-such")
    assert refusals[0].metadata == {"document_id": "no-such"}
    with refused(NOT_FOUND, "DOCUMENT_NOT_FOUND"):
        await ann.delete("no-such")
    with refused(NOT_FOUND, "DOCUMENT_NOT_FOUND"):
        await ann.get_version("no-such", 1)
    with refused(NOT_FOUND, "VERSION_NOT_FOUND"):
        await ann.get_version(put.document_id, 2)
    with refused(INVALID, "DOCUMENT_EMPTY") as refusals:
        await ann.put("---\ntitle: Nothing\n---\n\n", source_uri="empty.md")
    assert refusals[0].metadata == {"source_uri": "empty.md"}
    with refused(INVALID, "DOCUMENT_NOT_TEXT"):
        await ann.put("binary \x01 data", source_uri="logo.md")
    with refused(INVALID, "QUERY_EMPTY"):
        await ann.search("?!")
    with refused(INVALID, "INVALID_REQUEST"):
        await ann.search("")
    with refused(INVALID, "INVALID_REQUEST"):
        await ann.search("a" * 65_537)
    with refused(INVALID, "INVALID_REQUEST"):
        await ann.put("é" * (2_097_152 // 2 + 1))
    with refused(INVALID, "PAGE_TOKEN_INVALID"):
        await ann.list_documents(page_token="made-up")


async def test_a_stranger_sees_changes_and_deletes_nothing(ann: Client, stranger: Client) -> None:
    put = await ann.put()
    with refused(NOT_FOUND, "DOCUMENT_NOT_FOUND"):
        await stranger.get(put.document_id)
    with refused(NOT_FOUND, "DOCUMENT_NOT_FOUND"):
        await stranger.get_version(put.document_id, 1)
    with refused(NOT_FOUND, "DOCUMENT_NOT_FOUND"):
        await stranger.delete(put.document_id)
    assert not (await stranger.list_documents()).documents
    own = await stranger.put("Bring cake on Fridays.\n")
    assert (own.version, own.source_uri) == (1, put.source_uri)
    assert own.document_id != put.document_id
    assert await ann.get(put.document_id) == put


async def test_a_stranger_finds_nothing_though_every_word_is_there(
    ann: Client, stranger: Client
) -> None:
    await ann.put()
    question = "Restart the client. Error 619 means that your password has expired."
    assert not (await stranger.search(question)).results
    await stranger.put("Bring cake on Fridays.\n")
    found = [one.text for one in (await stranger.search(question)).results]
    assert found == ["Bring cake on Fridays."]
    # Control: its own tenant finds it with these very words.
    assert question in (await ann.search(question)).results[0].text


async def test_without_the_permission_nothing_is_searched(server: RunningServer) -> None:
    stub = search_service_pb2_grpc.SearchServiceStub(server.channel("gateway"))
    nobody = Client(stub, server.user(permissions=set()))
    with refused(grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"):
        await nobody.search("vpn")
