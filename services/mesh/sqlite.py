"""SQLite with one trip to the connection's thread for each statement, or for several.

The driver makes four: for the cursor, the statement, the rows and the end. Each trip costs more
than a short statement itself, so all four are one here, and there is none to roll back nothing.
The beginning of a transaction and writes of which nothing comes back go with the next statement.

Between its beginning, which may wait for another process, and its commit, which waits for the disk,
a writing transaction holds up all others. What is asked there is answered without any trip.
"""

import sqlite3
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

import aiosqlite
from sqlalchemy import util
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_dbapi,
)

_Run = Callable[[sqlite3.Cursor], Any]
# A text and the values of its rows; None where it takes no values.
_Ahead = list[tuple[str, list[Any] | None]]
_Questions = Sequence[tuple[str, Any]]
# More than these would hold up everything else in the process for too long.
_MOST_ROWS_AT_ONCE = 500
_MOST_IN_A_ROW = 20


class _Finished:
    """What a cursor still knows after its statement has run and its rows were taken."""

    arraysize = 1

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection
        self.ahead: _Ahead = []
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
            _run_ahead(cursor, self.ahead)
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
            finished.ahead = cast("_Connection", self._adapt_connection).take_ahead()
            self._rows = deque(await finished.run(run))


class _Connection(AsyncAdapt_aiosqlite_connection):
    __slots__ = ("_ahead", "_in_a_row")
    _cursor_cls = _Cursor

    def __init__(self, dbapi: Any, connection: Any) -> None:  # noqa: ANN401  the base class's
        super().__init__(dbapi, connection)
        self._ahead: _Ahead = []
        self._in_a_row = 0

    def go_ahead(self, operation: str, rows: list[Any] | None = None) -> None:
        """The statement goes with the next one."""
        self._ahead.append((operation, rows))

    def take_ahead(self) -> _Ahead:
        ahead, self._ahead = self._ahead, []
        return ahead

    async def ask(self, questions: _Questions) -> list[list[Any]]:
        connection = cast("aiosqlite.Connection", self._connection)
        async with self._execute_mutex:
            ahead = self.take_ahead()
            self._in_a_row += 1
            is_short = self._in_a_row < _MOST_IN_A_ROW and _is_short(ahead)
            if is_short and connection._conn.in_transaction:
                return _answers(connection._conn, ahead, questions)
            self._in_a_row = 0
            in_its_thread: Callable[..., Awaitable[list[list[Any]]]] = connection._execute
            return await in_its_thread(_answers, connection._conn, ahead, questions)

    def _finished(self, ahead: _Ahead) -> _Finished:
        finished = _Finished(cast("aiosqlite.Connection", self._connection))
        finished.ahead = ahead
        return finished

    def commit(self) -> None:
        ahead = self.take_ahead()
        if not ahead:
            super().commit()
        # Otherwise all that would be there to commit is the beginning.
        elif any(rows is not None for _, rows in ahead):
            finished = self._finished(ahead)
            util.await_(finished.run(lambda cursor: cursor.connection.commit()))

    def rollback(self) -> None:
        self._ahead.clear()
        # The pool asks for it after each commit, when there is nothing left to take back.
        if self._connection._conn.in_transaction:
            super().rollback()


def _is_short(ahead: _Ahead) -> bool:
    return sum(len(rows or ()) for _, rows in ahead) <= _MOST_ROWS_AT_ONCE


def _answers(
    connection: sqlite3.Connection, ahead: _Ahead, questions: _Questions
) -> list[list[Any]]:
    cursor = connection.cursor()
    try:
        _run_ahead(cursor, ahead)
        return [cursor.execute(*question).fetchall() for question in questions]
    finally:
        cursor.close()


def _run_ahead(cursor: sqlite3.Cursor, ahead: _Ahead) -> None:
    for operation, rows in ahead:
        if rows is None:
            cursor.execute(operation)
        else:
            cursor.executemany(operation, rows)


class OneTripDriver(AsyncAdapt_aiosqlite_dbapi):
    """For `create_async_engine(..., module=OneTripDriver())`."""

    def __init__(self) -> None:
        super().__init__(aiosqlite, sqlite3)

    def connect(self, *args: Any, **kwargs: Any) -> _Connection:  # noqa: ANN401
        connection = super().connect(*args, **kwargs)
        return _Connection(self, connection._connection)
