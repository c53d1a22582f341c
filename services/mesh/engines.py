"""Engines for SQLite (one writer, several readers) and PostgreSQL (one pool for each role)."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, NullPool, event, make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.pool import ConnectionPoolEntry

from services.mesh.database_address import DatabaseAddress, DatabaseUnsafe
from services.mesh.postgresql.driver import PipeliningDriver
from services.mesh.session import Session
from services.mesh.sqlite import OneTripDriver

_BUSY_SECONDS = 5
_READERS = 4
# A connection that was in use so lately need not be asked whether it is still there.
_SECONDS_TRUSTED = 1.0
# The values of a failed statement may be secrets or personal data, and its error reaches the log.
_ALWAYS: Mapping[str, Any] = {"hide_parameters": True, "query_cache_size": 1000}
_POOL: Mapping[str, Any] = {"pool_timeout": _BUSY_SECONDS}
_POSTGRESQL: Mapping[str, Any] = {**_ALWAYS, "connect_args": {"connect_timeout": _BUSY_SECONDS}}


Sessions = async_sessionmaker[Session]


@dataclass(frozen=True)
class Engines:
    """`system` is the engine of transactions that see all tenants; on SQLite there is one only."""

    file: Path | None
    writer: AsyncEngine
    reader: AsyncEngine
    system: AsyncEngine
    writing: Sessions
    reading: Sessions
    system_writing: Sessions
    system_reading: Sessions

    @property
    def is_postgresql(self) -> bool:
        return self.file is None

    @property
    def guarded(self) -> Sequence[AsyncEngine]:
        """Each engine once; those that differ in their options alone share their events."""
        return (self.writer, self.system) if self.is_postgresql else (self.writer, self.reader)

    async def close(self) -> None:
        for engine in (self.reader, self.writer, self.system):
            await engine.dispose()


def open_engines(address: DatabaseAddress) -> Engines:
    """Raises DatabaseUnsafe for a PostgreSQL without a role of its own for the system."""
    url = make_url(address.url)
    if url.get_backend_name() == "sqlite":
        return _sqlite(url)
    if url.get_backend_name() == "postgresql":
        if address.system_url is None:
            raise DatabaseUnsafe(
                "on PostgreSQL the transactions that see all tenants come as a role of their own: "
                f"set {address.system_setting}"
            )
        return _postgresql(url, make_url(address.system_url))
    raise ValueError(f"a database is sqlite or postgresql, not {url.get_backend_name()}")


def owner_engine(url: str) -> AsyncEngine:
    """For migrations, which need one connection and keep none."""
    return create_async_engine(_with_driver(make_url(url)), poolclass=NullPool, **_POSTGRESQL)


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
    writing, reading = _sessions(writer), _sessions(reader)
    return Engines(
        file=file,
        writer=writer,
        reader=reader,
        system=writer,
        writing=writing,
        reading=reading,
        system_writing=writing,
        system_reading=reading,
    )


def _postgresql(url: URL, system_url: URL) -> Engines:
    driver = PipeliningDriver()
    tenants = create_async_engine(
        _with_driver(url), module=driver, pool_size=10, max_overflow=4, **_POOL, **_POSTGRESQL
    )
    system = create_async_engine(
        _with_driver(system_url), module=driver, pool_size=5, max_overflow=5, **_POOL, **_POSTGRESQL
    )
    for engine in (tenants, system):
        _ask_whether_alive(engine)
    read_only = {"postgresql_readonly": True}
    tenants_reader = tenants.execution_options(**read_only)
    return Engines(
        file=None,
        writer=tenants,
        reader=tenants_reader,
        system=system,
        writing=_sessions(tenants),
        reading=_sessions(tenants_reader),
        system_writing=_sessions(system),
        system_reading=_sessions(system.execution_options(**read_only)),
    )


def _ask_whether_alive(engine: AsyncEngine) -> None:
    """Before a connection is used again; in place of one that is not, a new one is opened."""
    dialect = engine.sync_engine.dialect

    @event.listens_for(engine.sync_engine, "checkin")
    def note(_: object, record: ConnectionPoolEntry) -> None:
        record.info["used_at"] = time.monotonic()

    @event.listens_for(engine.sync_engine, "checkout")
    def ask(connection: Any, record: ConnectionPoolEntry, _: object) -> None:  # noqa: ANN401
        used_at = record.info.get("used_at")
        if used_at is None or time.monotonic() - used_at < _SECONDS_TRUSTED:
            return
        try:
            dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error as error:
            raise DisconnectionError("it is not there any more") from error


def _with_driver(url: URL) -> URL:
    return url.set(drivername="postgresql+psycopg")


def _sessions(engine: AsyncEngine) -> Sessions:
    return async_sessionmaker(engine, class_=Session, expire_on_commit=False)


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
    _driver_connection(connection).go_ahead("BEGIN IMMEDIATE")


def _begin_reading(connection: Connection) -> None:
    _driver_connection(connection).go_ahead("BEGIN")


def _driver_connection(connection: Connection) -> Any:  # noqa: ANN401  our own drivers' class
    return connection.connection.dbapi_connection
