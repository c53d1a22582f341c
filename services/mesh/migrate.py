"""Brings a schema to its newest version, one process at a time, with Alembic only when needed."""

import asyncio
import fcntl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.mesh.database_address import DatabaseAddress, DatabaseUnsafe
from services.mesh.engines import Engines, owner_engine
from services.mesh.postgresql.inspection import inspect_roles
from services.mesh.postgresql.ownership import let_the_owner_see_all, settle

# Any number will do, as long as nobody else takes the same one in this database.
_ADVISORY_LOCK = 7_041_776_201
_SCRIPTS = Path(__file__).parent / "migrations"


async def migrate(engines: Engines, migrations: Path, address: DatabaseAddress) -> None:
    """Runs `upgrade head`; returns at once when the newest version is already applied.

    On PostgreSQL as the owner, where there is one. Raises DatabaseUnsafe when nobody may migrate,
    or when the database would not keep tenants apart.
    """
    if engines.file is not None:
        async with _file_lock(engines.file), engines.writer.begin() as connection:
            if await connection.run_sync(_applied) != newest(migrations):
                await connection.run_sync(_upgrade, migrations)
        return
    if address.owner_url is not None:
        await _migrate_as_owner(engines, migrations, address.owner_url)
    async with engines.writer.connect() as tenants, engines.system.connect() as system:
        await inspect_roles(tenants, system, address)
        applied = await tenants.run_sync(_applied)
        if applied != newest(migrations):
            raise DatabaseUnsafe(
                f"the database's tables are of version {applied or 'none'} and must be of "
                f"{newest(migrations)}: start once with {address.owner_setting}"
            )


async def _migrate_as_owner(engines: Engines, migrations: Path, owner_url: str) -> None:
    tenants, system = await _role_of(engines.writer), await _role_of(engines.system)
    owner = owner_engine(owner_url)
    try:
        async with owner.begin() as connection:
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})"))
            if await connection.run_sync(_applied) != newest(migrations):
                await let_the_owner_see_all(connection)
                await connection.run_sync(_upgrade, migrations)
            await settle(connection, tenants=tenants, system=system)
    finally:
        await owner.dispose()


async def _role_of(engine: AsyncEngine) -> str:
    async with engine.connect() as connection:
        return str(await connection.scalar(text("SELECT current_user")))


def newest(migrations: Path) -> str:
    """The head by the files' names: `0002_add_labels.py` holds revision `0002`."""
    names = sorted(file.stem for file in _versions(migrations).glob("[0-9]*_*.py"))
    if not names:
        raise ValueError(f"no migrations like 0001_create_tables.py in {_versions(migrations)}")
    return names[-1].partition("_")[0]


def _versions(migrations: Path) -> Path:
    return migrations / "versions"


def _applied(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _upgrade(connection: Connection, migrations: Path) -> None:
    # Alembic takes a third of a second to import, which a start with nothing to do can save.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", _escaped(_SCRIPTS))
    config.set_main_option("version_locations", _escaped(_versions(migrations)))
    config.set_main_option("path_separator", "newline")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _escaped(path: Path) -> str:
    return str(path).replace("%", "%%")


@asynccontextmanager
async def _file_lock(database: Path) -> AsyncIterator[None]:
    with database.with_name(f"{database.name}.migrating").open("w") as file:
        await asyncio.to_thread(fcntl.flock, file, fcntl.LOCK_EX)
        yield
