"""The lag of the index as a scraper sees it: it rises while the index fails, and falls after."""

from helpdesk.search.v1 import search_pb2, search_service_pb2, search_service_pb2_grpc
from services.mesh.clock import utc_now
from services.mesh.contract import services_of
from services.mesh.settings import MeshSettings
from services.search.backlog import Waiting
from services.search.metrics import index_metrics
from services.search.server import assemble
from tests.search.builders import ACME, GLOBEX
from tests.search.fakes import FakeDocumentStore, FakeEncoder, FakeIndex
from tests.support.mesh_server import running_server
from tests.support.scraping import scraped

BEHIND = "helpdesk_search_index_behind_documents"
OLDEST = "helpdesk_search_index_oldest_waiting_seconds"
REBUILDING = "helpdesk_search_index_rebuilding_documents"
COMPARED = "helpdesk_search_index_compared"


async def test_lag_rises_while_the_index_fails_and_falls_afterwards(
    mesh_settings: MeshSettings,
) -> None:
    index = FakeIndex()
    parts = assemble(FakeDocumentStore(), index, FakeEncoder(), utc_now)
    settings = mesh_settings.model_copy(update={"search_metrics_port": 0})
    async with running_server(
        "search",
        parts.register,
        [name for name in services_of("search") if not name.endswith("AuditService")],
        settings,
        collectors=[index_metrics(parts.indexing)],
    ) as server:
        port = server.mesh_server.metrics_port
        assert (await scraped(port))[COMPARED] == 0
        await parts.indexing.compare()
        told = await scraped(port)
        assert (told[BEHIND], told[OLDEST], told[REBUILDING], told[COMPARED]) == (0, 0, 0, 1)

        index.is_down = True
        user = server.user(permissions=["search.documents.put"])
        stub = search_service_pb2_grpc.SearchServiceStub(server.channel())
        for name in ("a.md", "b.md"):
            document = search_pb2.KnowledgeDocument(source_uri=name, content="# Wi-Fi\n\nGone.")
            await stub.PutDocument(
                search_service_pb2.PutDocumentRequest(document=document), metadata=user.metadata
            )
        first, second = await scraped(port), await scraped(port)
        assert first[BEHIND] == second[BEHIND] == 2
        assert second[OLDEST] > first[OLDEST] > 0

        index.is_down = False
        await parts.indexing.repair()
        told = await scraped(port)
        assert (told[BEHIND], told[OLDEST], told[COMPARED]) == (0, 0, 1)

        (tenant_id, document_id), _ = sorted(index.texts)
        parts.indexing.rebuild(tenant_id, [document_id])
        assert (await scraped(port))[REBUILDING] == 1
        await parts.indexing.repair()
        assert (await scraped(port))[REBUILDING] == 0


def test_the_one_that_waits_longest_is_known() -> None:
    now = 0.0
    waiting = Waiting(lambda: now)
    assert waiting.oldest_seconds == 0
    waiting |= {(ACME, "a")}
    now = 10.0
    waiting |= {(ACME, "a"), (ACME, "b")}
    now = 12.0
    waiting |= {(GLOBEX, "a")}
    now = 15.0
    assert waiting.oldest_seconds == 15
    waiting.discard((ACME, "a"))
    assert waiting.oldest_seconds == 5
    waiting.forget(ACME)
    assert (waiting.oldest_seconds, [*waiting]) == (3, [(GLOBEX, "a")])
    waiting.discard((GLOBEX, "a"))
    waiting.discard((GLOBEX, "a"))
    assert (waiting.oldest_seconds, len(waiting)) == (0, 0)
