"""SQLite with one trip to the connection's thread for each statement.

The driver makes four: for the cursor, the statement, the rows and the end. Each trip costs more
than a short statement itself, so all four are one here, and there is none to roll back nothing.
"""

import sqlite3
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, cast

import aiosqlite
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_dbapi,
)

_Run = Callable[[sqlite3.Cursor], Any]


class _Finished:
    """What a cursor still knows after its statement has run and its rows were taken."""

    arraysize = 1

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid = 0

    async def run(self, run: _Run) -> list[Any]:
        in_its_thread: Callable[..., Awaitable[list[Any]]] = self._connection._execute
        return await in_its_thread(self._run, run)

    def close(self) -> None:
        """Nothing is open any more."""

    def _run(self, run: _Run) -> list[Any]:
        cursor = self._connection._conn.cursor()
        try:
            run(cursor)
            rows = cursor.fetchall() if cursor.description else []
            self.description = cursor.description
            self.rowcount = cursor.rowcount
            self.lastrowid = cursor.lastrowid or 0
            return rows
        finally:
            cursor.close()


class _Cursor(AsyncAdapt_aiosqlite_cursor):
    __slots__ = ()
    _awaitable_cursor_close = False

    def _make_new_cursor(self, connection: Any) -> Any:  # noqa: ANN401  the base class's own types
        return _Finished(connection)

    def _aenter_cursor(self, cursor: Any) -> Any:  # noqa: ANN401
        return cursor

    async def _execute_async(self, operation: Any, parameters: Any) -> Any:  # noqa: ANN401
        await self._run(lambda cursor: cursor.execute(operation, parameters or ()))

    async def _executemany_async(self, operation: Any, seq_of_parameters: Any) -> Any:  # noqa: ANN401
        await self._run(lambda cursor: cursor.executemany(operation, seq_of_parameters))

    async def _run(self, run: _Run) -> None:
        async with self._adapt_connection._execute_mutex:
            finished = cast("_Finished", self._cursor)
            self._rows = deque(await finished.run(run))


class _Connection(AsyncAdapt_aiosqlite_connection):
    __slots__ = ()
    _cursor_cls = _Cursor

    def rollback(self) -> None:
        # The pool asks for it after each commit, when there is nothing left to take back.
        if self._connection._conn.in_transaction:
            super().rollback()


class OneTripDriver(AsyncAdapt_aiosqlite_dbapi):
    """For `create_async_engine(..., module=OneTripDriver())`."""

    def __init__(self) -> None:
        super().__init__(aiosqlite, sqlite3)

    def connect(self, *args: Any, **kwargs: Any) -> _Connection:  # noqa: ANN401
        connection = super().connect(*args, **kwargs)
        return _Connection(self, connection._connection)
