"""Evaluation over the wire: a real server with every interceptor; only the encoder is made up."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest

from helpdesk.search.v1 import (
    evaluation_service_pb2,
    evaluation_service_pb2_grpc,
    search_pb2,
    search_service_pb2,
    search_service_pb2_grpc,
)
from services.auth.standard_roles import ADMIN_PERMISSIONS, AGENT_PERMISSIONS
from services.mesh.clock import utc_now
from services.mesh.contract import services_of
from services.mesh.database import Database
from services.mesh.settings import MeshSettings
from services.search.index_edge import EdgeIndex
from services.search.server import MIGRATIONS, assemble
from services.search.store import SqlDocumentStore
from services.search.vectors import Vectors
from tests.search.fakes import FakeEncoder
from tests.support.mesh_server import RunningServer, TestUser, refused, running_server

pytest_plugins = ["tests.support.mesh_server"]

NOT_FOUND = grpc.StatusCode.NOT_FOUND
INVALID = grpc.StatusCode.INVALID_ARGUMENT
DENIED = grpc.StatusCode.PERMISSION_DENIED


@dataclass(frozen=True)
class Client:
    documents: "search_service_pb2_grpc.SearchServiceAsyncStub"
    evaluations: "evaluation_service_pb2_grpc.EvaluationServiceAsyncStub"
    user: TestUser

    async def put_article(self, source_uri: str, content: str) -> None:
        document = search_pb2.KnowledgeDocument(source_uri=source_uri, content=content)
        request = search_service_pb2.PutDocumentRequest(document=document)
        await self.documents.PutDocument(request, metadata=self.user.metadata)

    async def put(self, name: str, **asked: str) -> evaluation_service_pb2.GoldenSet:
        questions = [
            evaluation_service_pb2.GoldenQuestion(text=text, source_uris=[f"{stem}.md"])
            for stem, text in asked.items()
        ]
        golden_set = evaluation_service_pb2.GoldenSet(name=name, questions=questions)
        request = evaluation_service_pb2.PutGoldenSetRequest(golden_set=golden_set)
        return await self.evaluations.PutGoldenSet(request, metadata=self.user.metadata)

    async def list_all(self) -> list[evaluation_service_pb2.GoldenSet]:
        request = evaluation_service_pb2.ListGoldenSetsRequest()
        reply = await self.evaluations.ListGoldenSets(request, metadata=self.user.metadata)
        return list(reply.golden_sets)

    async def delete(self, golden_set_id: str) -> None:
        request = evaluation_service_pb2.DeleteGoldenSetRequest(golden_set_id=golden_set_id)
        await self.evaluations.DeleteGoldenSet(request, metadata=self.user.metadata)

    async def run(self, golden_set_id: str) -> evaluation_service_pb2.Evaluation:
        request = evaluation_service_pb2.RunEvaluationRequest(golden_set_id=golden_set_id)
        return await self.evaluations.RunEvaluation(request, metadata=self.user.metadata)


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
    server: RunningServer,
    tenant_id: str = "acme",
    permissions: frozenset[str] = ADMIN_PERMISSIONS,
) -> Client:
    channel = server.channel("gateway")
    return Client(
        search_service_pb2_grpc.SearchServiceStub(channel),
        evaluation_service_pb2_grpc.EvaluationServiceStub(channel),
        server.user(tenant_id=tenant_id, permissions=permissions),
    )


async def test_a_stored_set_is_run_and_its_figures_come_back(server: RunningServer) -> None:
    dana = client_of(server)
    await dana.put_article("vpn.md", "# Tunnel\n\nInstall Falcon Gate from the shop.")
    await dana.put_article("ink.md", "# Printers\n\nThe copy center changes the toner.")
    kept = await dana.put("mine", vpn="install falcon gate", ink="changes toner", gone="anything")
    measured = await dana.run(kept.golden_set_id)
    assert measured.question_count == 3
    assert list(measured.missing_source_uris) == ["gone.md"]
    assert [way.way for way in measured.ways] == [
        evaluation_service_pb2.SEARCH_WAY_KEYWORDS,
        evaluation_service_pb2.SEARCH_WAY_MEANING,
        evaluation_service_pb2.SEARCH_WAY_FUSED,
    ]
    for way in measured.ways:
        assert way.recall_at_5.value == pytest.approx(2 / 3)
        assert way.recall_at_5.low < way.recall_at_5.value < way.recall_at_5.high
        assert way.mean_reciprocal_rank.value == pytest.approx(2 / 3)


async def test_a_list_says_how_many_questions_there_are_and_not_which(
    server: RunningServer,
) -> None:
    dana = client_of(server)
    kept = await dana.put("mine", vpn="install", ink="toner")
    assert [one.text for one in kept.questions] == ["install", "toner"]
    (listed,) = await dana.list_all()
    assert (listed.golden_set_id, listed.name) == (kept.golden_set_id, "mine")
    assert (listed.question_count, len(listed.questions)) == (2, 0)
    await dana.delete(kept.golden_set_id)
    assert await dana.list_all() == []


async def test_a_set_that_is_not_there_is_refused_with_its_reason(server: RunningServer) -> None:
    dana = client_of(server)
    for call in (dana.run("nothing"), dana.delete("nothing")):
        with refused(NOT_FOUND, "GOLDEN_SET_NOT_FOUND"):
            await call


async def test_a_stranger_from_another_tenant_finds_no_set(server: RunningServer) -> None:
    kept = await client_of(server).put("mine", vpn="install")
    stranger = client_of(server, "globex")
    assert await stranger.list_all() == []
    for call in (stranger.run(kept.golden_set_id), stranger.delete(kept.golden_set_id)):
        with refused(NOT_FOUND, "GOLDEN_SET_NOT_FOUND"):
            await call
    assert len(await client_of(server).list_all()) == 1


async def test_an_agent_measures_nothing(server: RunningServer) -> None:
    kept = await client_of(server).put("mine", vpn="install")
    agent = client_of(server, permissions=frozenset(AGENT_PERMISSIONS))
    calls = (
        agent.put("theirs", vpn="install"),
        agent.list_all(),
        agent.run(kept.golden_set_id),
        agent.delete(kept.golden_set_id),
    )
    for call in calls:
        with refused(DENIED, "PERMISSION_MISSING"):
            await call


async def test_a_set_without_questions_or_sources_is_refused(server: RunningServer) -> None:
    dana = client_of(server)
    with refused(INVALID, "INVALID_REQUEST"):
        await dana.put("mine")
    golden_set = evaluation_service_pb2.GoldenSet(
        name="mine", questions=[evaluation_service_pb2.GoldenQuestion(text="install")]
    )
    request = evaluation_service_pb2.PutGoldenSetRequest(golden_set=golden_set)
    with refused(INVALID, "INVALID_REQUEST"):
        await dana.evaluations.PutGoldenSet(request, metadata=dana.user.metadata)
