"""A session that also takes prepared statements.

A write of which nothing comes back waits for the next statement, at the latest for the commit, and
goes with it in one trip. Where it fails, that other one does, and with it the transaction. A
question that is foreseen goes with the next one, too.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from services.mesh.prepared import Prepared, PreparedText, Rows, Values
from services.mesh.tenant_guard import TenantGuard


@dataclass(slots=True)
class _Question:
    prepared: Prepared
    values: Values
    answer: Rows | None = None


class Session(AsyncSession):
    """Lasts for one transaction."""

    guard: TenantGuard | None = None
    _driver: Any = None

    @cached_property
    def after_commit(self) -> list[Callable[[], None]]:
        """What is to be done once all that was written is there to stay."""
        return []

    @cached_property
    def _foreseen(self) -> list[_Question]:
        return []

    @cached_property
    def _dialect(self) -> Dialect:
        return self.get_bind().dialect

    async def write(self, prepared: Prepared, *rows: Values) -> None:
        """All rows name the same values, and each is another one."""
        if not rows:
            return
        text = self._text(prepared, *rows)
        driver = self._driver or await self._connect()
        if text.of_many is not None and len(rows) > 1:
            driver.go_ahead(text.of_many, [text.gathered(rows)])
        else:
            driver.go_ahead(text.sql, [text.bound(row) for row in rows])

    def foresee(self, prepared: Prepared, **values: object) -> None:
        """Has it asked before whatever is asked next; `ask` finds the answer there, once.

        Only for what the transaction does not change in between.
        """
        self._foreseen.append(_Question(prepared, values))

    async def ask(self, prepared: Prepared, **values: object) -> Rows:
        for question in self._foreseen:
            if question.prepared is prepared and question.values == values:
                self._foreseen.remove(question)
                break
        else:
            question = _Question(prepared, values)
        if question.answer is None:
            waiting = [each for each in self._foreseen if each.answer is None]
            await self._answer([*waiting, question])
        return question.answer or []

    async def _answer(self, questions: list[_Question]) -> None:
        texts = [self._text(each.prepared, each.values) for each in questions]
        asked = [
            (text.sql, text.bound(each.values)) for text, each in zip(texts, questions, strict=True)
        ]
        driver = self._driver or await self._connect()
        try:
            answers = await driver.ask(asked)
        except driver.dbapi.Error as error:
            # As SQLAlchemy would tell it, and without the values.
            raise DBAPIError.instance(
                "; ".join(text.sql for text in texts),
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
        for each, text, rows in zip(questions, texts, answers, strict=True):
            each.answer = text.found(rows)

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
