"""A service refuses a PostgreSQL that would not keep tenants apart, and says what to mend."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.mesh.database import Database
from services.mesh.database_address import DatabaseAddress, DatabaseUnsafe
from tests.mesh.notes import ACME, write
from tests.support.databases import OWNER, SYSTEM, TENANTS, PostgresqlServer, database_of
from tests.support.unguarded import unguarded


@pytest.fixture
async def address(postgresql_url: DatabaseAddress, migrations: Path) -> DatabaseAddress:
    """Of a database that is in order."""
    await start(postgresql_url, migrations)
    return postgresql_url


async def start(address: DatabaseAddress, migrations: Path) -> None:
    database = Database(address)
    try:
        await database.migrate(migrations)
    finally:
        await database.close()


@contextmanager
def broken(
    server: PostgresqlServer, address: DatabaseAddress, statement: str, mend: str = ""
) -> Iterator[None]:
    """Roles belong to the whole server, so what is done to them is undone."""
    server.execute(statement, database=database_of(address))
    try:
        yield
    finally:
        if mend:
            server.execute(mend, database=database_of(address))


@pytest.mark.parametrize(
    "fault",
    [
        (
            f"ALTER ROLE {TENANTS} SUPERUSER",
            f"ALTER ROLE {TENANTS} NOSUPERUSER",
            f"role {TENANTS} is a superuser: ALTER ROLE {TENANTS} NOSUPERUSER",
        ),
        (
            f"ALTER ROLE {TENANTS} BYPASSRLS",
            f"ALTER ROLE {TENANTS} NOBYPASSRLS",
            f"role {TENANTS} passes row security: ALTER ROLE {TENANTS} NOBYPASSRLS",
        ),
        (
            f"ALTER ROLE {SYSTEM} BYPASSRLS",
            f"ALTER ROLE {SYSTEM} NOBYPASSRLS",
            f"role {SYSTEM} passes row security: ALTER ROLE {SYSTEM} NOBYPASSRLS",
        ),
        (
            f"ALTER ROLE {TENANTS} CREATEROLE",
            f"ALTER ROLE {TENANTS} NOCREATEROLE",
            f"role {TENANTS} makes roles: ALTER ROLE {TENANTS} NOCREATEROLE",
        ),
        (
            f"GRANT {SYSTEM} TO {TENANTS}",
            f"REVOKE {SYSTEM} FROM {TENANTS}",
            f"role {TENANTS} can become role {SYSTEM}: REVOKE {SYSTEM} FROM {TENANTS}",
        ),
        (
            f"GRANT {OWNER} TO {TENANTS}",
            f"REVOKE {OWNER} FROM {TENANTS}",
            f"role {TENANTS} owns table notes: give all tables to the owner's role",
        ),
        (
            f"GRANT postgres TO {TENANTS}",
            f"REVOKE postgres FROM {TENANTS}",
            f"role {TENANTS} is a member of postgres, which is a superuser: "
            f"REVOKE postgres FROM {TENANTS}",
        ),
        (
            f"ALTER TABLE notes OWNER TO {TENANTS}",
            "",
            f"role {TENANTS} owns table notes: give all tables to the owner's role",
        ),
        (
            f"GRANT CREATE ON SCHEMA public TO {TENANTS}",
            "",
            f"role {TENANTS} may create tables: REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        ),
        (
            "GRANT CREATE ON SCHEMA public TO PUBLIC",
            "",
            f"role {TENANTS} may create tables: REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        ),
        (
            "ALTER TABLE notes DISABLE ROW LEVEL SECURITY",
            "",
            "table notes lacks its row security: start once with HELPDESK_TEST_DATABASE_OWNER_URL",
        ),
        ("ALTER TABLE notes NO FORCE ROW LEVEL SECURITY", "", "table notes lacks its row security"),
        ("DROP POLICY notes_tenant ON notes", "", "table notes lacks its row security"),
        ("CREATE POLICY more ON notes USING (true)", "", "table notes lacks its row security"),
        (
            "ALTER POLICY notes_tenant ON notes WITH CHECK (true)",
            "",
            "table notes lacks its row security",
        ),
        (
            "CREATE TABLE open (tenant_id text PRIMARY KEY)",
            "",
            "table open lacks its row security",
        ),
        (f"GRANT TRUNCATE ON notes TO {TENANTS}", "", f"role {TENANTS} may TRUNCATE table notes"),
        ("GRANT REFERENCES ON notes TO PUBLIC", "", f"role {TENANTS} may REFERENCES table notes"),
        (
            f"REVOKE DELETE ON notes FROM {TENANTS}",
            "",
            f"role {TENANTS} may not DELETE table notes",
        ),
    ],
)
async def test_it_does_not_start(
    address: DatabaseAddress,
    postgresql_server: PostgresqlServer,
    migrations: Path,
    fault: tuple[str, str, str],
) -> None:
    statement, mend, said = fault
    serving = replace(address, owner_url=None)
    with (
        broken(postgresql_server, address, statement, mend),
        pytest.raises(DatabaseUnsafe) as refused,
    ):
        await start(serving, migrations)
    assert said in str(refused.value)


async def test_in_order_it_starts_without_the_owner(
    address: DatabaseAddress, migrations: Path
) -> None:
    """The control of the refusals above."""
    await start(replace(address, owner_url=None), migrations)


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE notes DISABLE ROW LEVEL SECURITY",
        "CREATE POLICY more ON notes USING (true)",
        f"GRANT ALL ON notes TO {TENANTS}, PUBLIC",
        f"REVOKE ALL ON notes FROM {TENANTS}, {SYSTEM}",
        f"REVOKE ALL ON alembic_version FROM {TENANTS}",
    ],
)
async def test_a_start_with_the_owner_mends_tables_and_grants(
    address: DatabaseAddress,
    postgresql_server: PostgresqlServer,
    migrations: Path,
    statement: str,
) -> None:
    with broken(postgresql_server, address, statement):
        await start(address, migrations)
    await start(replace(address, owner_url=None), migrations)


async def test_a_role_for_the_system_must_be_named(
    address: DatabaseAddress, migrations: Path
) -> None:
    with pytest.raises(DatabaseUnsafe, match="set HELPDESK_TEST_DATABASE_SYSTEM_URL"):
        await start(replace(address, system_url=None), migrations)
    with pytest.raises(DatabaseUnsafe, match="name another role in HELPDESK_TEST_DATABASE_SYSTEM"):
        await start(replace(address, owner_url=None, system_url=address.url), migrations)


async def test_without_the_owner_nothing_is_migrated(
    postgresql_url: DatabaseAddress, migrations: Path
) -> None:
    with pytest.raises(DatabaseUnsafe, match="start once with HELPDESK_TEST_DATABASE_OWNER_URL"):
        await start(replace(postgresql_url, owner_url=None), migrations)


@pytest.fixture
async def restricted(address: DatabaseAddress, migrations: Path) -> AsyncIterator[Database]:
    (migrations / "versions" / "0002_restrict.py").write_text(
        """
import sqlalchemy as sa
from alembic import op
from services.mesh.row_security import allow_appending_only, keep_from_tenants

revision = "0002"
down_revision = "0001"

def upgrade() -> None:
    op.create_table("secrets", sa.Column("name", sa.String, primary_key=True))
    keep_from_tenants(op, "secrets")
    allow_appending_only(op, "notes")
"""
    )
    database = Database(address)
    await database.migrate(migrations)
    with unguarded(database):
        yield database
    await database.close()


async def test_a_log_can_be_added_to_and_not_changed(restricted: Database) -> None:
    await write(restricted, ACME, "one")
    for statement in ("UPDATE notes SET name = 'two'", "DELETE FROM notes"):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with restricted.tenant_transaction(ACME) as session:
                await session.execute(text(statement))
    with pytest.raises(DBAPIError, match="permission denied"):
        async with restricted.system_transaction() as session:
            await session.execute(text("UPDATE notes SET name = 'two'"))
    async with restricted.system_transaction() as session:
        await session.execute(text("DELETE FROM notes WHERE tenant_id = 'acme'"))


async def test_what_is_the_systems_is_not_even_read_by_a_tenants_transaction(
    restricted: Database,
) -> None:
    async with restricted.system_reading() as session:
        assert list(await session.scalars(text("SELECT name FROM secrets"))) == []
    with pytest.raises(DBAPIError, match="permission denied"):
        async with restricted.tenant_reading(ACME) as session:
            await session.execute(text("SELECT name FROM secrets"))


def test_an_address_does_not_show_its_passwords(postgresql_url: DatabaseAddress) -> None:
    assert TENANTS not in repr(postgresql_url)
    assert OWNER not in repr(postgresql_url)
