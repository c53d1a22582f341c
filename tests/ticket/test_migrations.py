"""The migrations make the tables that the code believes in."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from services.mesh.database import Database
from services.ticket.tables.tickets import Table
from tests.ticket.conftest import MIGRATIONS


async def test_the_migrated_schema_is_the_one_of_the_tables(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, Table.metadata))

    async with database.system_transaction() as session:
        connection = await session.connection()
        assert await connection.run_sync(differences) == []


async def test_migrating_again_changes_nothing(database: Database) -> None:
    await database.migrate(MIGRATIONS)
