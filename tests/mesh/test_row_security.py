"""PostgreSQL hides other tenants' rows by itself, whatever a tenant's transaction says."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from services.mesh.caller import TenantId
from services.mesh.database import Database
from services.mesh.database_address import DatabaseAddress
from tests.mesh.notes import ACME, GLOBEX, NOON, notes, write
from tests.support.databases import OWNER, SYSTEM, TENANTS, PostgresqlServer, database_of
from tests.support.unguarded import unguarded

EVERYTHING = select(notes.c.name)


@pytest.fixture
async def database(postgresql_url: DatabaseAddress, migrations: Path) -> AsyncIterator[Database]:
    database = Database(postgresql_url)
    await database.migrate(migrations)
    await write(database, GLOBEX, "theirs")
    with unguarded(database):
        yield database
    await database.close()


async def seen(session: AsyncSession) -> list[str]:
    return list(await session.scalars(EVERYTHING))


async def test_a_statement_that_forgot_the_tenant_finds_nothing_of_others(
    database: Database,
) -> None:
    async with database.tenant_reading(ACME) as session:
        assert await seen(session) == []
    async with database.tenant_reading(GLOBEX) as session:
        assert await seen(session) == ["theirs"]


async def test_nothing_is_written_in_anothers_name(database: Database) -> None:
    with pytest.raises(DBAPIError, match="row-level security"):
        async with database.tenant_transaction(ACME) as session:
            await session.execute(insert(notes).values(tenant_id=GLOBEX, name="x", written_at=NOON))


@pytest.mark.parametrize(
    "trick",
    [
        "SELECT set_config('app.system', 'on', true)",
        "SELECT set_config('app.system', 'on', false)",
        "SELECT set_config('app.tenant', '', true)",
        "SELECT set_config('app.tenant', NULL, true)",
        "RESET app.tenant",
        "RESET ALL",
        "RESET ROLE",
        "RESET SESSION AUTHORIZATION",
        "SET LOCAL row_security = on",
        "DISCARD PLANS",
    ],
)
async def test_no_setting_shows_a_tenants_transaction_more(database: Database, trick: str) -> None:
    async with database.tenant_transaction(ACME) as session:
        await session.execute(text("SELECT set_config('app.system', 'on', true)"))
        await session.execute(text(trick))
        assert await seen(session) == []
    # Nor does anything of it stay on the connection for whoever comes next.
    async with database.tenant_reading(ACME) as session:
        assert await seen(session) == []


@pytest.mark.parametrize(
    "trick",
    [
        f"SET LOCAL ROLE {SYSTEM}",
        f"SET LOCAL ROLE {OWNER}",
        f"SET SESSION AUTHORIZATION {SYSTEM}",
        "ALTER TABLE notes DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE notes NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY notes_tenant ON notes",
        "CREATE POLICY mine ON notes USING (true)",
        "CREATE TABLE mine (name text)",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "TRUNCATE notes",
        "UPDATE alembic_version SET version_num = '0'",
        f"ALTER ROLE {TENANTS} BYPASSRLS",
    ],
)
async def test_what_a_tenants_transaction_may_not_do(database: Database, trick: str) -> None:
    with pytest.raises(DBAPIError) as refused:
        async with database.tenant_transaction(ACME) as session:
            await session.execute(text(trick))
    assert isinstance(refused.value.orig, InsufficientPrivilege)


async def test_a_tenants_transaction_cannot_ask_for_no_row_security(database: Database) -> None:
    async def ask() -> list[str]:
        async with database.tenant_transaction(ACME) as session:
            await session.execute(text("SET LOCAL row_security = off"))
            return await seen(session)

    with pytest.raises(DBAPIError, match="row-level security"):
        await ask()


async def test_the_system_sees_all_tenants_and_one_where_it_works_for_one(
    database: Database,
) -> None:
    await write(database, ACME, "ours")
    async with database.system_transaction() as session:
        assert sorted(await seen(session)) == ["ours", "theirs"]
        async with database.tenant_transaction(ACME):
            assert await seen(session) == ["ours"]
        assert sorted(await seen(session)) == ["ours", "theirs"]


async def test_without_the_wall_the_same_question_shows_the_row(
    database: Database, postgresql_url: DatabaseAddress, postgresql_server: PostgresqlServer
) -> None:
    """The control of this file."""
    postgresql_server.execute(
        "ALTER TABLE notes DISABLE ROW LEVEL SECURITY", database=database_of(postgresql_url)
    )
    async with database.tenant_reading(ACME) as session:
        assert await seen(session) == ["theirs"]


async def test_an_old_policy_that_believed_a_setting_is_replaced(
    database: Database,
    postgresql_url: DatabaseAddress,
    postgresql_server: PostgresqlServer,
    migrations: Path,
) -> None:
    rule = (
        "tenant_id = current_setting('app.tenant', true) "
        "OR current_setting('app.system', true) = 'on'"
    )
    name = database_of(postgresql_url)
    postgresql_server.execute("DROP POLICY notes_tenant ON notes", database=name)
    postgresql_server.execute(
        f"CREATE POLICY notes_tenant ON notes USING ({rule}) WITH CHECK ({rule})", database=name
    )

    async def seen_by_trick() -> list[str]:
        async with database.tenant_transaction(TenantId("nobody")) as session:
            await session.execute(text("SELECT set_config('app.system', 'on', true)"))
            return await seen(session)

    assert await seen_by_trick() == ["theirs"]
    await database.migrate(migrations)
    assert await seen_by_trick() == []


async def test_a_table_that_its_migration_left_open_is_walled_by_the_owner(
    database: Database, migrations: Path
) -> None:
    (migrations / "versions" / "0002_add_drafts.py").write_text(
        """
import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

def upgrade() -> None:
    op.create_table(
        "drafts",
        sa.Column("tenant_id", sa.String, primary_key=True),
        sa.Column("name", sa.String, primary_key=True),
    )
    # A migration of data sees all tenants.
    op.execute("INSERT INTO drafts SELECT tenant_id, name FROM notes")
"""
    )
    await database.migrate(migrations)
    for tenant_id, drafts in ((ACME, []), (GLOBEX, ["theirs"])):
        async with database.tenant_reading(tenant_id) as session:
            assert list(await session.scalars(text("SELECT name FROM drafts"))) == drafts
            assert await seen(session) == drafts
