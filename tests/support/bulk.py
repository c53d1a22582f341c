"""Rows by the hundred thousand, into a database that nobody else writes to meanwhile."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from itertools import islice
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Table, make_url
from sqlalchemy.engine import Dialect

from services.mesh.database_address import AnyAddress

ROWS_AT_ONCE = 50_000
# Nothing of what is filled is worth a wait for the disk: it can be filled again.
_IN_HASTE = "PRAGMA synchronous = OFF; PRAGMA cache_size = -400000"

Row = Mapping[str, object]
Progress = Callable[[int], None]


def write_rows(
    address: AnyAddress, table: Table, rows: Iterable[Row], progress: Progress = lambda _: None
) -> None:
    """Each batch is one transaction; `progress` hears how many rows there are after it."""
    if isinstance(address, str):
        _into_sqlite(address, table, rows, progress)
    else:
        assert address.system_url is not None
        _into_postgresql(address.system_url, table, rows, progress)


def tidy_postgresql(address: AnyAddress) -> None:
    """As a server does by itself in the minutes after so many rows came."""
    if isinstance(address, str):
        return
    assert address.owner_url is not None
    with psycopg.connect(_plain(address.owner_url), autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")


def _into_sqlite(url: str, table: Table, rows: Iterable[Row], progress: Progress) -> None:
    names = [column.name for column in table.columns]
    places = ", ".join("?" * len(names))
    insert = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({places})"  # noqa: S608
    with closing(sqlite3.connect(str(make_url(url).database))) as connection:
        connection.executescript(_IN_HASTE)
        for count, batch in _batches(table, rows, make_url(url).get_dialect()()):
            with connection:
                connection.executemany(insert, batch)
            progress(count)


def _into_postgresql(url: str, table: Table, rows: Iterable[Row], progress: Progress) -> None:
    columns = sql.SQL(", ").join(sql.Identifier(column.name) for column in table.columns)
    names = {"table": sql.Identifier(table.name), "columns": columns}
    # No table with row security takes a COPY.
    make = sql.SQL("CREATE TEMP TABLE aside (LIKE {table}) ON COMMIT DROP").format(**names)
    copy = sql.SQL("COPY aside ({columns}) FROM STDIN").format(**names)
    move = sql.SQL("INSERT INTO {table} ({columns}) SELECT {columns} FROM aside").format(**names)
    with psycopg.connect(_plain(url)) as connection:
        for count, batch in _batches(table, rows, make_url(url).get_dialect()()):
            with connection.transaction(), connection.cursor() as cursor:
                cursor.execute(make)
                with cursor.copy(copy) as into:
                    for values in batch:
                        into.write_row(values)
                cursor.execute(move)
            progress(count)


def _plain(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def _batches(
    table: Table, rows: Iterable[Row], dialect: Dialect
) -> Iterator[tuple[int, list[list[Any]]]]:
    """As the columns' own types write them; what a row leaves out is null."""
    columns = [
        (column.name, column.type.dialect_impl(dialect).bind_processor(dialect))
        for column in table.columns
    ]
    left = iter(rows)
    count = 0
    while batch := [
        [write(row.get(name)) if write is not None else row.get(name) for name, write in columns]
        for row in islice(left, ROWS_AT_ONCE)
    ]:
        count += len(batch)
        yield count, batch
