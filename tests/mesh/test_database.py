import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import insert, make_url, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from services.mesh import engines
from services.mesh.caller import TenantId
from services.mesh.database import Database
from services.mesh.database_address import AnyAddress, DatabaseAddress
from services.mesh.errors import StorageUnavailable
from tests.mesh.notes import ACME, GLOBEX, NOON, notes, write


@pytest.fixture
async def database(database_url: AnyAddress, migrations: Path) -> AsyncIterator[Database]:
    database = Database(database_url)
    await database.migrate(migrations)
    yield database
    await database.close()


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


async def test_the_systems_transaction_can_become_a_tenants_and_back(database: Database) -> None:
    async with database.system_transaction():
        await write(database, GLOBEX, "theirs")
        await write(database, ACME, "ours")
        async with database.system_transaction() as session:
            assert len((await session.execute(select(notes))).all()) == 2
    assert await names(database, ACME) == ["ours"]
    assert await names(database, GLOBEX) == ["theirs"]


async def test_a_tenants_transaction_stays_with_its_tenant(database: Database) -> None:
    async with database.tenant_transaction(ACME):
        with pytest.raises(RuntimeError, match="cannot become"):
            await write(database, GLOBEX, "theirs")
        with pytest.raises(RuntimeError, match="cannot become"):
            async with database.system_transaction():
                pass
        await write(database, ACME, "ours")
    assert await names(database, ACME) == ["ours"]


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
        query = select(notes.c.written_at).where(notes.c.tenant_id == ACME)
        assert (await session.execute(query)).scalar_one() == NOON


async def test_many_writers_all_get_their_turn(database: Database) -> None:
    await asyncio.gather(*(write(database, ACME, f"{n:02}") for n in range(50)))
    assert len(await names(database, ACME)) == 50


async def test_a_mistake_of_ours_is_not_called_unavailable(database: Database) -> None:
    with pytest.raises(DBAPIError):
        async with database.system_transaction() as session:
            await session.execute(text("SELECT * FROM nowhere"))


async def test_migrating_again_does_nothing(database: Database, migrations: Path) -> None:
    await write(database, ACME, "one")
    await database.migrate(migrations)
    assert await names(database, ACME) == ["one"]


async def test_starting_twice_at_once_migrates_once(
    database_url: AnyAddress, migrations: Path
) -> None:
    databases = [Database(database_url) for _ in range(4)]
    await asyncio.gather(*(database.migrate(migrations) for database in databases))
    await write(databases[0], ACME, "one")
    assert await names(databases[3], ACME) == ["one"]
    for database in databases:
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


async def test_a_connection_that_was_lost_meanwhile_is_replaced(
    postgresql_url: DatabaseAddress, migrations: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(postgresql_url)
    await database.migrate(migrations)
    await write(database, ACME, "before")
    _end_connections(postgresql_url)
    # The control: whoever trusts it finds out too late.
    with pytest.raises(StorageUnavailable):
        await names(database, ACME)
    await write(database, ACME, "between")
    _end_connections(postgresql_url)
    monkeypatch.setattr(engines, "_SECONDS_TRUSTED", 0.0)
    assert await names(database, ACME) == ["before", "between"]
    await database.close()


def _end_connections(address: DatabaseAddress) -> None:
    url = make_url(address.url).set(drivername="postgresql").render_as_string(hide_password=False)
    others = "FROM pg_stat_activity WHERE usename = current_user AND pid <> pg_backend_pid()"
    with psycopg.connect(url) as connection:
        ended = connection.execute(f"SELECT pg_terminate_backend(pid, 5000) {others}").fetchall()
    assert ended
