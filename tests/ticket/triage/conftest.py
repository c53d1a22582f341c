"""A tenant whose tickets are sorted, with a classifier that a test tells what to say."""

from collections.abc import AsyncIterator

import pytest

from services.mesh.caller import TenantId
from services.mesh.database import Database
from services.mesh.ids import new_id
from services.mesh.settings import MeshSettings
from services.ticket.store import SqlTicketStore, SqlTriageOutbox, SqlTriageStore
from services.ticket.triage.desk import Desk
from services.ticket.triage.worker import TriageWorker
from tests.ticket.builders import TickingClock
from tests.ticket.clients import People, serving
from tests.ticket.triage.keyword_classifier import KeywordClassifier


@pytest.fixture
def classifier() -> KeywordClassifier:
    return KeywordClassifier()


@pytest.fixture
def sorting_desk(
    sql_store: SqlTicketStore, database: Database, classifier: KeywordClassifier
) -> Desk:
    return Desk(sql_store, SqlTriageStore(database), classifier, TickingClock())


@pytest.fixture
def worker(database: Database, sorting_desk: Desk) -> TriageWorker:
    return TriageWorker(SqlTriageOutbox(database), sorting_desk, poll_seconds=0.05)


@pytest.fixture
async def people(
    sorting_desk: Desk, database: Database, mesh_settings: MeshSettings
) -> AsyncIterator[People]:
    classifier = sorting_desk.classifier
    async with serving(
        sorting_desk.store, database, mesh_settings, classifier=classifier
    ) as server:
        yield People(server, TenantId(new_id()), TenantId(new_id()))
