"""PostgreSQL with one trip for several statements.

Writes of which nothing comes back wait for the next statement and go with it in a pipeline.
"""

from collections.abc import Sequence
from typing import Any, cast

import psycopg
from psycopg.pq import ExecStatus
from sqlalchemy import util
from sqlalchemy.dialects.postgresql.psycopg import (
    AsyncAdapt_psycopg_connection,
    AsyncAdapt_psycopg_cursor,
    PsycopgAdaptDBAPI,
)


class _Cursor(AsyncAdapt_psycopg_cursor):
    __slots__ = ()

    async def _execute_async(self, operation: Any, parameters: Any) -> Any:  # noqa: ANN401
        await cast("_Connection", self._adapt_connection).send()
        return await super()._execute_async(operation, parameters)  # type: ignore[no-untyped-call]

    async def _executemany_async(self, operation: Any, seq_of_parameters: Any) -> Any:  # noqa: ANN401
        await cast("_Connection", self._adapt_connection).send()
        return await super()._executemany_async(operation, seq_of_parameters)  # type: ignore[no-untyped-call]


class _Connection(AsyncAdapt_psycopg_connection):
    __slots__ = ("_ahead",)

    def __init__(self, dbapi: Any, connection: Any) -> None:  # noqa: ANN401  the base class's
        super().__init__(dbapi, connection)
        self._ahead: list[tuple[str, list[Any]]] = []

    def cursor(self, name: Any = None, /) -> AsyncAdapt_psycopg_cursor:  # noqa: ANN401
        if name is not None:
            util.await_(self.send())
            return cast("AsyncAdapt_psycopg_cursor", super().cursor(name))  # type: ignore[no-untyped-call]
        return _Cursor(self)

    def go_ahead(self, operation: str, rows: list[Any]) -> None:
        """The statement goes with the next one."""
        self._ahead.append((operation, rows))

    async def ask(self, questions: Sequence[tuple[str, Any]]) -> list[list[Any]]:
        if not self._ahead and len(questions) == 1:
            asked = [await self._connection.execute(*questions[0])]
        else:
            async with self._connection.pipeline():
                await self._run_ahead()
                asked = [await self._connection.execute(*each) for each in questions]
        return [await each.fetchall() if each.description else [] for each in asked]

    async def send(self) -> None:
        if self._ahead:
            async with self._connection.pipeline():
                await self._run_ahead()

    def commit(self) -> None:
        util.await_(self._commit())

    def rollback(self) -> None:
        self._ahead.clear()
        super().rollback()

    async def _commit(self) -> None:
        if not self._ahead:
            await self._connection.commit()
            return
        async with self._connection.pipeline():
            await self._run_ahead()
            # Where one of them has failed, the server passes over what comes behind it.
            await self._connection.commit()

    async def _run_ahead(self) -> None:
        ahead, self._ahead = self._ahead, []
        cursor = self._connection.cursor()
        for operation, rows in ahead:
            await cursor.executemany(operation, rows)


class PipeliningDriver(PsycopgAdaptDBAPI):
    """For `create_async_engine(..., module=PipeliningDriver())`."""

    def __init__(self) -> None:
        super().__init__(psycopg, ExecStatus)

    def connect(self, *args: Any, **kwargs: Any) -> _Connection:  # noqa: ANN401
        opening = psycopg.AsyncConnection.connect(*args, **kwargs)
        return util.await_(_Connection.create(self, opening))  # type: ignore[arg-type]
