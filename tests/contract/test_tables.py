"""Every key of a tenant's table begins with the tenant, in the code and in the databases.

A unique key that does not would tell one tenant what another one has, for no row security hides
rows from it.
"""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
    inspect,
    text,
)

from services.mesh.database import Database
from services.mesh.database_address import AnyAddress, DatabaseAddress
from tests.contract.schemas import SERVICES, Schema, schema_of
from tests.support.databases import PostgresqlServer, database_of

TENANT = "tenant_id"
# By table and columns, each with its reason.
MAY_SPAN_TENANTS = {
    ("tenants", "slug"): "names a tenant before any is known; operators alone add tenants",
    ("mail_addresses", "address"): "mail names no tenant; operators alone give addresses",
}


@pytest.fixture(params=SERVICES)
def schema(request: pytest.FixtureRequest) -> Schema:
    return schema_of(request.param)


@pytest.fixture
async def database(schema: Schema, database_url: AnyAddress) -> AsyncIterator[Database]:
    database = Database(database_url)
    await database.migrate(schema.migrations)
    yield database
    await database.close()


def faults(metadata: MetaData) -> Iterator[tuple[str, str]]:
    """Table and columns of each key that could span tenants, and of references that could."""
    for table in metadata.sorted_tables:
        if TENANT not in table.columns:
            continue
        if table.columns[TENANT].nullable:
            yield table.name, "nullable tenant_id"
        for columns in unique_keys(table):
            if not columns or columns[0] != TENANT:
                yield table.name, ", ".join(columns)
        for key in table.foreign_key_constraints:
            pairs = {(e.parent.name, e.column.name) for e in key.elements}
            if TENANT in key.referred_table.columns and (TENANT, TENANT) not in pairs:
                yield table.name, f"reference to {key.referred_table.name}"


def unique_keys(table: Table) -> Iterator[list[str]]:
    for constraint in table.constraints:
        if isinstance(constraint, PrimaryKeyConstraint | UniqueConstraint):
            yield [column.name for column in constraint.columns]
    for index in table.indexes:
        if index.unique:
            yield [getattr(each, "name", str(each)) for each in index.expressions]


def stored_faults(connection: Connection) -> Iterator[tuple[str, str]]:
    """The same question to a database."""
    catalog = inspect(connection)
    for table in catalog.get_table_names():
        columns = {column["name"]: column for column in catalog.get_columns(table)}
        if TENANT not in columns:
            continue
        if columns[TENANT]["nullable"]:
            yield table, "nullable tenant_id"
        keys: list[Any] = [catalog.get_pk_constraint(table)["constrained_columns"]]
        keys += [each["column_names"] for each in catalog.get_unique_constraints(table)]
        keys += [each["column_names"] for each in catalog.get_indexes(table) if each["unique"]]
        for key in keys:
            if not key or key[0] != TENANT:
                yield table, ", ".join(map(str, key))


def test_every_key_begins_with_the_tenant(schema: Schema) -> None:
    assert schema.tables_of_tenants
    assert set(faults(schema.metadata)) <= MAY_SPAN_TENANTS.keys()


async def test_every_key_in_the_database_begins_with_the_tenant(
    schema: Schema, database: Database
) -> None:
    async with database.system_transaction() as session:
        connection = await session.connection()
        found = await connection.run_sync(lambda sync: list(stored_faults(sync)))
        tables = await connection.run_sync(lambda sync: inspect(sync).get_table_names())

    assert set(found) <= MAY_SPAN_TENANTS.keys()
    assert {table.name for table in schema.tables_of_tenants} <= set(tables)


def test_every_exception_is_still_needed() -> None:
    found = {fault for service in SERVICES for fault in faults(schema_of(service).metadata)}

    assert found >= MAY_SPAN_TENANTS.keys()


@pytest.mark.parametrize(
    "planted",
    [
        [PrimaryKeyConstraint("name", "tenant_id")],
        [PrimaryKeyConstraint("tenant_id", "name"), UniqueConstraint("slug")],
        [PrimaryKeyConstraint("tenant_id", "name"), UniqueConstraint("slug", "tenant_id")],
        [PrimaryKeyConstraint("tenant_id", "name"), Index("ix", "slug", unique=True)],
        [PrimaryKeyConstraint("tenant_id"), Column("other", ForeignKey("others.name"))],
        [Column("id", String, primary_key=True)],
    ],
)
def test_a_planted_key_is_found(planted: list[Any]) -> None:
    metadata = MetaData()
    Table("others", metadata, Column("tenant_id", String, primary_key=True), Column("name", String))
    columns = [Column(name, String, nullable=False) for name in ("tenant_id", "name", "slug")]
    Table("planted", metadata, *columns, *planted)

    assert "planted" in {table for table, _ in faults(metadata)}


async def test_a_planted_key_is_found_in_the_database(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    await database.migrate(schema_of("ticket").migrations)
    async with database.system_transaction() as session:
        await session.execute(text("CREATE UNIQUE INDEX planted ON tickets (number)"))
        connection = await session.connection()
        found = await connection.run_sync(lambda sync: list(stored_faults(sync)))
    await database.close()

    assert set(found) - MAY_SPAN_TENANTS.keys() == {("tickets", "number")}


OPEN_TABLES = text("""
    SELECT c.relname FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT (
        c.relrowsecurity AND c.relforcerowsecurity AND EXISTS (
            SELECT FROM pg_policies p WHERE p.tablename = c.relname AND p.cmd = 'ALL'
            AND p.roles = '{public}' AND p.qual LIKE '%app.tenant%'
            AND p.with_check LIKE '%app.tenant%')
        AND NOT EXISTS (
            SELECT FROM pg_policies p WHERE p.tablename = c.relname
            AND (p.qual NOT LIKE '%app.tenant%' OR p.with_check NOT LIKE '%app.tenant%')))
""")


async def test_postgresql_walls_every_table_of_tenants(
    schema: Schema, postgresql_url: DatabaseAddress, postgresql_server: PostgresqlServer
) -> None:
    """Asked of the catalog in words of its own, and not with the inspection of the mesh."""
    database = Database(postgresql_url)
    await database.migrate(schema.migrations)

    async def open_tables() -> list[str]:
        async with database.system_reading() as session:
            return list(await session.scalars(OPEN_TABLES))

    assert await open_tables() == []
    # The control: a table that is open in one way or another is found.
    walled = schema.tables_of_tenants[0].name
    for opening in (
        f"ALTER POLICY {walled}_tenant ON {walled} USING (true)",
        f"ALTER POLICY {walled}_tenant ON {walled} WITH CHECK (true)",
        f"DROP POLICY {walled}_tenant ON {walled}",
        f"ALTER TABLE {walled} NO FORCE ROW LEVEL SECURITY",
        f"ALTER TABLE {walled} DISABLE ROW LEVEL SECURITY",
    ):
        postgresql_server.execute(opening, database=database_of(postgresql_url))
        assert await open_tables() == [walled]
        await database.migrate(schema.migrations)
        assert await open_tables() == []
    await database.close()
