"""Engines for SQLite (one writer, several readers) and PostgreSQL (one pool)."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, event, make_url
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)

from services.mesh.sqlite import OneTripDriver

_BUSY_SECONDS = 5
_READERS = 4
# The values of a failed statement may be secrets or personal data, and its error reaches the log.
_ALWAYS: Mapping[str, Any] = {"hide_parameters": True, "query_cache_size": 1000}


@dataclass(frozen=True)
class Engines:
    is_postgresql: bool
    file: Path | None
    writer: AsyncEngine
    reader: AsyncEngine
    writing: async_sessionmaker[AsyncSession]
    reading: async_sessionmaker[AsyncSession]

    async def close(self) -> None:
        await self.reader.dispose()
        await self.writer.dispose()


def open_engines(address: str) -> Engines:
    url = make_url(address)
    if url.get_backend_name() == "sqlite":
        return _sqlite(url)
    if url.get_backend_name() == "postgresql":
        return _postgresql(url)
    raise ValueError(f"a database is sqlite or postgresql, not {url.get_backend_name()}")


def _sqlite(url: URL) -> Engines:
    if not url.database or url.database == ":memory:":
        raise ValueError("an SQLite database needs a file")
    file = Path(url.database)
    file.parent.mkdir(parents=True, exist_ok=True)
    url = url.set(drivername="sqlite+aiosqlite")
    driver = OneTripDriver()
    # SQLite has one writer at a time. Queueing for one connection is fair, polling for a lock not.
    writer = create_async_engine(
        url, module=driver, pool_size=1, max_overflow=0, pool_timeout=_BUSY_SECONDS, **_ALWAYS
    )
    reader = create_async_engine(
        url,
        module=driver,
        pool_size=_READERS,
        max_overflow=0,
        pool_timeout=_BUSY_SECONDS,
        **_ALWAYS,
    )
    event.listen(writer.sync_engine, "connect", _prepare_writer)
    event.listen(reader.sync_engine, "connect", _prepare_reader)
    event.listen(writer.sync_engine, "begin", _begin_writing)
    event.listen(reader.sync_engine, "begin", _begin_reading)
    return _engines(writer, reader, file)


def _postgresql(url: URL) -> Engines:
    writer = create_async_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_size=10,
        max_overflow=10,
        pool_timeout=_BUSY_SECONDS,
        pool_pre_ping=True,
        **_ALWAYS,
        connect_args={"connect_timeout": _BUSY_SECONDS},
    )
    reader = writer.execution_options(postgresql_readonly=True)
    return _engines(writer, reader, None)


def _engines(writer: AsyncEngine, reader: AsyncEngine, file: Path | None) -> Engines:
    return Engines(
        is_postgresql=file is None,
        file=file,
        writer=writer,
        reader=reader,
        writing=async_sessionmaker(writer, expire_on_commit=False),
        reading=async_sessionmaker(reader, expire_on_commit=False),
    )


def _prepare_writer(connection: Any, _: object) -> None:  # noqa: ANN401 - any DB-API driver
    _pragmas(
        connection,
        f"busy_timeout = {_BUSY_SECONDS * 1000}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
    )


def _prepare_reader(connection: Any, _: object) -> None:  # noqa: ANN401 - any DB-API driver
    _pragmas(
        connection,
        f"busy_timeout = {_BUSY_SECONDS * 1000}",
        "journal_mode = WAL",
        "query_only = ON",
    )


def _pragmas(connection: Any, *pragmas: str) -> None:  # noqa: ANN401 - any DB-API driver
    # The driver would begin transactions by itself, and late; the "begin" events below do it.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in pragmas:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_writing(connection: Connection) -> None:
    # Taking the write lock at once: a transaction that reads first and writes later could find
    # that its snapshot is old, and SQLite refuses that without waiting.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_reading(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")
