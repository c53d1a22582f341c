"""Tries in plain SQL that names no tenant, as the role that serves tenants: row security alone."""

import asyncio
from dataclasses import dataclass
from random import Random

import psycopg
from psycopg import sql
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import String, Table

from services.mesh.database_address import DatabaseAddress
from services.mesh.row_security import APPEND_ONLY
from tests.contract.schemas import Schema
from tests.security.progress import Progress
from tests.security.store_tries import Tally
from tests.security.tenant_rows import MARK, ROWS, Tenant, tables_of

CONNECTIONS = 8
_AT_ONCE = 100


@dataclass(frozen=True)
class _Target:
    table: Table
    column: str


class RawTries:
    def __init__(
        self, address: DatabaseAddress, schema: Schema, tenants: list[Tenant], random: Random
    ) -> None:
        self._url = address.url.replace("postgresql+psycopg:", "postgresql:")
        self._strangers = [tenant for tenant in tenants if not tenant.is_victim]
        self._victims = [tenant for tenant in tenants if tenant.is_victim]
        self._random = random
        self._targets = [
            _Target(table, column.name)
            for table in tables_of(schema)
            for column in table.primary_key
            # A name may be a text's in one table and a number's in another.
            if column.name in tenants[-1].texts[0] and isinstance(column.type, String)
        ]
        self.tally = Tally()

    async def run(self, tries: int, progress: Progress | None = None) -> Tally:
        await asyncio.gather(
            *(self._ask(tries // CONNECTIONS, progress) for _ in range(CONNECTIONS))
        )
        return self.tally

    async def _ask(self, tries: int, progress: Progress | None) -> None:
        async with await psycopg.AsyncConnection.connect(self._url) as connection:
            for begin in range(0, tries, _AT_ONCE):
                stranger = self._random.choice(self._strangers).tenant_id
                async with connection.transaction():
                    await connection.execute(
                        "SELECT set_config('app.tenant', %s, true), "
                        "set_config('app.system', 'on', true)",
                        (stranger,),
                    )
                    for _ in range(min(_AT_ONCE, tries - begin)):
                        await self._attempt(connection)
                if progress is not None:
                    progress.step(min(_AT_ONCE, tries - begin))

    async def _attempt(self, connection: psycopg.AsyncConnection) -> None:
        target = self._random.choice(self._targets)
        victim = self._random.choice(self._victims)
        wanted = self._random.choice(victim.texts[self._random.randrange(ROWS)][target.column])
        table, column = sql.Identifier(target.table.name), sql.Identifier(target.column)
        chance = self._random.random()
        self.tally.tries += 1
        if chance < 0.9 or target.table.comment == APPEND_ONLY:
            query = sql.SQL("SELECT * FROM {} WHERE {} = %s").format(table, column)
            rows = await (await connection.execute(query, (wanted,))).fetchall()
            if rows:
                self.tally.leak(f"{target.table.name} shows {rows[0]}")
        elif chance < 0.94:
            query = sql.SQL("UPDATE {} SET {} = {} WHERE {} = %s").format(
                table, column, column, column
            )
            await self._change(connection, query, wanted)
        elif chance < 0.98:
            query = sql.SQL("DELETE FROM {} WHERE {} = %s").format(table, column)
            await self._change(connection, query, wanted)
        else:
            await self._give_away(connection, table, victim)

    async def _change(
        self, connection: psycopg.AsyncConnection, query: sql.Composed, wanted: str
    ) -> None:
        told = query.as_string(connection)
        try:
            async with connection.transaction():
                done = await connection.execute(query, (wanted,))
        except psycopg.Error as error:
            # A key or a lock that stands in the way says that the row is there.
            self.tally.leak(f"{type(error).__name__} by {told}")
            return
        if done.rowcount:
            self.tally.leak(f"{done.rowcount} rows changed by {told}")

    async def _give_away(
        self, connection: psycopg.AsyncConnection, table: sql.Identifier, victim: Tenant
    ) -> None:
        """Makes an own row another's."""
        query = sql.SQL("UPDATE {} SET tenant_id = %s").format(table)
        try:
            async with connection.transaction():
                done = await connection.execute(query, (victim.tenant_id,))
        except InsufficientPrivilege:
            self.tally.endings["refused"] += 1
            return
        except psycopg.Error as error:
            self.tally.leak(f"{type(error).__name__} when giving away")
            return
        if done.rowcount and MARK.match(victim.tenant_id):
            self.tally.leak(f"{done.rowcount} rows given away in {table.as_string(connection)}")
