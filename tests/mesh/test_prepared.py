"""Prepared statements: several in one trip, and no way past the transaction or its tenant."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC
from pathlib import Path

import pytest
from sqlalchemy import Column, MetaData, String, Table, bindparam, func, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from services.mesh.columns import UtcDateTime
from services.mesh.database import Database
from services.mesh.database_address import AnyAddress
from services.mesh.prepared import Prepared
from services.mesh.session import Session
from services.mesh.tenant_guard import TenantForgotten
from tests.mesh.notes import ACME, GLOBEX, NOON, notes
from tests.support.unguarded import unguarded

ADD = Prepared(lambda insert_into: insert_into(notes))
ADD_NEW = Prepared(
    lambda insert_into: insert_into(notes).on_conflict_do_nothing().returning(notes.c.name)
)
OWN = notes.c.tenant_id == bindparam("own")
NAMES = Prepared(lambda _: select(notes.c.name, notes.c.written_at).where(OWN).order_by("name"))
COUNTED = Prepared(lambda _: select(func.count(notes.c.name)).where(OWN))
SHORT_NOTES = Table(
    "notes",
    MetaData(),
    Column("tenant_id", String),
    Column("name", String(5)),
    Column("written_at", UtcDateTime),
)
ADD_SHORT = Prepared(lambda insert_into: insert_into(SHORT_NOTES))
ALL_NAMES = Prepared(lambda _: select(notes.c.name))
RENAME = Prepared(lambda _: update(notes).where(OWN).values(name=func.upper(notes.c.name)))


@pytest.fixture
async def database(database_url: AnyAddress, migrations: Path) -> AsyncIterator[Database]:
    database = Database(database_url)
    await database.migrate(migrations)
    yield database
    await database.close()


def note(name: str, tenant_id: str = ACME) -> dict[str, object]:
    return {"tenant_id": tenant_id, "name": name, "written_at": NOON}


async def names(session: Session, tenant_id: str = ACME) -> list[str]:
    return [name for name, _ in await session.ask(NAMES, own=tenant_id)]


async def kept(database: Database) -> list[str]:
    async with database.tenant_reading(ACME) as session:
        return await names(session)


async def test_what_was_written_is_committed(database: Database) -> None:
    async with database.tenant_transaction(ACME) as session:
        await session.write(ADD, note("one"), note("two"))
    assert await kept(database) == ["one", "two"]


async def test_whoever_asks_finds_what_was_written(database: Database) -> None:
    async with database.tenant_transaction(ACME) as session:
        await session.write(ADD, note("one"))
        assert await names(session) == ["one"]
        await session.write(RENAME, {"own": ACME})
        written = select(notes.c.name).where(notes.c.tenant_id == ACME)
        assert [*await session.scalars(written)] == ["ONE"]


async def test_values_come_back_as_their_columns_types(database: Database) -> None:
    async with database.tenant_transaction(ACME) as session:
        await session.write(ADD, note("one"))
        [(_, written_at)] = await session.ask(NAMES, own=ACME)
    assert written_at == NOON
    assert written_at.tzinfo is UTC


async def test_a_row_that_was_there_is_told(database: Database) -> None:
    async with database.tenant_transaction(ACME) as session:
        assert await session.ask(ADD_NEW, **note("one")) == [("one",)]
        assert await session.ask(ADD_NEW, **note("one")) == []


async def test_a_question_that_is_foreseen_is_asked_with_the_next_one(database: Database) -> None:
    async with database.tenant_transaction(ACME) as session:
        session.foresee(NAMES, own=ACME)
        assert await session.ask(ADD_NEW, **note("one")) == [("one",)]
        # The answer of then, once.
        assert await names(session) == []
        assert await names(session) == ["one"]


async def test_whatever_is_not_foreseen_is_asked_anew(database: Database) -> None:
    async with database.tenant_transaction(ACME) as session:
        session.foresee(NAMES, own=ACME)
        await session.ask(COUNTED, own=ACME)
        await session.write(ADD, note("one"))
        assert await session.ask(COUNTED, own=ACME) == [(1,)]


async def test_what_is_foreseen_is_no_other_tenants(database: Database) -> None:
    async with database.tenant_transaction(ACME) as session:
        session.foresee(NAMES, own=GLOBEX)
        with pytest.raises(TenantForgotten):
            await names(session)


async def test_rows_that_go_together_keep_their_values_whole(database: Database) -> None:
    found = ["as long as it is", "much longer than the column says"]
    async with database.tenant_transaction(ACME) as session:
        await session.write(ADD_SHORT, *map(note, found))
    assert await kept(database) == found


async def test_many_questions_in_a_row_let_others_go_on(database: Database) -> None:
    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    async with database.tenant_transaction(ACME) as session:
        await names(session)
        counting = asyncio.create_task(count_turns())
        for _ in range(200):
            await names(session)
        counting.cancel()
    assert turns > 0


async def test_what_follows_a_commit_does_not_follow_an_exception(database: Database) -> None:
    told: list[str] = []
    async with database.tenant_transaction(ACME) as session:
        session.after_commit.append(lambda: told.append("kept"))
        assert told == []

    async def fail() -> None:
        async with database.tenant_transaction(ACME) as session:
            session.after_commit.append(lambda: told.append("lost"))
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert told == ["kept"]


async def test_an_exception_takes_back_what_was_written(database: Database) -> None:
    async def fail() -> None:
        async with database.tenant_transaction(ACME) as session:
            await session.write(ADD, note("one"))
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert await kept(database) == []


async def test_a_write_that_fails_fails_the_transaction(database: Database) -> None:
    async def write_twice(*, asks: bool) -> None:
        async with database.tenant_transaction(ACME) as session:
            await session.write(ADD, note("other"))
            await session.write(ADD, note("a secret"))
            await session.write(ADD, note("a secret"))
            if asks:
                await names(session)

    for asks in (True, False):
        with pytest.raises(IntegrityError) as caught:
            await write_twice(asks=asks)
        assert "other" not in str(caught.value)
    assert await kept(database) == []


async def test_a_question_that_fails_keeps_its_values_to_itself(database: Database) -> None:
    async with database.tenant_transaction(ACME) as session:
        await session.write(ADD, note("one"))
    nothing = Prepared(lambda insert_into: insert_into(notes).returning(notes.c.name))
    with pytest.raises(DBAPIError) as caught:
        async with database.tenant_transaction(ACME) as session:
            await session.ask(nothing, tenant_id=ACME, name="a secret", written_at=None)
    assert caught.value.params is None


async def test_a_cancelled_question_leaves_the_connections_sound(database: Database) -> None:
    async def ask_for_ever() -> None:
        async with database.tenant_transaction(ACME) as session:
            await session.write(ADD, note("one"))
            while True:
                await names(session)

    asking = asyncio.create_task(ask_for_ever())
    await asyncio.sleep(0.05)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    async with database.tenant_transaction(ACME) as session:
        await session.write(ADD, note("two"))
    assert await kept(database) == ["two"]


async def test_another_tenants_row_is_not_written(database: Database) -> None:
    with pytest.raises(TenantForgotten):
        async with database.tenant_transaction(ACME) as session:
            await session.write(ADD, note("ours"), note("theirs", GLOBEX))
    with pytest.raises(TenantForgotten):
        async with database.tenant_transaction(ACME) as session:
            await names(session, GLOBEX)
    with pytest.raises(TenantForgotten):
        async with database.tenant_transaction(ACME) as session:
            await session.ask(ALL_NAMES)
    assert await kept(database) == []


async def test_without_the_guard_sqlite_would_answer(sqlite_url: str, migrations: Path) -> None:
    database = Database(sqlite_url)
    await database.migrate(migrations)
    with unguarded(database):
        async with database.tenant_transaction(ACME) as session:
            await session.write(ADD, note("theirs", GLOBEX))
            assert await session.ask(ALL_NAMES) == [("theirs",)]
    await database.close()


async def test_the_system_sees_all(database: Database) -> None:
    async with database.system_transaction() as session:
        await session.write(ADD, note("ours"), note("theirs", GLOBEX))
        assert sorted(await session.ask(ALL_NAMES)) == [("ours",), ("theirs",)]
