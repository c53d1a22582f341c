"""States, dates and history over the wire: a real server with every interceptor."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from helpdesk.search.v1 import (
    publication_pb2,
    publication_service_pb2,
    publication_service_pb2_grpc,
    search_pb2,
    search_service_pb2,
    search_service_pb2_grpc,
    version_pb2,
    version_service_pb2,
    version_service_pb2_grpc,
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
from tests.search.clocks import TurnedClock
from tests.search.fakes import FakeEncoder
from tests.support.mesh_server import RunningServer, TestUser, refused, running_server

pytest_plugins = ["tests.support.mesh_server"]

UNSAID = publication_pb2.DOCUMENT_STATE_UNSPECIFIED
DRAFT = publication_pb2.DOCUMENT_STATE_DRAFT
PUBLISHED = publication_pb2.DOCUMENT_STATE_PUBLISHED
ARCHIVED = publication_pb2.DOCUMENT_STATE_ARCHIVED
NOT_FOUND = grpc.StatusCode.NOT_FOUND
DENIED = grpc.StatusCode.PERMISSION_DENIED
INVALID = grpc.StatusCode.INVALID_ARGUMENT


@dataclass(frozen=True)
class Client:
    documents: "search_service_pb2_grpc.SearchServiceAsyncStub"
    publications: "publication_service_pb2_grpc.PublicationServiceAsyncStub"
    versions: "version_service_pb2_grpc.VersionServiceAsyncStub"
    user: TestUser

    async def put(
        self,
        content: str,
        state: publication_pb2.DocumentState.ValueType = UNSAID,
        effective_dates: publication_pb2.EffectiveDates | None = None,
    ) -> search_pb2.KnowledgeDocument:
        document = search_pb2.KnowledgeDocument(
            source_uri="a.md", content=content, state=state, effective_dates=effective_dates
        )
        request = search_service_pb2.PutDocumentRequest(document=document)
        return await self.documents.PutDocument(request, metadata=self.user.metadata)

    async def get(self, document_id: str) -> search_pb2.KnowledgeDocument:
        request = search_service_pb2.GetDocumentRequest(document_id=document_id)
        return await self.documents.GetDocument(request, metadata=self.user.metadata)

    async def get_version(self, document_id: str, version: int) -> search_pb2.DocumentVersion:
        request = search_service_pb2.GetDocumentVersionRequest(
            document_id=document_id, version=version
        )
        return await self.documents.GetDocumentVersion(request, metadata=self.user.metadata)

    async def finds(self) -> list[str]:
        request = search_service_pb2.SearchPassagesRequest(query="coolant words")
        reply = await self.documents.SearchPassages(request, metadata=self.user.metadata)
        assert not reply.degraded
        return [result.text for result in reply.results]

    async def publish(self, document_id: str, version: int = 0) -> search_pb2.KnowledgeDocument:
        request = publication_service_pb2.PublishDocumentRequest(
            document_id=document_id, version=version
        )
        return await self.publications.PublishDocument(request, metadata=self.user.metadata)

    async def archive(self, document_id: str) -> search_pb2.KnowledgeDocument:
        request = publication_service_pb2.ArchiveDocumentRequest(document_id=document_id)
        return await self.publications.ArchiveDocument(request, metadata=self.user.metadata)

    async def list_versions(
        self, document_id: str, page_size: int = 0, page_token: str = ""
    ) -> version_service_pb2.ListDocumentVersionsResponse:
        request = version_service_pb2.ListDocumentVersionsRequest(
            document_id=document_id, page_size=page_size, page_token=page_token
        )
        return await self.versions.ListDocumentVersions(request, metadata=self.user.metadata)

    async def diff(
        self, document_id: str, old: int = 1, new: int = 2
    ) -> version_service_pb2.DiffDocumentVersionsResponse:
        request = version_service_pb2.DiffDocumentVersionsRequest(
            document_id=document_id, old_version=old, new_version=new
        )
        return await self.versions.DiffDocumentVersions(request, metadata=self.user.metadata)

    async def roll_back(self, document_id: str, version: int = 1) -> search_pb2.KnowledgeDocument:
        request = version_service_pb2.RollBackDocumentRequest(
            document_id=document_id, version=version
        )
        return await self.versions.RollBackDocument(request, metadata=self.user.metadata)


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock(utc_now())


@pytest.fixture
async def server(
    mesh_settings: MeshSettings, database_url: str, tmp_path: Path, clock: TurnedClock
) -> AsyncIterator[RunningServer]:
    database = Database(database_url)
    await database.migrate(MIGRATIONS)
    encoder = FakeEncoder()
    index = EdgeIndex(tmp_path / "index", Vectors(encoder).recipe, encoder.dimensions)
    parts = assemble(SqlDocumentStore(database, clock), index, encoder, clock)
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
        publication_service_pb2_grpc.PublicationServiceStub(channel),
        version_service_pb2_grpc.VersionServiceStub(channel),
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


async def test_a_draft_is_published_and_archived(dana: Client, joe: Client) -> None:
    first = await dana.put("Old coolant words.\n")
    draft = await dana.put("New coolant words.\n", state=DRAFT)
    assert (draft.version, draft.state, draft.published_version) == (2, DRAFT, 1)
    assert await joe.finds() == ["Old coolant words."]
    seen = await joe.get(first.document_id)
    assert (seen.version, seen.state, seen.content_hash) == (1, PUBLISHED, first.content_hash)
    published = await dana.publish(first.document_id, 2)
    assert (published.version, published.state, published.published_version) == (2, PUBLISHED, 2)
    assert await joe.finds() == ["New coolant words."]
    archived = await dana.archive(first.document_id)
    assert (archived.state, archived.published_version, archived.content) == (ARCHIVED, 0, "")
    assert await joe.finds() == await dana.finds() == []
    with refused(NOT_FOUND, "DOCUMENT_NOT_FOUND"):
        await joe.get(first.document_id)
    quoted = await joe.get_version(first.document_id, 1)
    assert (quoted.content, quoted.state) == ("Old coolant words.\n", ARCHIVED)
    assert quoted.HasField("publish_time")


async def test_dates_hold_to_the_second_without_any_further_call(
    dana: Client, joe: Client, clock: TurnedClock
) -> None:
    dates = publication_pb2.EffectiveDates()
    dates.effective_from.FromDatetime(clock.now + timedelta(hours=1))
    dates.effective_until.FromDatetime(clock.now + timedelta(hours=2))
    put = await dana.put("Coolant words.\n", effective_dates=dates)
    assert put.effective_dates == dates
    assert await joe.finds() == []
    with refused(NOT_FOUND, "DOCUMENT_NOT_FOUND"):
        await joe.get_version(put.document_id, 1)
    clock.turn(hours=1)
    assert await joe.finds() == ["Coolant words."]
    assert (await joe.get(put.document_id)).effective_dates == dates
    clock.turn(minutes=59, seconds=59)
    assert await joe.finds() == ["Coolant words."]
    clock.turn(seconds=1)
    assert await joe.finds() == await dana.finds() == []
    with refused(NOT_FOUND, "DOCUMENT_NOT_FOUND"):
        await joe.get(put.document_id)
    lifted = await dana.put("Coolant words.\n", effective_dates=publication_pb2.EffectiveDates())
    assert not lifted.HasField("effective_dates")
    assert await joe.finds() == ["Coolant words."]


async def test_refusals_name_their_reason(dana: Client, joe: Client, stranger: Client) -> None:
    put = await dana.put("Coolant words.\n", state=DRAFT)
    for call in (dana.publish, dana.archive):
        with refused(NOT_FOUND, "DOCUMENT_NOT_FOUND"):
            await call("no-such")
    for call in (stranger.publish, stranger.archive):
        with refused(NOT_FOUND, "DOCUMENT_NOT_FOUND"):
            await call(put.document_id)
    for call in (joe.publish, joe.archive):
        with refused(DENIED, "PERMISSION_MISSING"):
            await call(put.document_id)
    await dana.put("More coolant words.\n")
    with refused(grpc.StatusCode.ABORTED, "VERSION_NOT_NEWEST") as refusals:
        await dana.publish(put.document_id, 1)
    assert refusals[0].metadata == {"document_id": put.document_id, "version": "1"}
    reversed_dates = publication_pb2.EffectiveDates(
        effective_from=Timestamp(seconds=2), effective_until=Timestamp(seconds=1)
    )
    with refused(INVALID, "EFFECTIVE_DATES_REVERSED"):
        await dana.put("Coolant words.\n", effective_dates=reversed_dates)
    with refused(INVALID, "INVALID_REQUEST"):
        await dana.put("Coolant words.\n", state=9)  # type: ignore[arg-type]
    assert await joe.finds() == []


async def test_a_version_is_brought_back_and_the_history_grows(
    dana: Client, ray: Client, joe: Client
) -> None:
    first = await dana.put("Old coolant words.\n")
    await dana.put("New coolant words.\n")
    back = await dana.roll_back(first.document_id)
    assert (back.version, back.state, back.content) == (3, PUBLISHED, "")
    assert back.content_hash == first.content_hash
    assert await joe.finds() == ["Old coolant words."]
    assert (await joe.get_version(first.document_id, 2)).content == "New coolant words.\n"
    one = await ray.list_versions(first.document_id, 2)
    two = await ray.list_versions(first.document_id, 2, one.next_page_token)
    versions = [*one.versions, *two.versions]
    assert [(it.version, it.restored_version, it.state) for it in versions] == [
        (3, 1, PUBLISHED),
        (2, 0, ARCHIVED),
        (1, 0, ARCHIVED),
    ]
    assert two.next_page_token == ""


async def test_agents_see_what_changed(dana: Client, ray: Client) -> None:
    put = await dana.put("Old coolant words.\n")
    await dana.put("New coolant words.\n")
    compared = await ray.diff(put.document_id)
    assert (compared.removed_count, compared.added_count, compared.truncated) == (1, 1, False)
    (hunk,) = compared.hunks
    assert (hunk.old_line, hunk.old_count, hunk.new_line, hunk.new_count) == (1, 1, 1, 1)
    assert [(line.kind, line.text) for line in hunk.lines] == [
        (version_pb2.DIFF_LINE_KIND_REMOVED, "Old coolant words."),
        (version_pb2.DIFF_LINE_KIND_ADDED, "New coolant words."),
    ]
    assert (compared.old.version, compared.new.version) == (1, 2)


async def test_history_refuses_with_reasons(
    dana: Client, ray: Client, joe: Client, stranger: Client
) -> None:
    put = await dana.put("Coolant words.\n")
    for client, document_id in ((dana, "no-such"), (stranger, put.document_id)):
        for call in (client.list_versions, client.diff, client.roll_back):
            with refused(NOT_FOUND, "DOCUMENT_NOT_FOUND"):
                await call(document_id)
    for document_call in (dana.diff, lambda one: dana.roll_back(one, 9)):
        with refused(NOT_FOUND, "VERSION_NOT_FOUND"):
            await document_call(put.document_id)
    for call in (joe.list_versions, joe.diff, joe.roll_back, ray.roll_back):
        with refused(DENIED, "PERMISSION_MISSING"):
            await call(put.document_id)
    with refused(INVALID, "PAGE_TOKEN_INVALID"):
        await dana.list_versions(put.document_id, 1, "made-up")
    with refused(INVALID, "INVALID_REQUEST"):
        await dana.roll_back(put.document_id, 0)
