"""How a service forgets a tenant. Only calls that are not kept out could leave something behind."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import MetaData, func, select

from services.mesh.caller import TenantId
from services.mesh.database import Database
from services.mesh.database_address import AnyAddress
from services.mesh.errors import PeerUnavailable, TokenInvalid
from services.mesh.purge import Forget, Purge, tables_of_tenants
from tests.mesh.notes import ACME, GLOBEX, notes, write

SECONDS = 5


class Auth:
    """Names the tenants that go and hears what has gone."""

    def __init__(self) -> None:
        self.going: frozenset[TenantId] = frozenset()
        self.news = asyncio.Condition()
        self.confirmed: list[TenantId] = []
        self.heard = asyncio.Event()
        self.is_away = False

    async def name(self, *tenants: TenantId) -> None:
        async with self.news:
            self.going = frozenset(tenants)
            self.news.notify_all()

    async def next_deletions(self, known: frozenset[TenantId]) -> frozenset[TenantId]:
        async with self.news:
            await self.news.wait_for(lambda: self.going != known)
        return self.going

    async def confirm_purge(self, tenant_id: TenantId) -> None:
        if self.is_away:
            raise PeerUnavailable("auth is away")
        self.confirmed.append(tenant_id)
        self.heard.set()


@pytest.fixture
async def database(database_url: AnyAddress, migrations: Path) -> AsyncIterator[Database]:
    database = Database(database_url)
    await database.migrate(migrations)
    for number in range(3):
        await write(database, ACME, f"ours {number}")
        await write(database, GLOBEX, f"theirs {number}")
    yield database
    await database.close()


@pytest.fixture
def auth() -> Auth:
    return Auth()


async def purge(
    auth: Auth, database: Database, *forget: Forget, metadata: MetaData = notes.metadata
) -> None:
    """Runs until auth has heard of one purge."""
    auth.heard.clear()
    running = asyncio.create_task(Purge(auth, database, metadata, forget).run())
    heard = asyncio.create_task(auth.heard.wait())
    async with asyncio.timeout(SECONDS):
        await asyncio.wait({running, heard}, return_when=asyncio.FIRST_COMPLETED)
    running.cancel()
    heard.cancel()
    [failure, _] = await asyncio.gather(running, heard, return_exceptions=True)
    if not isinstance(failure, asyncio.CancelledError) and failure is not None:
        raise failure


async def count(database: Database, tenant_id: TenantId) -> int:
    async with database.system_reading() as session:
        rows = select(func.count()).select_from(notes).where(notes.c.tenant_id == tenant_id)
        return (await session.scalar(rows)) or 0


async def test_nothing_of_the_tenant_is_left_and_everything_of_others(
    auth: Auth, database: Database
) -> None:
    await auth.name(ACME)
    await purge(auth, database)
    assert await count(database, ACME) == 0
    assert await count(database, GLOBEX) == 3
    assert auth.confirmed == [ACME]


async def test_a_table_that_is_left_out_shows(auth: Auth, database: Database) -> None:
    """The control of the test above."""
    await auth.name(ACME)
    await purge(auth, database, metadata=MetaData())
    assert await count(database, ACME) == 3


async def test_what_is_kept_elsewhere_is_forgotten_before_auth_hears(
    auth: Auth, database: Database
) -> None:
    seen: list[tuple[TenantId, int, int]] = []

    async def forget(tenant_id: TenantId) -> None:
        seen.append((tenant_id, await count(database, tenant_id), len(auth.confirmed)))

    await auth.name(ACME)
    await purge(auth, database, forget)
    assert seen == [(ACME, 0, 0)]


async def test_a_purge_that_breaks_off_confirms_nothing_and_is_begun_anew(
    auth: Auth, database: Database
) -> None:
    async def fail(_: TenantId) -> None:
        raise LookupError

    await auth.name(ACME)
    with pytest.raises(LookupError):
        await purge(auth, database, fail)
    assert auth.confirmed == []
    await purge(auth, database)
    assert auth.confirmed == [ACME]


async def test_it_confirms_when_auth_is_back(auth: Auth, database: Database) -> None:
    await auth.name(ACME)
    auth.is_away = True
    with pytest.raises(PeerUnavailable):
        await purge(auth, database)
    auth.is_away = False
    await purge(auth, database)
    assert auth.confirmed == [ACME]


async def test_a_process_that_starts_anew_purges_and_confirms_again(
    auth: Auth, database: Database
) -> None:
    await auth.name(ACME)
    await purge(auth, database)
    await purge(auth, database)
    assert auth.confirmed == [ACME, ACME]


async def test_a_call_that_is_still_writing_is_waited_for(auth: Auth, database: Database) -> None:
    is_inside, may_leave = asyncio.Event(), asyncio.Event()

    async def linger() -> None:
        async with database.tenant_transaction(ACME):
            is_inside.set()
            await may_leave.wait()
            await write(database, ACME, "late")

    lingering = asyncio.create_task(linger())
    await is_inside.wait()
    await auth.name(ACME)
    purging = asyncio.create_task(purge(auth, database))
    await database_is_closed(database)
    assert auth.confirmed == []
    may_leave.set()
    with pytest.raises(TokenInvalid):
        await lingering
    await purging
    assert await count(database, ACME) == 0


async def test_no_call_writes_after_the_purge(auth: Auth, database: Database) -> None:
    await auth.name(ACME)
    await purge(auth, database)
    with pytest.raises(TokenInvalid):
        await write(database, ACME, "too late")
    await write(database, GLOBEX, "in time")
    assert await count(database, ACME) == 0


async def database_is_closed(database: Database) -> None:
    """Returns once a new transaction of the tenant is refused."""

    async def is_closed() -> bool:
        try:
            async with database._closed_tenants.visit(ACME):
                return False
        except TokenInvalid:
            return True

    async with asyncio.timeout(SECONDS):
        while not await is_closed():  # noqa: ASYNC110 - nobody tells of it
            await asyncio.sleep(0.001)


def test_referring_tables_come_first() -> None:
    assert [table.name for table in tables_of_tenants(notes.metadata)] == ["notes"]
