"""The short version of the tries at the stores, and what keeps it honest."""

from collections.abc import AsyncIterator
from random import Random

import pytest

from services.mesh.database import Database
from services.mesh.database_address import AnyAddress, DatabaseAddress
from tests.contract.schemas import SERVICES, Schema, schema_of
from tests.security.raw_tries import RawTries
from tests.security.store_calls import Arguments, methods_of
from tests.security.store_tries import try_service
from tests.security.tenant_rows import MARK, Tenant, contents_of_victims, fill, tables_of
from tests.support.databases import PostgresqlServer, database_of

SEED = 20261125
TRIES = 600


@pytest.fixture(params=SERVICES)
def schema(request: pytest.FixtureRequest) -> Schema:
    return schema_of(request.param)


@pytest.fixture
async def database(schema: Schema, database_url: AnyAddress) -> AsyncIterator[Database]:
    database = Database(database_url)
    await database.migrate(schema.migrations)
    yield database
    await database.close()


def without_row_security(server: PostgresqlServer, schema: Schema, address: AnyAddress) -> None:
    assert isinstance(address, DatabaseAddress)
    for table in tables_of(schema):
        server.execute(
            "ALTER TABLE {} DISABLE ROW LEVEL SECURITY", table.name, database=database_of(address)
        )


async def test_strangers_get_nothing(schema: Schema, database: Database) -> None:
    tally = await try_service(database, schema, TRIES, SEED)

    assert tally.tries >= TRIES * 9 // 10
    assert tally.leaks == []


async def test_without_its_conditions_a_store_leaks(schema: Schema, sqlite_url: str) -> None:
    """The control: the first thousand tries find it."""
    database = Database(sqlite_url)
    await database.migrate(schema.migrations)
    tally = await try_service(database, schema, 1_000, SEED, forgetful=True)
    await database.close()

    assert tally.leaks
    assert 0 < tally.first_leak_after <= 1_000


async def test_on_postgresql_they_get_nothing_even_then(
    schema: Schema, postgresql_url: DatabaseAddress, postgresql_server: PostgresqlServer
) -> None:
    database = Database(postgresql_url)
    await database.migrate(schema.migrations)
    tenants = await fill(database, schema)
    walled = await RawTries(postgresql_url, schema, tenants, Random(SEED)).run(TRIES)
    without_row_security(postgresql_server, schema, postgresql_url)
    open_to_all = await RawTries(postgresql_url, schema, tenants, Random(SEED)).run(TRIES)
    await database.close()

    assert walled.leaks == []
    assert open_to_all.leaks


async def test_every_table_of_tenants_is_filled(schema: Schema, sqlite_url: str) -> None:
    database = Database(sqlite_url)
    await database.migrate(schema.migrations)
    tenants = await fill(database, schema)
    contents = await contents_of_victims(database, schema, tenants)
    await database.close()

    assert contents.keys() == {table.name for table in tables_of(schema)}
    assert all(MARK.search(row) for rows in contents.values() for row in rows)
    assert all(contents.values())


@pytest.mark.parametrize("kind", ["foreign", "deleted", "missing", "malformed"])
async def test_every_method_of_a_store_can_be_asked(schema: Schema, kind: str) -> None:
    victim = Tenant(tenant_id="v07x000000", is_victim=True)  # type: ignore[arg-type]
    methods = methods_of(schema.service)

    assert methods
    for method in methods:
        made = Arguments(Random(SEED), victim, kind).of(method)
        assert made.keys() == method.parameters.keys()
