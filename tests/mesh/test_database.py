import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Column, MetaData, String, Table, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from services.mesh.caller import TenantId
from services.mesh.columns import UtcDateTime, naming
from services.mesh.database import Database
from services.mesh.errors import StorageUnavailable

ACME = TenantId("acme")
GLOBEX = TenantId("globex")
NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)

notes = Table(
    "notes",
    MetaData(naming_convention=naming),
    Column("tenant_id", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("written_at", UtcDateTime, nullable=False),
)

FIRST = """
import sqlalchemy as sa
from alembic import op
from services.mesh.columns import UtcDateTime
from services.mesh.row_security import enable_row_security

revision = "0001"
down_revision = None

def upgrade() -> None:
    op.create_table(
        "notes",
        sa.Column("tenant_id", sa.String, primary_key=True),
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("written_at", UtcDateTime, nullable=False),
    )
    enable_row_security(op, "notes")
"""


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    versions = tmp_path / "migrations" / "versions"
    versions.mkdir(parents=True)
    (versions / "0001_create_notes.py").write_text(FIRST)
    return versions.parent


@pytest.fixture
async def database(database_url: str, migrations: Path) -> AsyncIterator[Database]:
    database = Database(database_url)
    await database.migrate(migrations)
    yield database
    await database.close()


async def write(database: Database, tenant_id: TenantId, name: str) -> None:
    async with database.tenant_transaction(tenant_id) as session:
        await session.execute(insert(notes).values(tenant_id=tenant_id, name=name, written_at=NOON))


async def names(database: Database, tenant_id: TenantId) -> list[str]:
    async with database.tenant_reading(tenant_id) as session:
        query = select(notes.c.name).where(notes.c.tenant_id == tenant_id).order_by(notes.c.name)
        return list((await session.execute(query)).scalars())


async def test_leaving_the_block_commits(database: Database) -> None:
    await write(database, ACME, "one")
    assert await names(database, ACME) == ["one"]


async def test_a_failed_statement_keeps_its_values_to_itself(database: Database) -> None:
    await write(database, ACME, "a secret")
    with pytest.raises(IntegrityError) as caught:
        await write(database, ACME, "a secret")
    assert "parameters hidden" in str(caught.value)


async def test_an_exception_rolls_back(database: Database) -> None:
    async def fail() -> None:
        async with database.tenant_transaction(ACME) as session:
            await session.execute(insert(notes).values(tenant_id=ACME, name="x", written_at=NOON))
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert await names(database, ACME) == []


async def test_an_inner_transaction_joins_the_outer_one(database: Database) -> None:
    async def fail() -> None:
        async with database.tenant_transaction(ACME):
            await write(database, ACME, "inner")
            assert await names(database, ACME) == ["inner"]
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert await names(database, ACME) == []


async def test_a_joined_transaction_can_change_the_tenant_and_back(database: Database) -> None:
    async with database.tenant_transaction(ACME):
        await write(database, GLOBEX, "theirs")
        async with database.system_transaction() as session:
            assert len((await session.execute(select(notes))).all()) == 1
        await write(database, ACME, "ours")
    assert await names(database, ACME) == ["ours"]
    assert await names(database, GLOBEX) == ["theirs"]


async def test_another_task_gets_its_own_transaction(database: Database) -> None:
    async with database.tenant_transaction(ACME) as session:
        await session.execute(insert(notes).values(tenant_id=ACME, name="mine", written_at=NOON))
        assert await asyncio.create_task(names(database, ACME)) == []


async def test_a_writer_cannot_hide_in_a_reader(database: Database) -> None:
    async with database.tenant_reading(ACME):
        with pytest.raises(RuntimeError):
            await write(database, ACME, "x")


async def test_reading_cannot_write(database: Database) -> None:
    with pytest.raises((StorageUnavailable, DBAPIError)):
        async with database.tenant_reading(ACME) as session:
            await session.execute(insert(notes).values(tenant_id=ACME, name="x", written_at=NOON))


async def test_times_come_back_with_their_zone(database: Database) -> None:
    await write(database, ACME, "one")
    async with database.tenant_reading(ACME) as session:
        assert (await session.execute(select(notes.c.written_at))).scalar_one() == NOON


async def test_many_writers_all_get_their_turn(database: Database) -> None:
    await asyncio.gather(*(write(database, ACME, f"{n:02}") for n in range(50)))
    assert len(await names(database, ACME)) == 50


async def test_a_mistake_of_ours_is_not_called_unavailable(database: Database) -> None:
    with pytest.raises(DBAPIError):
        async with database.tenant_transaction(ACME) as session:
            await session.execute(text("SELECT * FROM nowhere"))


async def test_migrating_again_does_nothing(database: Database, migrations: Path) -> None:
    await write(database, ACME, "one")
    await database.migrate(migrations)
    assert await names(database, ACME) == ["one"]


async def test_starting_twice_at_once_migrates_once(database_url: str, migrations: Path) -> None:
    databases = [Database(database_url) for _ in range(4)]
    await asyncio.gather(*(database.migrate(migrations) for database in databases))
    await write(databases[0], ACME, "one")
    assert await names(databases[3], ACME) == ["one"]
    for database in databases:
        await database.close()


async def test_postgresql_hides_other_tenants_rows_by_itself(
    postgresql_url: str, migrations: Path
) -> None:
    database = Database(postgresql_url)
    await database.migrate(migrations)
    await write(database, GLOBEX, "theirs")
    async with database.tenant_reading(ACME) as session:
        assert (await session.execute(select(notes))).all() == []
    with pytest.raises(DBAPIError, match="row-level security"):
        async with database.tenant_transaction(ACME) as session:
            await session.execute(insert(notes).values(tenant_id=GLOBEX, name="x", written_at=NOON))
    # The control: without the wall the same question shows the row.
    async with database.system_transaction() as session:
        await session.execute(text("ALTER TABLE notes NO FORCE ROW LEVEL SECURITY"))
    async with database.tenant_reading(ACME) as session:
        assert len((await session.execute(select(notes))).all()) == 1
    await database.close()


async def test_a_full_disk_is_unavailable_and_stores_nothing(
    sqlite_url: str, migrations: Path
) -> None:
    database = Database(sqlite_url)
    await database.migrate(migrations)
    async with database.system_transaction() as session:
        pages = (await session.execute(text("PRAGMA page_count"))).scalar_one()
        await session.execute(text(f"PRAGMA max_page_count = {pages}"))
    with pytest.raises(StorageUnavailable):
        await write(database, ACME, "x" * 100_000)
    assert await names(database, ACME) == []
    await database.close()
