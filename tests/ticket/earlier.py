"""Databases as they were before a migration."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from sqlalchemy import Connection, Table, insert, inspect
from sqlalchemy.ext.asyncio import AsyncSession

from tests.ticket.conftest import MIGRATIONS


def migrations_until(revision: str, folder: Path) -> Path:
    """Copies the migrations up to this one, and says where they are."""
    versions = folder / "migrations" / "versions"
    versions.mkdir(parents=True)
    for file in (MIGRATIONS / "versions").glob("[0-9]*.py"):
        if file.name[: len(revision)] <= revision:
            shutil.copy(file, versions)
    return versions.parent


async def keep_as_then(
    session: AsyncSession, table: Table, rows: Sequence[Mapping[str, object]]
) -> None:
    """Leaves out the columns that the table did not have yet."""

    def columns(connection: Connection) -> set[str]:
        return {column["name"] for column in inspect(connection).get_columns(table.name)}

    names = await (await session.connection()).run_sync(columns)
    known = [{name: row[name] for name in row if name in names} for row in rows]
    await session.execute(insert(table), known)
