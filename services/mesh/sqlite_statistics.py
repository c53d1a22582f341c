"""What SQLite knows of its tables: how many rows an index has for each value, on average.

Without it the planner goes through a large table in its order to find the few rows that are wanted.
A sample would not do: it looks at the first rows of an index, and those are all of one tenant.
"""

from typing import Any

from sqlalchemy import CursorResult
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.mesh.tenant_guard import UNGUARDED

# The whole table is read, which holds up writers; so it is read again only when it has doubled.
FEWEST_ROWS = 1_000
_GROWTH = 2
_KNOWN = "SELECT 1 FROM sqlite_master WHERE name = 'sqlite_stat1'"
_ANALYSED = "SELECT max(CAST(stat AS INTEGER)) FROM sqlite_stat1 WHERE tbl = ?"


async def analyse_if_grown(engine: AsyncEngine, table: str) -> bool:
    """Whether there was reason to. `table` is a name of ours, never somebody's text."""
    async with engine.connect() as connection:
        rows = await _scalar(connection, f'SELECT count(*) FROM "{table}"')  # noqa: S608
        known = await _scalar(connection, _KNOWN)
        analysed = await _scalar(connection, _ANALYSED, table) if known else 0
    if rows < max(FEWEST_ROWS, _GROWTH * analysed):
        return False
    async with engine.begin() as connection:
        await _run(connection, f'ANALYZE "{table}"')
    return True


async def _scalar(connection: AsyncConnection, statement: str, *values: str) -> int:
    found = await _run(connection, statement, *values)
    return found.scalar() or 0


async def _run(connection: AsyncConnection, statement: str, *values: str) -> CursorResult[Any]:
    return await connection.exec_driver_sql(statement, values, execution_options={UNGUARDED: True})
