"""A session that also takes prepared statements.

A write of which nothing comes back waits for the next statement, at the latest for the commit, and
goes with it in one trip. Where it fails, that other one does, and with it the transaction.
"""

from functools import cached_property
from typing import Any

from sqlalchemy import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from services.mesh.prepared import Prepared, PreparedText, Rows, Values
from services.mesh.tenant_guard import TenantGuard


class Session(AsyncSession):
    """Lasts for one transaction."""

    guard: TenantGuard | None = None
    _driver: Any = None

    @cached_property
    def _dialect(self) -> Dialect:
        return self.get_bind().dialect

    async def write(self, prepared: Prepared, *rows: Values) -> None:
        """All rows name the same values."""
        if not rows:
            return
        text = self._text(prepared, *rows)
        driver = self._driver or await self._connect()
        driver.go_ahead(text.sql, [text.bound(row) for row in rows])

    async def ask(self, prepared: Prepared, **values: object) -> Rows:
        text = self._text(prepared, values)
        driver = self._driver or await self._connect()
        try:
            rows: Rows = await driver.ask(text.sql, text.bound(values))
        except driver.dbapi.Error as error:
            # As SQLAlchemy would tell it, and without the values.
            raise DBAPIError.instance(
                text.sql,
                None,
                error,
                driver.dbapi.Error,
                hide_parameters=True,
                dialect=self._dialect,
            ) from error
        except BaseException:
            # Nobody knows what the connection is about to say, so nobody else may have it.
            await (await self.connection()).invalidate()
            raise
        return text.found(rows)

    def _text(self, prepared: Prepared, *rows: Values) -> PreparedText:
        text = prepared.text(self._dialect, rows[0])
        if self.guard is not None:
            self.guard.require(text.demands, rows, text.sql)
        return text

    async def _connect(self) -> Any:  # noqa: ANN401  a class of either driver's
        connection = (await self.connection()).sync_connection
        if connection is None:
            raise RuntimeError("a connection that was not begun")
        self._driver = connection.connection.dbapi_connection
        return self._driver
