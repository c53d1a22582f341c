"""The stores that must behave alike: in memory, on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import services.ticket
from services.mesh.caller import TenantId
from services.mesh.database import Database
from services.mesh.ids import new_id
from services.mesh.settings import MeshSettings
from services.ticket.ports.tickets import TicketStore
from services.ticket.store import SqlTicketStore
from tests.support.databases import PostgresqlServer
from tests.ticket.clients import People, serving
from tests.ticket.desk import Desk
from tests.ticket.fakes import FakeTicketStore

MIGRATIONS = Path(services.ticket.__file__).parent / "migrations"


@pytest.fixture(scope="session")
async def sqlite_database(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Database]:
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('ticket') / 'ticket.db'}")
    await database.migrate(MIGRATIONS)
    yield database
    await database.close()


@pytest.fixture(scope="session")
async def postgresql_database(postgresql_server: PostgresqlServer) -> AsyncIterator[Database]:
    address = postgresql_server.create()
    database = Database(address)
    await database.migrate(MIGRATIONS)
    yield database
    await database.close()
    postgresql_server.drop(address)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Database:
    """Shared by all tests, each of which has tenants of its own."""
    found = request.getfixturevalue(f"{request.param}_database")
    assert isinstance(found, Database)
    return found


@pytest.fixture
def sql_store(database: Database) -> SqlTicketStore:
    return SqlTicketStore(database)


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> TicketStore:
    if request.param == "memory":
        return FakeTicketStore()
    return SqlTicketStore(request.getfixturevalue(f"{request.param}_database"))


@pytest.fixture
def tenant_id() -> TenantId:
    return TenantId(new_id())


@pytest.fixture
def stranger_id() -> TenantId:
    return TenantId(new_id())


@pytest.fixture
async def people(
    sql_store: SqlTicketStore,
    database: Database,
    mesh_settings: MeshSettings,
    tenant_id: TenantId,
    stranger_id: TenantId,
) -> AsyncIterator[People]:
    async with serving(sql_store, database, mesh_settings) as server:
        yield People(server, tenant_id, stranger_id)


@pytest.fixture
def desk() -> Desk:
    return Desk()
